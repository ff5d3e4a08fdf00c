"""The ingest service for tests in Python."""
import subprocess
import sys

from programs import SOURCE


def load_ingest_stubs(out):
    """grpc and the modules of ingest.proto, its service and outcome_report.proto, generated into the folder `out`."""
    protos = sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))
    subprocess.run(
        ["protoc", "-I", SOURCE / "proto", f"--python_out={out}", f"--grpc_python_out={out}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *protos], check=True)
    sys.path.insert(0, str(out))
    import grpc
    from fleetmeter.v1 import ingest_pb2, ingest_pb2_grpc, outcome_report_pb2
    return grpc, ingest_pb2, ingest_pb2_grpc, outcome_report_pb2
