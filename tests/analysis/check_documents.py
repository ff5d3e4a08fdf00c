#!/usr/bin/python3
"""Checks the documents: what they point at is there, and they can be read.

    check_documents.py [ROOT]     prints each finding with its file and line; exit code 0 if there is none
    check_documents.py --self-test

Checked of every *.md:
  - no line is longer than 100 columns, but for tables, code and URLs
  - the target of every relative link is there, and so is the heading that it names
  - every path in backticks that begins with a folder of this repository is there
  - every file name in backticks belongs to some file of this repository
And every room has a README.md with a line "May include:".
"""
import pathlib
import re
import subprocess
import sys
import tempfile

LONGEST = 100
# Written by deploy/write_references.sh.
GENERATED = ("dashboards/METRICS.md", "dashboards/REASONS.md")
# Folders whose folders are rooms, and folders that are rooms themselves.
HOLD_ROOMS = ("daemon", "collectors")
ROOMS = ("collectors", "tests/unit", "tests/product", "tests/support", "tests/fuzz", "tests/bench")
NO_ROOMS = ("build", "gen")
# Files that people or programs make.
MADE = ("plan.yaml", "fleet.csv", "ledger.db")
SUFFIXES = "h|cc|cmake|libsonnet|jsonnet|list|md|proto|py|sh|supp|svg|txt|yaml|yml"
FILE_NAME = re.compile(rf"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*\.(?:{SUFFIXES})")


class Repository:
    """The files and folders of a checkout."""

    def __init__(self, root):
        self.root = root
        self.files = list_files(root)
        self.paths = set(self.files)
        for name in self.files:
            self.paths.update(p.as_posix() for p in pathlib.PurePosixPath(name).parents)
        self.tops = {name.split("/")[0] for name in self.files if "/" in name}

    def has(self, path):
        """Whether a file or folder is there; `path` may hold the wildcard *."""
        path = path.rstrip("/")
        if path in self.paths:
            return True
        pattern = re.compile(re.escape(path).replace(r"\*", "[^/]*"))
        return "*" in path and any(pattern.fullmatch(known) for known in self.paths)

    def has_file_like(self, name):
        """Whether some file's path ends with `name`, at a boundary of folders."""
        return any(file == name or file.endswith("/" + name) for file in self.files)


def list_files(root):
    """Paths of what is in the checkout, as git has it where there is one."""
    done = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root,
                          capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [name for name in done.stdout.splitlines() if (root / name).exists()]
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return [name for name in found if name.split("/")[0] not in ("build", ".git")]


def prose(text):
    """(number, line) of each line outside of fenced code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(text):
    """What links to headings call them, as GitHub does."""
    found = set()
    for _, line in prose(text):
        if heading := re.match(r"#+ (.*)", line):
            plain = re.sub(r"[^\w\- ]", "", heading.group(1).strip().lower())
            found.add(plain.replace(" ", "-"))
    return found


def check_length(name, text):
    if name in GENERATED:
        return
    for number, line in prose(text):
        without_urls = re.sub(r"https?://\S+", "", line)
        if len(without_urls) > LONGEST and not line.lstrip().startswith("|"):
            yield f"{name}:{number}: {len(line)} columns; expected at most {LONGEST}"


def check_links(repository, name, text):
    folder = pathlib.PurePosixPath(name).parent
    for number, line in prose(text):
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            linked = (repository.root / folder / path).resolve() if path else repository.root / name
            if not linked.exists():
                yield f"{name}:{number}: links to {target}, which is not there"
            elif anchor and anchor not in anchors(linked.read_text(encoding="utf-8")):
                yield f"{name}:{number}: links to {target}, and there is no such heading"


def check_names(repository, name, text):
    """Of what stands in backticks: what looks like a path or a file of ours."""
    folder = pathlib.PurePosixPath(name).parent
    for number, line in prose(text):
        for word in re.findall(r"`([^`\s]+)`", line):
            word = word.split("#")[0].rstrip(".,:")
            if word.split("/")[0] in repository.tops and "/" in word:
                known = repository.has(word) or repository.has((folder / word).as_posix())
                if not known and not re.search(r"[<>{}$]|(^|/)[A-Z]+(/|$)", word):
                    yield f"{name}:{number}: names {word}, which is not there"
            elif FILE_NAME.fullmatch(word) and word not in MADE and not repository.has_file_like(word):
                yield f"{name}:{number}: names the file {word}, which is not there"


def check_rooms(repository):
    rooms = set(ROOMS)
    for name in repository.files:
        parts = name.split("/")
        if parts[0] in HOLD_ROOMS and len(parts) > 2 and parts[1] not in NO_ROOMS:
            rooms.add("/".join(parts[:2]))
    for room in sorted(rooms):
        readme = repository.root / room / "README.md"
        if not readme.exists():
            yield f"{room}: has no README.md"
        elif not re.search(r"^May include: .+", readme.read_text(encoding="utf-8"), re.MULTILINE):
            yield f"{room}/README.md: has no line that begins with 'May include:'"


def check(root):
    """Everything that is wrong, a line each."""
    repository = Repository(root)
    wrong = list(check_rooms(repository))
    for name in repository.files:
        if name.endswith(".md"):
            text = (root / name).read_text(encoding="utf-8")
            wrong += check_length(name, text)
            wrong += check_links(repository, name, text)
            wrong += check_names(repository, name, text)
    return wrong


def self_test():
    """What is wrong is found, and what is right is not."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)

        def write(name, text):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")

        for room in ROOMS:
            write(f"{room}/README.md", "May include: nothing.\n")
        write("daemon/a/README.md", "# A room\n\nMay include: nothing.\n")
        write("daemon/a/x.cc", "")
        write("README.md", "[a](daemon/a/README.md#a-room) `daemon/a/x.cc` `x.cc` `daemon/*/x.cc`\n"
              f"https://example.org/{'x' * LONGEST}\n| {'x' * LONGEST} |\n```\n{'x' * 101}\n```\n")
        assert check(root) == [], check(root)
        for text in ("x" * (LONGEST + 1), "[a](daemon/b)", "[a](daemon/a/README.md#b)",
                     "`daemon/a/y.cc`", "`y.cc`", "`tests/unit/*/x.cc`"):
            write("README.md", text + "\n")
            assert len(check(root)) == 1, (text, check(root))
        write("README.md", "")
        write("daemon/b/x.cc", "")
        write("daemon/a/README.md", "# A room\n")
        assert len(check(root)) == 2, check(root)


def main():
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return 0
    root = pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).resolve().parents[2]
    wrong = check(root)
    print("\n".join(wrong) or "the documents are in order")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
