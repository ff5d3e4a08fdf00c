#!/usr/bin/python3
"""`fleetmeterctl dashboards render` as people call it.

Without settings it writes what dashboards/rendered has; with them, what they say and nothing else. Prometheus and
Alertmanager take the files; the objects for the Prometheus Operator hold the same rules and dashboards. A wrong name, a
wrong value and a file in the way are refused, and nothing is written then.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import FLEETMETERCTL, SOURCE

RENDERED = SOURCE / "dashboards/rendered"


def render(folder, *arguments):
    command = [FLEETMETERCTL, "dashboards", "render", "--to", folder, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)


def files_of(folder):
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def rendered(folder, *arguments):
    done = render(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return files_of(folder)


def near(a, b):
    """The same value; jsonnet writes more digits than a number has."""
    return json.loads(json.dumps(a), parse_float=lambda x: round(float(x), 12)) == \
        json.loads(json.dumps(b), parse_float=lambda x: round(float(x), 12))


def check_defaults(files):
    for name in ("rules.yaml", "alerts.yaml"):
        assert yaml.safe_load(files["prometheus/" + name]) == yaml.safe_load((RENDERED / name).read_text()), name
    boards = {p.name for p in RENDERED.glob("*.json")}
    assert boards == {name.rpartition("/")[2] for name in files if name.startswith("grafana/dashboards/")}
    for name in boards:
        assert near(json.loads(files["grafana/dashboards/" + name]), json.loads((RENDERED / name).read_text())), name
    assert files["alertmanager/alertmanager.yml"] == (SOURCE / "dashboards/alertmanager.example.yml").read_text()
    assert files["prometheus/prometheus.yml"] == (SOURCE / "dashboards/prometheus.example.yml").read_text()
    assert not any("datasources" in name for name in files), "no data source was asked for"
    assert not any("example.com" in text for text in files.values())


def check_kubernetes(files):
    rule = yaml.safe_load(files["kubernetes/prometheusrule.yaml"])
    groups = [g for name in ("rules", "alerts") for g in yaml.safe_load(files[f"prometheus/{name}.yaml"])["groups"]]
    assert rule["kind"] == "PrometheusRule" and rule["spec"]["groups"] == groups
    maps = yaml.safe_load(files["kubernetes/dashboards.yaml"])["items"]
    held = {key.removeprefix("fleetmeter-"): json.loads(text) for m in maps for key, text in m["data"].items()}
    assert held.keys() == {p.name for p in RENDERED.glob("*.json")}
    for name, board in held.items():
        assert near(board, json.loads(files["grafana/dashboards/" + name])), name
    for entry in maps:
        assert len(json.dumps(entry)) < 1 << 20, "a ConfigMap takes at most 1 MiB"
    monitors = yaml.safe_load(files["kubernetes/servicemonitor.yaml"])["items"]
    jobs = [m["spec"]["endpoints"][0]["relabelings"][0]["replacement"] for m in monitors]
    assert jobs == ["fleetmeter", "fleetmeter-collector"], jobs


def check_tools(folder):
    for command in (["promtool", "check", "rules", folder / "prometheus/rules.yaml", folder / "prometheus/alerts.yaml"],
                    ["promtool", "check", "config", folder / "prometheus/prometheus.yml"],
                    ["amtool", "check-config", folder / "alertmanager/alertmanager.yml"]):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def check_settings(folder):
    files = rendered(folder, "--grafana-url", "https://g.my.org/", "--runbook-url", "https://w.my.org/run",
                     "--prometheus-url", "http://p:9090", "--set", "underuse.window=1h", "--set", "kubernetes.namespace=meter")
    alerts = yaml.safe_load(files["prometheus/alerts.yaml"])
    for rule in (rule for group in alerts["groups"] for rule in group["rules"]):
        notes = rule["annotations"]
        assert notes["runbook_url"] == "https://w.my.org/run#" + rule["alert"].lower(), notes
        assert notes["dashboard_url"].startswith("https://g.my.org/d/fleetmeter-"), notes
        if rule["alert"] == "FleetmeterPoolUnderused":
            assert rule["for"] == "1h" and "< 0.5 and" in rule["expr"], rule
    assert yaml.safe_load(files["kubernetes/prometheusrule.yaml"])["metadata"]["namespace"] == "meter"
    provider = yaml.safe_load(files["grafana/provisioning/dashboards/fleetmeter.yaml"])["providers"][0]
    assert provider["options"]["path"] == str(folder / "grafana/dashboards"), provider
    source = yaml.safe_load(files["grafana/provisioning/datasources/fleetmeter.yaml"])["datasources"][0]
    assert source["url"] == "http://p:9090", source
    assert all("https://w.my.org/run" in files[name] for name in files if name.startswith("grafana/dashboards/"))


def check_refusals(folder):
    for arguments, why in (
        (["--set", "underuse.windw=1h"], "the nearest is underuse.window"),
        (["--set", "underuse.window=soon"], "a duration with one unit"),
        (["--set", "underuse=1h"], "a group of settings"),
        (["--grafana-url", "g.my.org"], "http:// or https://"),
    ):
        done = render(folder, *arguments)
        assert done.returncode == 1 and why in done.stderr, (arguments, done)
        assert not folder.exists(), "nothing is written"
    assert render(folder, "--prometheus-url", "p:9090").returncode == 2
    assert subprocess.run([FLEETMETERCTL, "dashboards", "render"], capture_output=True).returncode == 2


def check_replacing(folder):
    rendered(folder)
    own = folder / "prometheus/rules.yaml"
    own.write_text("mine\n")
    done = render(folder)
    assert done.returncode == 1 and "--force" in done.stderr, done
    assert own.read_text() == "mine\n"
    assert rendered(folder, "--force")["prometheus/rules.yaml"] != "mine\n"


def main():
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        files = rendered(scratch / "defaults")
        check_defaults(files)
        check_kubernetes(files)
        check_tools(scratch / "defaults")
        check_settings(scratch / "mine")
        check_refusals(scratch / "refused")
        check_replacing(scratch / "again")
        listed = subprocess.run([FLEETMETERCTL, "dashboards", "settings"], capture_output=True, text=True, check=True).stdout
        assert "underuse.window=30m\n" in listed and "grafanaUrl=http://localhost:3000\n" in listed, listed
    print(f"{len(files)} files are as the sources say")


if __name__ == "__main__":
    sys.exit(main())
