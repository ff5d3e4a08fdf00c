#!/usr/bin/python3
"""Holds every #include of our own code against the floor plan.

A room is a folder whose README.md has a line "May include: a, b." It may include itself and what
stands there: folders of this repository. A line "Must not include: x, y." names prefixes of
headers of others, such as grpcpp/. A file belongs to the nearest room above it.

    check_includes.py [ROOT]     prints each include that is not allowed; exit code 0 if there is none
    check_includes.py --self-test
"""
import pathlib
import re
import sys
import tempfile

FOLDERS = ("daemon", "collectors")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


class Room:
    """What a room's README allows."""

    def __init__(self, path, text):
        self.path = path
        self.may = names_after("May include:", text)
        self.must_not = names_after("Must not include:", text)

    def allows(self, header):
        """Whether a file of the room may include `header`, as it is written in the source."""
        if header.split("/")[0] not in FOLDERS:
            return not any(header.startswith(prefix) for prefix in self.must_not)
        return any(header.startswith(folder + "/") for folder in [self.path, *self.may])


def names_after(start, text):
    """The names of a line that begins with `start` and of the lines that continue it."""
    found = re.search(rf"^{re.escape(start)}(.*?\S)[.][ \t]*$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        return []
    names = re.split(r"[,\s]+", found.group(1).replace("`", ""))
    return [name for name in names if name and name != "nothing"]


def read_rooms(root):
    """Every room, by its path."""
    rooms = {}
    for folder in FOLDERS:
        for readme in (root / folder).rglob("README.md"):
            text = readme.read_text(encoding="utf-8")
            if re.search(r"^May include:", text, re.MULTILINE):
                path = readme.parent.relative_to(root).as_posix()
                rooms[path] = Room(path, text)
    return rooms


def room_of(rooms, path):
    """The nearest room above a file; None: it is in no room."""
    for parent in path.parents:
        if parent.as_posix() in rooms:
            return rooms[parent.as_posix()]
    return None


def check(root):
    """Everything that is wrong, a line each."""
    rooms = read_rooms(root)
    wrong = []
    for folder in FOLDERS:
        for source in sorted((root / folder).rglob("*")):
            if source.suffix not in (".cc", ".h", ".list"):
                continue
            path = source.relative_to(root)
            room = room_of(rooms, path)
            if room is None:
                wrong.append(f"{path}: is in no room; expected a README.md with 'May include:'")
                continue
            for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
                found = INCLUDE.match(line)
                if found and not room.allows(found.group(1)):
                    wrong.append(f"{path}:{number}: includes {found.group(1)}; "
                                 f"{room.path}/README.md does not allow it")
    for room in rooms.values():
        for folder in room.may:
            if not (root / folder).is_dir():
                wrong.append(f"{room.path}/README.md: may include {folder}, which is not there")
    return wrong + circles(rooms)


def circles(rooms):
    """Rooms that may include one another, directly or by way of others."""
    def reach(path):
        seen, todo = set(), [path]
        while todo:
            for folder in rooms[todo.pop()].may:
                for other in rooms:
                    inside = other == folder or other.startswith(folder + "/")
                    if inside and other not in seen:
                        seen.add(other)
                        todo.append(other)
        return seen
    return [f"{path}/README.md: includes go in a circle back to {path}"
            for path in rooms if path in reach(path)]


def self_test():
    """What is wrong is found, and what is right is not."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)

        def write(name, text):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")

        write("daemon/a/README.md", "# a\n\nMay include: nothing.\nMust not include: grpcpp/.\n")
        write("daemon/b/README.md", "# b\n\nMay include: daemon/a.\n")
        (root / "collectors").mkdir()
        write("daemon/a/x.h", '#include <string>\n#include "daemon/a/y.h"\n')
        write("daemon/b/x.h", '#include "daemon/a/x.h"\n#include <grpcpp/grpcpp.h>\n')
        assert check(root) == [], check(root)
        write("daemon/a/z.h", '#include "daemon/b/x.h"\n#include <grpcpp/grpcpp.h>\n')
        write("daemon/c/x.h", "")
        assert len(check(root)) == 3, check(root)
        write("daemon/a/README.md", "May include: daemon/b.\n")
        assert any("in a circle" in line for line in check(root)), check(root)
        write("daemon/b/README.md", "May include: daemon/gone.\n")
        assert any("not there" in line for line in check(root)), check(root)


def main():
    self_test()
    if sys.argv[1:] == ["--self-test"]:
        return 0
    root = pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).parents[2]
    wrong = check(root)
    print("\n".join(wrong) or "every include is allowed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
