#!/usr/bin/python3
"""What `fleetmeter-collector try` makes of answers as tools give them: shared claims and pods of
several GPUs of a kubelet, logical cores of Trainium 2, two types of GPUs on a Slurm node, families
that a page lacks, shards beside an exporter, and MIG instances that only the kubelet names.

Exit code 0: all is well; 1: something is not.
"""
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import COLLECTOR

RULES = """    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - {match: {account: [b]}, pool: other, team: t}
        - {pool: own, team: t}
"""
ALL = RULES.replace("        - {match: {account: [b]}, pool: other, team: t}\n", "")


class Pages:
    """Serves texts by their paths, on a free port."""

    def __init__(self, texts):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = texts[self.path].encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def run_try(folder, sources, *more):
    config = folder / "collector.yaml"
    config.write_text("daemon: 127.0.0.1:1\nsources:\n" + sources)
    done = subprocess.run([COLLECTOR, "try", "--config", config, *more], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, f"{sources}: {done.returncode} {done.stdout}{done.stderr}"
    return done.stdout


def rows_of(folder, sources):
    """One for each part of a chip."""
    told = json.loads(run_try(folder, sources, "--output", "json"))
    return [row for host in told["hosts"] for row in host["devices"]]


def chips(rows, **wanted):
    return round(sum(row["share"] for row in rows
                     if all(row.get(key) == value for key, value in wanted.items())), 5)


def written(folder, name, value):
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def pod(name, *containers):
    return {"name": name, "namespace": "ml", "containers": list(containers)}


def devices(*ids, resource="nvidia.com/gpu"):
    return {"resourceName": resource, "deviceIds": list(ids)}


def a_kubelet_counts_each_chip_once(folder):
    """A pod with four GPUs in two containers, and a claim that two pods share: five chips."""
    claim = {"claimName": "shared", "claimNamespace": "ml", "claimResources": [
        {"driverName": "gpu.nvidia.com", "poolName": "n1", "deviceName": "gpu-4"}]}
    listed = written(folder, "list.json", {"podResources": [
        pod("a-0", {"name": "x", "devices": [devices("GPU-0", "GPU-1")]},
            {"name": "y", "devices": [devices("GPU-2", "GPU-3")]}),
        pod("b-0", {"name": "x", "dynamicResources": [claim]}),
        pod("b-1", {"name": "x", "dynamicResources": [claim]})]})
    rows = rows_of(folder, f"  - type: kubernetes\n    name: k\n    host: n1\n    file: {listed}\n"
                           "    resources:\n      - {resource: nvidia.com/gpu, chip: h100}\n"
                           "      - {driver: gpu.nvidia.com, chip: h100}\n" + ALL)
    assert chips(rows) == chips(rows, state="assigned", pool="own") == 5, rows
    assert not any("activity" in row for row in rows), rows


def logical_cores_are_parts_of_chips(folder):
    """trn2.48xlarge: 16 chips of four logical cores. Cores 4 and 5 are half of chip 1."""
    def core(percent, physical):
        return {"neuroncore_utilization": percent, "flops": 1, "v3d": {
            f"nc_v3.{physical}": {"neuroncore_utilization": percent - 10},
            f"nc_v3.{physical + 1}": {"neuroncore_utilization": percent + 10}}}
    report = {
        "neuron_runtime_data": [{"pid": 1, "neuron_runtime_tag": "train", "error": "", "report": {
            "neuroncore_counters": {"period": 5.0, "error": "", "neuroncores_in_use": {
                "4": core(50, 8), "5": core(90, 10)}}}}],
        "system_data": {},
        "instance_info": {"instance_type": "trn2.48xlarge", "error": ""},
        "neuron_hardware_info": {
            "neuron_device_type": "trainium2", "neuron_device_count": 16,
            "neuroncore_per_device_count": 4, "logical_neuroncore_config": 2, "error": ""}}
    path = written(folder, "neuron.jsonl", json.dumps(report) + "\n")
    rows = rows_of(folder, f"  - type: neuron\n    name: n\n    file: {path}\n"
                           "    processes_are_local: false\n" + ALL)
    assert chips(rows, chip="trainium2") == 16 and chips(rows, state="unassigned") == 15.5, rows
    held = {row["part"]: row["activity"] for row in rows if row["state"] == "assigned"}
    assert held == {"core 4": 0.5, "core 5": 0.9}, held


def slurm(folder, nodes, jobs, rules=ALL):
    nodes = written(folder, "nodes.json", {"nodes": nodes})
    jobs = written(folder, "jobs.json", {"jobs": jobs})
    return (f"  - type: slurm\n    name: s\n    commands: {{nodes: [cat, {nodes}],"
            f" jobs: [cat, {jobs}]}}\n" + rules)


def two_types_of_gres_stay_apart(folder):
    """With and without the indexes that say which devices a job holds."""
    for node_marks, job_marks in ((("(IDX:0-1)", "(IDX:4)"), True), (("", ""), False)):
        node = {"name": "n1", "state": ["MIXED"], "gres": "gpu:a100_80g:4(S:0-1),gpu:h100:2(S:0)",
                "gres_used": f"gpu:a100_80g:2{node_marks[0]},gpu:h100:1{node_marks[1]}"}
        jobs = [{"job_id": 1, "job_state": ["RUNNING"], "nodes": "n1",
                 "tres_alloc_str": "gres/gpu:a100_80g=2,gres/gpu=2"},
                {"job_id": 2, "job_state": ["RUNNING"], "nodes": "n1",
                 "tres_alloc_str": "gres/gpu=1,gres/gpu:h100=1"}]
        if job_marks:
            jobs[0]["gres_detail"] = ["gpu:a100_80g:2(IDX:0-1)"]
            jobs[1]["gres_detail"] = ["gpu:h100:1(IDX:4)"]
        rows = rows_of(folder, slurm(folder, [node], jobs))
        for chip, held, free in (("a100_80g", 2, 2), ("h100", 1, 1)):
            assert chips(rows, chip=chip, state="assigned") == held, rows
            assert chips(rows, chip=chip, state="unassigned") == free, rows


def labels(gpu, **more):
    each = {"gpu": gpu, "UUID": f"GPU-{gpu}", "device": f"nvidia{gpu}",
            "modelName": "NVIDIA H100 80GB HBM3", "Hostname": "n1", **more}
    return "{" + ",".join(f'{key}="{value}"' for key, value in each.items()) + "}"


def a_chip_without_an_activity_is_there_and_not_idle(folder):
    """Of GPU 1 the page has memory and a pod, of GPU 2 a temperature."""
    held = {"pod": "x", "namespace": "ml", "container": "c"}
    page = (f"DCGM_FI_DEV_GPU_UTIL{labels(0, **held)} 50\n"
            f"DCGM_FI_DEV_FB_USED{labels(1, **held)} 10\n"
            f"DCGM_FI_DEV_GPU_TEMP{labels(2)} 30\n")
    pages = Pages({"/m": page})
    rows = rows_of(folder, f"  - type: dcgm\n    name: d\n    url: {pages.url}/m\n" + ALL)
    pages.close()
    by_device = {row["device"]: row for row in rows}
    assert set(by_device) == {"0", "1", "2"}, rows
    assert by_device["0"]["activity"] == 0.5, rows
    assert by_device["1"]["state"] == "assigned", rows
    assert by_device["1"]["signal"] == "allocated_only" and "activity" not in by_device["1"], rows


def jobs_on_shards_share_the_activity_of_their_chip(folder):
    """A quarter and a half of a chip that is 60% busy: each is at 80%, together they are 0.6."""
    node = {"name": "n1", "state": ["MIXED"], "gres": "gpu:h100:1,shard:h100:4",
            "gres_used": "gpu:h100:0(IDX:N/A),shard:h100:3(3/4)"}
    jobs = [{"job_id": 1, "job_state": ["RUNNING"], "nodes": "n1", "account": "a",
             "gres_detail": ["shard:h100:1(1/4)"]},
            {"job_id": 2, "job_state": ["RUNNING"], "nodes": "n1", "account": "b",
             "gres_detail": ["shard:h100:2(2/4)"]}]
    pages = Pages({"/m": f"DCGM_FI_DEV_GPU_UTIL{labels(0)} 60\n"})
    alone = slurm(folder, [node], jobs, RULES)
    rows = rows_of(folder, alone + f"  - type: dcgm\n    name: d\n    url: {pages.url}/m\n")
    pages.close()
    assert {(row.get("pool"), row["share"], row.get("activity")) for row in rows} == {
        ("own", 0.25, 0.8), ("other", 0.5, 0.8), (None, 0.25, None)}, rows
    # Without the exporter nobody knows.
    rows = rows_of(folder, alone)
    assert all("activity" not in row for row in rows) and chips(rows, state="assigned") == 0.75, rows


def an_instance_is_explained_by_the_name_that_the_kubelet_has(folder):
    page = "".join(f"DCGM_FI_PROF_GR_ENGINE_ACTIVE"
                   f"{labels(0, GPU_I_PROFILE='3g.40gb', GPU_I_ID=instance)} 0\n"
                   for instance in (1, 2))
    pages = Pages({"/m": page})
    listed = written(folder, "list.json", {"podResources": [pod("m-0", {
        "name": "c", "devices": [devices("MIG-1234", resource="nvidia.com/mig-3g.40gb")]})]})
    text = run_try(folder, f"  - type: kubernetes\n    name: k\n    host: n1\n    file: {listed}\n"
                   + ALL + f"  - type: dcgm\n    name: d\n    url: {pages.url}/m\n",
                   "--explain", "MIG-1234")
    pages.close()
    assert "took pod ml/m-0" in text and "It was taken for MIG-1234" in text, text
    assert text.count("n1 device 0/") == 1, text


def main():
    for case in (a_kubelet_counts_each_chip_once, logical_cores_are_parts_of_chips,
                 two_types_of_gres_stay_apart, a_chip_without_an_activity_is_there_and_not_idle,
                 jobs_on_shards_share_the_activity_of_their_chip,
                 an_instance_is_explained_by_the_name_that_the_kubelet_has):
        with tempfile.TemporaryDirectory() as folder:
            case(pathlib.Path(folder))
        print(case.__name__.replace("_", " "))


if __name__ == "__main__":
    main()
