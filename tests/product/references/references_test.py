#!/usr/bin/python3
"""Files that are derived from the programs, and the configuration's schema.

What deploy/write_references.sh writes is what the repository has. The schema takes every shipped
configuration and every setting that can be shown, and refuses what the daemon refuses as far as a
schema can know.

Exit code 0: all is well; 1: something is not.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

SOURCE = pathlib.Path(os.environ["FLEETMETER_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["FLEETMETER_BINARY_DIR"])
SCHEMA = SOURCE / "deploy/fleetmeterd.schema.json"
BAD = SOURCE / "tests/unit/config/data/bad"

# Faults of the files in BAD that only the daemon sees: of YAML itself, where PyYAML is generous; of
# ranges of durations and sizes; of names; and between settings.
BEYOND_THE_SCHEMA = {
    "daemon-anchor.yaml",
    "daemon-boolean-yes.yaml",
    "daemon-duration-out-of-range.yaml",
    "daemon-http-beyond-loopback-with-tls.yaml",
    "daemon-http-jwks-keep-shorter-than-refresh.yaml",
    "daemon-http-jwks-url-without-audience.yaml",
    "daemon-http-jwks-url-without-tls-of-its-own.yaml",
    "daemon-http-jwks-url-without-tls.yaml",
    "daemon-http-jwks-without-issuer.yaml",
    "daemon-http-tls-without-tls.yaml",
    "daemon-key-twice.yaml",
    "daemon-listens-beyond-loopback.yaml",
    "daemon-otlp-ca-without-tls.yaml",
    "daemon-otlp-certificate-without-ca.yaml",
    "daemon-otlp-endpoint-without-port.yaml",
    "daemon-otlp-plaintext-beyond-loopback.yaml",
    "daemon-outcomes-volume-upside-down.yaml",
    "daemon-outcomes-weights-nothing.yaml",
    "daemon-plan-listed-twice.yaml",
    "daemon-rule-ask-without-teams.yaml",
    "daemon-rule-decide-without-decides.yaml",
    "daemon-rule-decides-without-decide.yaml",
    "daemon-rule-identity-with-star-inside.yaml",
    "daemon-rule-of-another-trust-domain.yaml",
    "daemon-rule-pools-without-ingest.yaml",
    "daemon-rule-sees-with-admin.yaml",
    "daemon-rule-sees-without-query.yaml",
    "daemon-rule-teams-without-ask.yaml",
    "daemon-tag.yaml",
    "daemon-trust-domain-with-upper-case.yaml",
    "daemon-two-listeners-on-a-port.yaml",
}


def written_files_are_those_of_the_repository():
    with tempfile.TemporaryDirectory() as folder:
        script = SOURCE / "deploy/write_references.sh"
        subprocess.run([script, BINARY, folder], check=True)
        written = [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
        assert len(written) >= 3, written
        for path in written:
            name = path.relative_to(folder)
            same = path.read_text() == (SOURCE / name).read_text()
            assert same, f"{name} is not what the programs print: build the target references"


def validator():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def uncommented(text):
    """The annotated file with every setting that it shows in a comment."""
    return re.sub(r"^( *)#(?=(|  +)(- |[a-z_]+:))", r"\1", text, flags=re.MULTILINE)


def schema_takes_what_is_shipped():
    check = validator()
    for name in ("deploy/fleetmeterd.yaml", "deploy/demo/daemon.yaml"):
        check.validate(yaml.safe_load((SOURCE / name).read_text()))
    every = yaml.safe_load(uncommented((SOURCE / "deploy/fleetmeterd.yaml").read_text()))
    assert every["ledger"]["path"] and every["tls"]["key"] and len(every["authorization"]) == 8, every
    check.validate(every)


def schema_says_what_a_setting_is():
    schema = json.loads(SCHEMA.read_text())
    ingest = schema["properties"]["ingest"]["properties"]
    assert ingest["queue_reports"]["default"] == 65536
    assert ingest["queue_reports"]["maximum"] == 10000000
    assert "A change takes a restart." in ingest["queue_reports"]["description"]
    assert schema["dependentRequired"]["tls"] == ["authorization"]


def schema_refuses_what_the_daemon_refuses():
    check = validator()
    refused = set()
    names = {path.name for path in BAD.glob("daemon-*.yaml")}
    assert BEYOND_THE_SCHEMA < names, BEYOND_THE_SCHEMA - names
    for name in names:
        try:
            document = yaml.safe_load((BAD / name).read_text())
        except yaml.YAMLError:
            refused.add(name)
            continue
        if list(check.iter_errors(document)):
            refused.add(name)
    assert refused == names - BEYOND_THE_SCHEMA, refused ^ (names - BEYOND_THE_SCHEMA)


def main():
    failed = 0
    for check in (
        written_files_are_those_of_the_repository,
        schema_takes_what_is_shipped,
        schema_says_what_a_setting_is,
        schema_refuses_what_the_daemon_refuses,
    ):
        try:
            check()
            print(f"ok    {check.__name__}")
        except (AssertionError, jsonschema.ValidationError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"FAIL  {check.__name__}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
