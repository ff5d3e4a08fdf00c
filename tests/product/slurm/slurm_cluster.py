"""A real Slurm of Debian's packages on loopback, with GPUs that are empty files.

Where the packages are not installed, FLEETMETER_SLURM_ROOT may name a folder that they were
unpacked into (dpkg -x). Everything runs in one temporary folder, on free ports, and is ended by its
own pid.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

NOBODY = 65534
ROOT = pathlib.Path(os.environ.get("FLEETMETER_SLURM_ROOT", "/"))
LIBRARIES = ROOT / "usr/lib/x86_64-linux-gnu"
SEARCHED = [ROOT / "usr/sbin", ROOT / "usr/bin"]

# Node, GRES, and lines of gres.conf: (type, first device, last device).
NODES = [("n1", "gpu:h100:8", [("h100", 0, 7)], ""),
         ("n2", "gpu:h100:2,gpu:a100:2", [("h100", 0, 1), ("a100", 2, 3)], ""),
         ("n3", "gpu:h100:2,shard:8", [("h100", 0, 1)], "NodeName=n3 Name=shard Count=8\n"),
         ("n4", "gpu:h100:4", [("h100", 0, 3)], "")]

CONF = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={work}/munge.sock
PluginDir={plugins}
StateSaveLocation={work}/state
SlurmdSpoolDir={work}/spool-%n
SlurmctldPidFile={work}/slurmctld.pid
SlurmdPidFile={work}/slurmd-%n.pid
SlurmctldLogFile={work}/slurmctld.log
SlurmdLogFile={work}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=2,sched_interval=2
SlurmdParameters=config_overrides
GresTypes=gpu,shard
ReturnToService=2
KillWait=2
{nodes}
PartitionName=gpu Nodes=ALL Default=YES State=UP MaxTime=INFINITE
"""


def find(program):
    """The path of a program of Slurm or munge; None: it is not installed."""
    for folder in SEARCHED:
        for name in (program, program + "-wlm"):  # Debian's own name, without its alternatives
            if (folder / name).exists():
                return folder / name
    found = shutil.which(program)
    return pathlib.Path(found) if found else None


def missing():
    """What a cluster needs and this machine lacks."""
    programs = ["munged", "slurmctld", "slurmd", "slurmstepd", "slurmrestd", "sbatch", "scontrol",
                "scancel", "squeue", "setpriv"]
    return [program for program in programs if find(program) is None]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(condition, what, seconds=60):
    """Asks again until the condition holds, and returns what it said."""
    until = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class Cluster:
    """munged, slurmctld, a slurmd for each node, and slurmrestd on a Unix socket."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="fleetmeter-slurm-")
        self.work = pathlib.Path(self._folder.name)
        self._processes = []
        self._links = self.work / "bin"
        libraries = f"{LIBRARIES}:{LIBRARIES / 'slurm-wlm'}"
        self.env = dict(os.environ, SLURM_CONF=str(self.work / "slurm.conf"), TZ="UTC")
        if ROOT != pathlib.Path("/"):
            self.env["LD_LIBRARY_PATH"] = libraries
        self.env["PATH"] = f"{self._links}:{ROOT / 'usr/bin'}:" + os.environ["PATH"]

    @property
    def rest(self):
        return self.work / "rest" / "slurmrestd.sock"

    def __enter__(self):
        try:
            self._prepare()
            self._start()
        except BaseException:
            print(self.logs())
            self.stop()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.logs())
        self.stop()

    def _prepare(self):
        work = self.work
        work.chmod(0o755)
        for folder in ("state", "bin", "rest"):
            (work / folder).mkdir()
        # Daemons look at the names that they are called by.
        for program in ("slurmctld", "slurmd", "slurmstepd"):
            (self._links / program).symlink_to(find(program))
        (work / "munge.key").write_bytes(os.urandom(128))
        (work / "munge.key").chmod(0o400)
        for device in range(8):
            (work / f"gpu{device}").touch()
        host = socket.gethostname().split(".")[0]
        lines = [f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} "
                 f"CPUs=32 RealMemory=1000 State=UNKNOWN Gres={gres}" for name, gres, _, _ in NODES]
        user = "root" if os.geteuid() == 0 else os.environ.get("USER", str(os.geteuid()))
        (work / "slurm.conf").write_text(CONF.format(
            host=host, port=free_port(), user=user, work=work, plugins=LIBRARIES / "slurm-wlm",
            nodes="\n".join(lines)))
        # Shares before the GPUs that they divide.
        (work / "gres.conf").write_text("".join(
            more + "".join(f"NodeName={name} Name=gpu Type={kind} File={work}/gpu[{first}-{last}]\n"
                           for kind, first, last in devices)
            for name, _, devices, more in NODES))

    def _spawn(self, *argv):
        with open(self.work / "daemons.out", "ab") as out:
            self._processes.append(subprocess.Popen(
                [str(word) for word in argv], env=self.env, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True))

    def _start(self):
        work = self.work
        self._spawn(find("munged"), "-F", "-f", f"--key-file={work}/munge.key",
                    f"--socket={work}/munge.sock", f"--pid-file={work}/munge.pid",
                    f"--seed-file={work}/munge.seed", f"--log-file={work}/munge.log")
        eventually((work / "munge.sock").exists, "munged listens")
        self._spawn(self._links / "slurmctld", "-D", "-f", work / "slurm.conf")
        for name, _, _, _ in NODES:
            self._spawn(self._links / "slurmd", "-D", "-N", name, "-d", self._links / "slurmstepd",
                        "-f", work / "slurm.conf")
        eventually(lambda: self.run("sinfo", "-h", "-N", "-o", "%N %t", check=False).count(" idle")
                   == len(NODES), "all nodes are idle")
        self._start_rest()

    def _start_rest(self):
        """slurmrestd refuses to be root."""
        become = []
        if os.geteuid() == 0:
            os.chown(self.work / "rest", NOBODY, NOBODY)
            become = [find("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self._spawn(*become, find("slurmrestd"), "-f", self.work / "slurm.conf", "-a",
                    "rest_auth/local", "-s", ",".join(self._rest_plugins()), f"unix:{self.rest}")
        eventually(self.rest.exists, "slurmrestd listens")

    @staticmethod
    def _rest_plugins():
        """Without those that need a database of accounts, which would end slurmrestd."""
        files = sorted(path.stem for path in (LIBRARIES / "slurm-wlm").glob("openapi_*.so"))
        return ["openapi/" + name.removeprefix("openapi_").replace("v0_0_", "v0.0.")
                for name in files if not re.match("openapi_(dbv|slurmdbd)", name)]

    def run(self, *argv, check=True):
        """What a command of Slurm prints."""
        done = subprocess.run([find(argv[0]), *argv[1:]], env=self.env, capture_output=True,
                              text=True, timeout=60, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{argv}: {done.stderr}")
        return done.stdout

    def submit(self, *flags, seconds=3_600):
        """The number of a new job that sleeps."""
        return self.run("sbatch", "--parsable", "-o", "/dev/null", *flags, "--wrap",
                        f"sleep {seconds}").strip()

    def state_of(self, job):
        """Of scontrol: {"JobState": "RUNNING", ...}."""
        line = self.run("scontrol", "-o", "show", "job", job)
        return dict(word.split("=", 1) for word in line.split() if "=" in word)

    def await_state(self, job, *states):
        return eventually(lambda: self.state_of(job)["JobState"] in states, f"{job} is {states}")

    def logs(self):
        parts = []
        for path in sorted([*self.work.glob("*.log"), *self.work.glob("*.out")]):
            parts.append(f"== {path.name}\n" + "\n".join(
                path.read_text(errors="replace").splitlines()[-15:]))
        return "\n".join(parts)

    def stop(self):
        """Jobs first, since their steps are no children of ours."""
        if self._processes and find("scancel"):
            user = "root" if os.geteuid() == 0 else os.environ.get("USER", "")
            self.run("scancel", "-u", user, check=False)
            until = time.monotonic() + 30
            while time.monotonic() < until and self.run(
                    "squeue", "-h", "-u", user, "-t", "running,completing", check=False).strip():
                time.sleep(0.2)
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()
