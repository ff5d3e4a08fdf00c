#!/usr/bin/python3
"""What the console believes of the daemon is so: messages, thresholds, limits of size, documents.

dashboards/console/src/wire has an interface for each message that the console reads. Each of its
fields has to be in the message, under its JSON name and with its JSON type.
"""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[2] / "support"))
from programs import BINARY, SKIPPED, SOURCE

from google.protobuf import descriptor_pb2

CONSOLE = SOURCE / "dashboards" / "console"
Field = descriptor_pb2.FieldDescriptorProto
# What proto3's JSON makes of them.
NUMBERS = {Field.TYPE_DOUBLE, Field.TYPE_FLOAT, Field.TYPE_INT32, Field.TYPE_UINT32}
STRINGS = {Field.TYPE_STRING, Field.TYPE_INT64, Field.TYPE_UINT64, Field.TYPE_FIXED64}
# Interfaces whose message has another name, because it is nested.
NESTED = re.compile(r"// message ([\w.]+)\nexport interface (\w+)")
INTERFACE = re.compile(r"export interface (\w+) \{\n(.*?)\n\}", re.DOTALL)
# What a browser loads for the first view, and all that there is, gzipped: a page opens at once.
MOST_BYTES_OF_FIRST_VIEW = 31_000
MOST_BYTES = 60_000
STATIC_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*["']\./([\w./-]+\.js)["']""")


def messages():
    """Every message of the protocol by its name without the package, such as Supply.Row."""
    with tempfile.NamedTemporaryFile() as file:
        protos = sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))
        subprocess.run(["protoc", "-I", SOURCE / "proto", f"--descriptor_set_out={file.name}",
                        *protos], check=True)
        known = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(file.name).read_bytes())
    found = {}

    def add(prefix, message):
        found[prefix + message.name] = message
        for nested in message.nested_type:
            add(f"{prefix}{message.name}.", nested)

    for file in known.file:
        for message in file.message_type:
            add("", message)
    return found


def type_of(field, message):
    """The type that the console must give the field, "object" for any message."""
    if field.type == Field.TYPE_MESSAGE:
        nested = {one.name: one for one in message.nested_type}
        entry = nested.get(field.type_name.split(".")[-1])
        return "object" if entry is None or not entry.options.map_entry else "map"
    if field.type == Field.TYPE_BOOL:
        plain = "boolean"
    else:
        plain = "number" if field.type in NUMBERS else "string" if field.type in STRINGS else "?"
    return plain + ("[]" if field.label == Field.LABEL_REPEATED else "")


def wrong_fields(name, body, message):
    fields = {field.json_name: field for field in message.field}
    for line in body.splitlines():
        match = re.fullmatch(r"\s+(\w+)(\??): (.+);", line)
        if not match:
            continue
        field, optional, kind = match.groups()
        if field not in fields:
            yield f"{name}.{field} is no field of {message.name}"
            continue
        expected = type_of(fields[field], message)
        if expected not in ("object", "map") and kind != expected:
            yield f"{name}.{field} is {kind}; expected {expected}"
        # Requests leave out what they like. In answers all but plain fields may be absent.
        may_miss = (fields[field].proto3_optional or expected in ("object", "map")
                    or expected.endswith("[]"))
        if not name.endswith("Request") and may_miss != bool(optional):
            yield f"{name}.{field} {'may' if may_miss else 'can not'} be absent"


def check_wire():
    known = messages()
    wrong, count = [], 0
    for path in sorted((CONSOLE / "src" / "wire").glob("*.ts")):
        text = path.read_text(encoding="utf-8")
        nested = {interface: message for message, interface in NESTED.findall(text)}
        for name, body in INTERFACE.findall(text):
            count += 1
            message = known.get(nested.get(name, name))
            wrong += ([f"{name} is no message"] if message is None
                      else wrong_fields(name, body, message))
    assert count > 40, count
    assert not wrong, "\n".join(wrong)
    return count


def check_thresholds():
    """The console warns where alerts do."""
    code = f"(import '{SOURCE}/dashboards/mixin.libsonnet')._config"
    done = subprocess.run(["jsonnet", "-e", code], capture_output=True, text=True, check=True)
    config = json.loads(done.stdout)
    expected = {"GOOD_COVERAGE": config["coverage"]["ratio"],
                "UNDERUSED": config["underuse"]["utilizationRatio"],
                "NEARLY_FULL": config["headroom"]["exhaustedRatio"],
                "DRIFT": config["plan"]["driftRatio"],
                "BUFFER_IN_USE": config["plan"]["bufferRatio"]}
    text = (CONSOLE / "src/model/thresholds.ts").read_text(encoding="utf-8")
    found = {name: float(value) for name, value in
             re.findall(r"export const (\w+) = ([\d.]+);", text)}
    assert found == expected, (found, expected)


def first_scripts(built):
    """The scripts that console.js needs before anything is shown: it, and what it imports."""
    found, left = [], ["console.js"]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.append(name)
        folder = pathlib.PurePosixPath(name).parent
        left += [(folder / other).as_posix()
                 for other in STATIC_IMPORT.findall((built / name).read_text(encoding="utf-8"))]
    return found


def compressed(built, names):
    return sum(len(gzip.compress((built / name).read_bytes(), 9)) for name in names)


def check_files():
    """What is built is small, has nothing inline, and names nobody else."""
    built = BINARY / "console"
    if not (built / "console.js").exists():
        print(f"skipped: {built} is not built; the target is console")
        sys.exit(SKIPPED)
    page = (built / "index.html").read_text(encoding="utf-8")
    scripts = sorted(path.relative_to(built).as_posix() for path in built.rglob("*.js"))
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page), page
    others = ["index.html", "console.css", "icon.svg"]
    first = compressed(built, first_scripts(built) + others)
    assert first <= MOST_BYTES_OF_FIRST_VIEW, first
    size = compressed(built, scripts + others)
    assert first < size <= MOST_BYTES, (first, size)
    for name in (*scripts, "console.css"):
        text = (built / name).read_text(encoding="utf-8")
        foreign = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
        assert not foreign, (name, foreign)
        assert "eval(" not in text and "dangerouslySetInnerHTML=" not in text, name
    pages = re.findall(r'name: "(\w+)", title', (CONSOLE / "src/help/document.tsx").read_text())
    assert len(pages) == 5
    for page in pages:
        assert (built / "help" / f"{page}.txt").stat().st_size > 500, page
    return first, size


if __name__ == "__main__":
    interfaces = check_wire()
    check_thresholds()
    first, size = check_files()
    print(f"{interfaces} messages are as the protocol has them; the first view loads {first} bytes "
          f"of {size}")
