#!/usr/bin/python3
"""Draws what `fleetmeterctl outcomes capability --output json` says, as SVG on standard output.

    fleetmeterctl outcomes capability ... --output json | dashboards/draw_capability.py > plot.svg

Above: the capability index of each model by quarter; below: what an H100e-hour of training brought
the frontier, by quarter, on a logarithmic scale. A quarter without a figure has no bar.
"""

import json
import math
import sys

WIDTH, LEFT, RIGHT = 900, 70, 20
TOP_PLOT = (50, 260)  # from, to, in pixels
BOTTOM_PLOT = (330, 540)
INK, GREY, DOT, BAR, MARK = "#222222", "#bbbbbb", "#2a6fbb", "#d08a2e", "#b03030"


def text(x, y, words, size=12, anchor="start", color=INK):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{color}">{words}</text>')


def line(x1, y1, x2, y2, color=GREY):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{color}" stroke-width="1"/>')


class Axis:
    """Quarters from left to right."""

    def __init__(self, quarters):
        self.at = {name: i for i, name in enumerate(quarters)}
        self.step = (WIDTH - LEFT - RIGHT) / max(1, len(quarters))

    def x(self, quarter):
        return LEFT + (self.at[quarter] + 0.5) * self.step


def draw_models(report, axis):
    top, bottom = TOP_PLOT
    out = [text(LEFT, top - 15, f"Capability index of models, suite {report['suite']}", 14)]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        y = bottom - tick * (bottom - top)
        out += [line(LEFT, y, WIDTH - RIGHT, y), text(LEFT - 8, y + 4, f"{tick:g}", 11, "end")]
    for model in report["models"]:
        index = model["capability_index"]
        if index is None or model["quarter"] not in axis.at:
            continue
        y = bottom - index * (bottom - top)
        title = f"{model['model']}: {index:.3f} on {', '.join(model['rests_on'])}"
        title = title.replace("&", "&amp;").replace("<", "&lt;")
        out.append(f'<circle cx="{axis.x(model["quarter"]):.1f}" cy="{y:.1f}" r="4" fill="{DOT}" '
                   f'fill-opacity="0.6"><title>{title}</title></circle>')
    return out


def draw_quarters(report, axis):
    top, bottom = BOTTOM_PLOT
    known = [q for q in report["quarters"] if (q["gain_per_h100e_hour"] or 0) > 0]
    out = [text(LEFT, top - 15, "Frontier gain per H100e-hour of training, by quarter", 14)]
    if known:
        values = [math.log10(q["gain_per_h100e_hour"]) for q in known]
        low, high = math.floor(min(values)), math.ceil(max(values) + 1e-9)
        scale = (bottom - top) / max(1, high - low)
        for power in range(low, high + 1):
            y = bottom - (power - low) * scale
            out += [line(LEFT, y, WIDTH - RIGHT, y), text(LEFT - 8, y + 4, f"1e{power}", 11, "end")]
        for quarter, value in zip(known, values):
            height = max(1.0, (value - low) * scale)
            x = axis.x(quarter["quarter"]) - axis.step * 0.35
            out.append(f'<rect x="{x:.1f}" y="{bottom - height:.1f}" width="{axis.step * 0.7:.1f}" '
                       f'height="{height:.1f}" fill="{BAR}"/>')
    for quarter in report["quarters"]:
        x = axis.x(quarter["quarter"])
        out.append(f'<text x="{x:.1f}" y="{bottom + 14}" font-size="10" text-anchor="end" '
                   f'fill="{INK}" transform="rotate(-60 {x:.1f} {bottom + 14})">'
                   f'{quarter["quarter"]}</text>')
        if quarter["saturated"]:
            out.append(text(x, top - 2, str(len(quarter["saturated"])), 10, "middle", MARK))
    out.append(text(WIDTH - RIGHT, top - 15,
                    "red: how many benchmarks were saturated and left out", 11, "end", MARK))
    return out


def main():
    report = json.load(sys.stdin)
    quarters = [q["quarter"] for q in report["quarters"]]
    if not quarters:
        sys.exit("draw_capability.py: the report has no quarters; expected at least one")
    axis = Axis(quarters)
    body = draw_models(report, axis) + draw_quarters(report, axis)
    words = f"{report['verdict'].replace('_', ' ')}: {report['why']}".split(": ")
    for i, part in enumerate(words):
        body.append(text(LEFT, BOTTOM_PLOT[1] + 60 + 14 * i, part, 11))
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 650" '
          f'font-family="sans-serif">\n<rect width="{WIDTH}" height="650" fill="white"/>')
    print("\n".join(body))
    print("</svg>")


if __name__ == "__main__":
    main()
