#!/usr/bin/python3
"""Prints how long sources and functions are, and names those that are too long.

    measure_sizes.py [ROOT] [--longest N]    exit code 1 if a source is past 400 lines

Sources are the C++, TypeScript, Python, shell and jsonnet files of the checkout. A function of C++ is
found by its form, which clang-format keeps: it begins with a line that ends with ") {" or the like at
an indentation of 0 or 2, and ends with a brace there. Its length is the lines of its body.
"""
import argparse
import ast
import pathlib
import re
import statistics
import subprocess
import sys

LONGEST_SOURCE = 400
SOURCES = (".cc", ".h", ".ts", ".tsx", ".py", ".sh", ".libsonnet", ".jsonnet")
NO_FUNCTION = re.compile(r"\s*(?:if|for|while|switch|do|else|namespace|class|struct|enum|union|extern|"
                         r"return|case|\}|//)\b|\s*[}#]")
BEGIN = re.compile(r"^(?:  )?(?! ).*[)\w>] (?:const )?(?:noexcept )?(?:override )?(?:final )?\{$")
GOES_ON = re.compile(r"^(?:    )+\S.*\) (?:const )?(?:override )?(?:final )?\{$")


def sources(root):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=root, check=True, capture_output=True, text=True).stdout
    return [root / name for name in listed.splitlines()
            if name.endswith(SOURCES) and (root / name).is_file()]


def cpp_functions(lines):
    """(first line, length of the body) of each function."""
    at = 0
    while at < len(lines):
        line = lines[at]
        indent = len(line) - len(line.lstrip(" "))
        begins = indent in (0, 2) and BEGIN.match(line) and "(" in line
        if not begins or NO_FUNCTION.match(line):
            at += 1
            continue
        end = at + 1
        while end < len(lines) and not lines[end].startswith(" " * indent + "}"):
            end += 1
        yield at + 1, end - at - 1
        at = end + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.body[0].lineno + 1


def functions(path, text):
    if path.suffix in (".cc", ".h"):
        # A signature over several lines is one line here, its last.
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if GOES_ON.match(line) and number and not lines[number - 1].rstrip().endswith((";", "{")):
                back = number
                while back and lines[back].startswith("    "):
                    back -= 1
                start = lines[back]
                head = start.rstrip().endswith(("(", ",")) and not NO_FUNCTION.match(start)
                if head and len(start) - len(start.lstrip(" ")) in (0, 2):
                    indent = start[:len(start) - len(start.lstrip(" "))]
                    lines[number] = indent + start.strip() + ") {"
                    for between in range(back, number):
                        lines[between] = ""
        return list(cpp_functions(lines))
    return list(python_functions(text)) if path.suffix == ".py" else []


def show(what, lengths):
    ordered = sorted(lengths)
    print(f"{what}: {len(ordered)}, median {statistics.median(ordered):g} lines, "
          f"90% at most {ordered[len(ordered) * 9 // 10]}, longest {ordered[-1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=".", type=pathlib.Path)
    parser.add_argument("--longest", type=int, default=10)
    args = parser.parse_args()
    sizes, bodies = {}, []
    for path in sources(args.root):
        text = path.read_text(errors="replace")
        sizes[path] = text.count("\n")
        bodies += [(length, f"{path.relative_to(args.root)}:{line}")
                   for line, length in functions(path, text)]
    show("sources", sizes.values())
    show("functions", [length for length, _ in bodies])
    for length, place in sorted(bodies, reverse=True)[:args.longest]:
        print(f"  {length} lines: {place}")
    too_long = {path: lines for path, lines in sizes.items() if lines > LONGEST_SOURCE}
    for path, lines in sorted(too_long.items()):
        print(f"{path.relative_to(args.root)}: {lines} lines; expected at most {LONGEST_SOURCE}")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
