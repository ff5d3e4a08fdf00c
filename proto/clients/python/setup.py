"""Builds the package: pyproject.toml says what it is, and this file generates the stubs.

The stubs come from the protos two folders above, with protoc and the plugin of Debian's packages
protobuf-compiler and protobuf-compiler-grpc. Where there is no such plugin, grpc_tools of the
package grpcio-tools does the same. FLEETMETER_PROTOS names another folder of protos.
"""
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).absolute().parent


def protos():
    folder = pathlib.Path(os.environ.get("FLEETMETER_PROTOS", HERE.parents[1]))
    files = sorted(folder.glob("fleetmeter/v1/*.proto"))
    if not files:
        raise SystemExit(f"{folder}/fleetmeter/v1 has no protos; set FLEETMETER_PROTOS to the "
                         "folder that has fleetmeter/v1")
    return folder, files


def compiler():
    """The command that generates the stubs, up to its arguments."""
    plugin = shutil.which("grpc_python_plugin")
    if shutil.which("protoc") and plugin:
        return ["protoc", f"--plugin=protoc-gen-grpc_python={plugin}"]
    if importlib.util.find_spec("grpc_tools"):
        return [sys.executable, "-m", "grpc_tools.protoc"]
    raise SystemExit("there is neither protoc with grpc_python_plugin nor grpc_tools; install "
                     "Debian's protobuf-compiler-grpc, or grpcio-tools")


class BuildWithStubs(build_py):
    def run(self):
        super().run()
        folder, files = protos()
        out = pathlib.Path(self.build_lib)
        subprocess.run([*compiler(), f"-I{folder}", f"--python_out={out}",
                        f"--grpc_python_out={out}", *map(str, files)], check=True)
        (out / "fleetmeter" / "v1" / "__init__.py").write_text(
            '"""Generated from the protos, whose comments say what the messages mean."""\n')


setup(packages=["fleetmeter"], cmdclass={"build_py": BuildWithStubs})
