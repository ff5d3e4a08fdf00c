"""Just enough PromQL to lint: which series an expression names, with which labels, under which calls.

promtool parses the expressions; this only reads expressions that promtool accepts.
"""

import re

KEYWORDS = {
    "and", "or", "unless", "bool", "by", "without", "on", "ignoring", "group_left", "group_right", "offset",
    "inf", "nan", "atan2",
}
TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      |(?P<duration>\d+(?:ms|[smhdwy])(?![\w]))
      |(?P<number>\d+\.?\d*(?:e[+-]?\d+)?)
      |(?P<name>[$]?[a-zA-Z_:][\w:]*)
      |(?P<mark>[^\s])""",
    re.VERBOSE | re.IGNORECASE,
)
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def seconds(duration):
    number, unit = re.fullmatch(r"(\d+)(ms|[smhdwy])", duration).groups()
    return int(number) * UNITS[unit]


def tokens(expr):
    return [(m.lastgroup, m.group()) for m in TOKEN.finditer(expr)]


class Series:
    """One vector selector: its name, the labels in its matchers and the call right around it."""

    def __init__(self, name, labels, call):
        self.name, self.labels, self.call = name, labels, call


def parse(expr):
    """Returns (series, grouping labels, aggregations, window seconds) of an expression."""
    series, grouping, calls, windows = [], set(), [], []
    toks = tokens(expr)
    stack = []  # the call, or "", of each open parenthesis
    i = 0
    while i < len(toks):
        kind, text = toks[i]
        following = toks[i + 1][1] if i + 1 < len(toks) else ""
        if kind == "name" and text.lower() in KEYWORDS:
            if following == "(" and text.lower() not in ("and", "or", "unless", "bool"):
                end = toks.index(("mark", ")"), i)
                grouping |= {t for k, t in toks[i + 2 : end] if k == "name"}
                i = end
        elif kind == "name" and following == "(":
            calls.append(text)
            stack.append(text)
            i += 1
        elif kind == "name" and re.match(r"(by|without)$", following, re.I):
            calls.append(text)  # sum by (...) (...): the parenthesis of its argument follows the labels
            end = toks.index(("mark", ")"), i)
            grouping |= {t for k, t in toks[i + 3 : end] if k == "name"}
            stack.append(text)
            i = end + 1
        elif kind == "name" and not text.startswith("$"):
            labels = set()
            if following == "{":
                end = toks.index(("mark", "}"), i)
                inside = toks[i + 2 : end]
                labels = {t for j, (k, t) in enumerate(inside) if k == "name" and (j == 0 or inside[j - 1][1] == ",")}
                i = end
            series.append(Series(text, labels, stack[-1] if stack else ""))
        elif text == "[":
            end = toks.index(("mark", "]"), i)
            windows += [t for k, t in toks[i + 1 : end]][:1]
            i = end
        elif text == "(":
            stack.append("")
        elif text == ")" and stack:
            call = stack.pop()
            if call == "predict_linear" and toks[i - 1][0] == "number":
                windows.append(toks[i - 1][1] + "s")
        i += 1
    return series, grouping, calls, windows
