#!/usr/bin/python3
"""The example client, from the protos alone, against a real daemon."""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import SOURCE, Daemon

CLIENT = SOURCE / "tests" / "product" / "client" / "report_usage.py"


def generate(out):
    protos = sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))
    subprocess.run(
        ["protoc", "-I", SOURCE / "proto", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *protos],
        check=True,
    )


def run(daemon, stubs, pool, source):
    return subprocess.run(
        [CLIENT, "--ingest", daemon.addresses["ingest"], "--query", daemon.addresses["query"],
         "--pool", pool, "--team", "laws", "--chip", "b200",
         "--source", source],
        env={"PYTHONPATH": stubs, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
    )


def main():
    with tempfile.TemporaryDirectory() as stubs, Daemon(
        SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"]
    ) as daemon:
        generate(stubs)
        good = run(daemon, stubs, "research-scaling", "host-a")
        # Eight B200 are 24 H100e; their mean activity is 0.6.
        assert good.returncode == 0, good.stderr
        assert "assigned 24, busy 14.4, headroom" in good.stdout, good.stdout
        bad = run(daemon, stubs, "no-such-pool", "host-b")
        assert bad.returncode == 1, bad.stdout
        assert bad.stderr.startswith("unknown_pool: groups[0].pool: 'no-such-pool'"), bad.stderr
    print("ok")


main()
