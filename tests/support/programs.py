"""Real programs for tests in Python: started on free ports, ended by their own pid."""
import os
import pathlib
import subprocess
import tempfile

# ctest says where; by hand it is this checkout and its release build.
SOURCE = pathlib.Path(os.environ.get("FLEETMETER_SOURCE_DIR",
                                     pathlib.Path(__file__).absolute().parents[2]))
BINARY = pathlib.Path(os.environ.get("FLEETMETER_BINARY_DIR", SOURCE / "build" / "release"))
FLEETMETERD = BINARY / "daemon" / "fleetmeterd"
FLEETMETERCTL = BINARY / "daemon" / "fleetmeterctl"
COLLECTOR = BINARY / "collectors" / "fleetmeter-collector"

# What ctest takes for "skipped" (SKIP_RETURN_CODE).
SKIPPED = 77


class Daemon:
    """fleetmeterd with the given catalog, plans and extra YAML lines, on free ports.

    `launcher` is what starts it, such as ["prlimit", "--nofile=100"]; it must become the daemon.
    `listeners` are those besides ingest, query and http, such as ["admin"].
    """

    def __init__(self, catalog, plans, extra="", launcher=(), listeners=()):
        self._dir = tempfile.TemporaryDirectory()
        config = pathlib.Path(self._dir.name) / "daemon.yaml"
        paths = ", ".join(os.path.relpath(plan, self._dir.name) for plan in plans)
        listen = ", ".join(f'{name}: "127.0.0.1:0"'
                           for name in ("ingest", "query", "http", *listeners))
        config.write_text(
            f"catalog: {os.path.relpath(catalog, self._dir.name)}\n"
            f"plans: [{paths}]\n"
            f"listen: {{{listen}}}\n" + extra
        )
        self._process = subprocess.Popen(
            [*launcher, FLEETMETERD, "--config", config], stdout=subprocess.PIPE, text=True
        )
        self.addresses = {}
        for line in self._process.stdout:
            if line.strip() == "ready":
                break
            name, address = line.split()
            self.addresses[name] = address
        else:
            raise RuntimeError(f"fleetmeterd ended with {self._process.wait()}")

    @property
    def pid(self):
        return self._process.pid

    def change(self, old, new):
        """Has the configuration say something else, which the daemon notices within a second."""
        config = pathlib.Path(self._dir.name) / "daemon.yaml"
        text = config.read_text()
        assert text.count(old) == 1, (old, text)
        fresh = config.with_suffix(".new")
        fresh.write_text(text.replace(old, new))
        fresh.rename(config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code = self.stop()
        assert code == 0, f"fleetmeterd ended with {code}"

    def kill(self):
        """As a power cut ends it. Its ledger, kept elsewhere, stays."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._dir.cleanup()

    def stop(self):
        self._process.terminate()
        try:
            return self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            self._process.stdout.close()
            self._dir.cleanup()
