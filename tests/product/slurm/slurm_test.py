#!/usr/bin/python3
"""A real Slurm through the collector's source `slurm`, daemon and command line.

Jobs are submitted, wait, run and end; nodes are drained. What the collector says at each point is
what Slurm says, over slurmrestd and by commands, and what the meter has counted when a job has
ended is the job's own run time times its GPUs.
"""
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import COLLECTOR, FLEETMETERCTL, SKIPPED, Daemon
from slurm_cluster import Cluster, eventually, missing

INTERVAL = 0.5  # seconds

CATALOG = """version: 1
chips:
  - name: h100
    provider: site
    title: NVIDIA H100
    conversions: [{chips_per_h100e: 1, basis: itself}]
  - name: a100_80g
    provider: site
    title: NVIDIA A100 80GB
    conversions: [{chips_per_h100e: 3, basis: estimate}]
"""

PLAN = """plan: slurm
version: 1
scenario: a small cluster
effective_from: 2020-01-01
supply:
  - {chip: h100, chips: 16}
  - {chip: a100_80g, chips: 2}
pools:
  - {name: training, owner: T, contact: "#t", teams: [ann, bob], allocation: {chips: 8, chip: h100}}
  - {name: research, owner: R, contact: "#r", teams: [carol], allocation: {chips: 4, chip: h100}}
  - {name: unattributed, owner: X, contact: "#x", teams: [unattributed],
     allocation: {chips: 0, chip: h100}}
"""

# Slurm without a database of accounts takes any name for an account.
RULES = """    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - match: {account: [ann, bob]}
          pool: training
          team: "{account}"
          workload: "{job_name}"
        - match: {account: [carol]}
          pool: research
          team: carol
"""


def config(folder, name, source, daemon=None):
    path = pathlib.Path(folder) / name
    path.write_text(
        (f"daemon: {daemon}\n" if daemon else "") + f"interval: {int(INTERVAL * 1000)}ms\n"
        "chip_kinds:\n  - {model: a100, chip: a100_80g}\n"
        "sources:\n  - type: slurm\n    name: slurm\n    timeout: 20s\n" + source + RULES)
    return path


def look(cluster, path):
    """One look of `fleetmeter-collector try`, as an object."""
    done = subprocess.run([COLLECTOR, "try", "--config", path, "--output", "json"],
                          env=cluster.env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def chips_by(seen, *keys):
    """Chips, parts of them added up, by what `keys` say of them."""
    sums = {}
    for host in seen["hosts"]:
        for part in host["devices"]:
            key = tuple({**part, "host": host["host"]}.get(name, "") for name in keys)
            sums[key] = round(sums.get(key, 0) + part["share"], 6)
    return sums


def demand_of(seen):
    assert all(row["reason"] in ("Resources", "Priority") for row in seen["demand"]), seen["demand"]
    return sorted((row["holder"], row["chips"]) for row in seen["demand"])


def says_what_slurm_says(cluster, path):
    """With jobs that run, wait and are held, and a node that is drained."""
    seen = look(cluster, path)
    assert chips_by(seen, "chip") == {("h100",): 16, ("a100_80g",): 2}, chips_by(seen, "chip")
    states = chips_by(seen, "state", "pool", "team")
    # ann: 3 + 2; bob: an A100; carol: 3 of 4 shares of one GPU; n4 is drained.
    assert states == {("assigned", "training", "ann"): 5, ("assigned", "training", "bob"): 1,
                      ("assigned", "research", "carol"): 0.75, ("unhealthy", "", ""): 4,
                      ("unassigned", "", ""): 7.25}, states
    assert all(part.get("signal", "allocated_only") == "allocated_only"
               for host in seen["hosts"] for part in host["devices"])
    return seen


def pending_jobs_are_demand(cluster, seen, wait, array):
    now = time.time()
    assert demand_of(seen) == sorted([(f"job {wait}", 8), (f"job {array}", 8)]), seen["demand"]
    for row in seen["demand"]:
        job = cluster.state_of(row["holder"].split()[1])
        submitted = datetime.datetime.fromisoformat(job["SubmitTime"] + "+00:00").timestamp()
        since = row["waits_since_unix_nanos"] / 1e9
        assert submitted <= since <= now, (submitted, since, now)
        assert row["pool"] == "training" and row["chip"] == "h100", row


def counts_jobs_to_the_chip_second(cluster, folder):
    """A job from before its start to after its end: what Slurm says it ran, times its GPUs."""
    work = pathlib.Path(folder)
    (work / "catalog.yaml").write_text(CATALOG)
    (work / "plan.yaml").write_text(PLAN)
    with Daemon(work / "catalog.yaml", [work / "plan.yaml"]) as daemon:
        path = config(folder, "collector.yaml", f"    url: unix://{cluster.rest}:/\n",
                      daemon.addresses["ingest"])
        collector = subprocess.Popen([COLLECTOR, "--config", path], env=cluster.env)
        try:
            def counted(pool):
                out = subprocess.run([FLEETMETERCTL, "--address", daemon.addresses["query"],
                                      "pools", "--output", "json"], check=True,
                                     capture_output=True, text=True)
                row = next(row for row in json.loads(out.stdout)["pools"] if row["pool"] == pool)
                return int(row["assigned_chip_nanos_total"]) / 1e9

            eventually(lambda: counted("training") > 0, "the meter counts jobs that run")
            before = counted("research")  # holds 0.75 of a chip all the while
            begun = time.monotonic()
            gpus = 2
            job = cluster.submit("-A", "carol", "-n1", f"--gres=gpu:h100:{gpus}", "-w", "n1",
                                 seconds=12)
            cluster.await_state(job, "COMPLETED")
            time_slack = 3 * INTERVAL + 1  # two edges of windows, and whole seconds of Slurm
            eventually(lambda: counts_no_more(lambda: counted("training")), "windows go on")
            share = 0.75 * (time.monotonic() - begun)
            said = cluster.state_of(job)
            ran = (datetime.datetime.fromisoformat(said["EndTime"]) -
                   datetime.datetime.fromisoformat(said["StartTime"])).total_seconds()
            grown = counted("research") - before - share
            assert abs(grown - gpus * ran) <= gpus * time_slack, (grown, gpus * ran)
            print(f"counted {grown:.2f} chip-seconds; Slurm says {gpus * ran:.0f}")
        finally:
            collector.terminate()
            assert collector.wait(timeout=30) == 0


def counts_no_more(counted):
    """Whether two more windows have come in."""
    first = counted()
    return eventually(lambda: counted() > first, "a window comes in") and \
        eventually(lambda: counted() > first + INTERVAL, "another one comes in")


def main():
    lacking = missing()
    if lacking:
        print(f"skipped: {', '.join(lacking)} of Debian's packages munge, slurmctld, slurmd, "
              "slurmrestd and slurm-client are not installed")
        return SKIPPED
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        running = [cluster.submit("-A", "ann", "-J", "big", "-n1", "--gres=gpu:h100:3", "-w", "n1"),
                   cluster.submit("-A", "ann", "-J", "two", "-N2", "-n2", "--gres=gpu:h100:1",
                                  "-w", "n1,n2"),
                   cluster.submit("-A", "bob", "-n1", "--gpus=a100:1"),
                   cluster.submit("-A", "carol", "-n1", "--gres=shard:3")]
        for job in running:
            cluster.await_state(job, "RUNNING")
        cluster.run("scontrol", "update", "nodename=n4", "state=drain", "reason=bad cable")
        wait = cluster.submit("-A", "ann", "-n1", "--gres=gpu:h100:8", "-w", "n1")
        array = cluster.submit("-A", "bob", "-n1", "--array=0-9%4", "--gres=gpu:h100:2", "-w", "n2")
        cluster.submit("-A", "ann", "-H", "-n1", "--gpus=2")
        cluster.submit("-A", "ann", "-n1", "--gpus=1", "-d", f"afterok:{running[0]}")
        eventually(lambda: cluster.state_of(wait)["Reason"] in ("Resources", "Priority"),
                   "a job waits for chips")
        by_rest = config(folder, "rest.yaml", f"    url: unix://{cluster.rest}:/\n")
        by_command = config(folder, "command.yaml", "")
        for path in (by_rest, by_command):
            pending_jobs_are_demand(cluster, says_what_slurm_says(cluster, path), wait, array)
        assert chips_by(look(cluster, by_rest), "host", "device", "holder") == \
            chips_by(look(cluster, by_command), "host", "device", "holder")
        cluster.run("scancel", wait, array)
        counts_jobs_to_the_chip_second(cluster, folder)
        cluster.run("scontrol", "update", "nodename=n4", "state=resume")
        eventually(lambda: ("unhealthy", ) not in chips_by(look(cluster, by_rest), "state"),
                   "a node that is resumed is headroom again")
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
