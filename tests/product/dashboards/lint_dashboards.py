"""The rules of lint.py about dashboards. Rule 26 is what people saw in a real Grafana, and must not see again."""

import json
import re

import promql
from lint_input import VARIABLES, plain, targets, walk

KINDS = {"stat", "timeseries", "table", "text", "bargauge", "barchart"}
# Wide enough at 1600 pixels with the menu open: pixels of a unit of the grid, of a letter, and of what stands beside a title.
UNIT, LETTER, BESIDE = 50, 7.5, 60
# Numbers that are absent while too little is heard, or that are about the meter itself: green is no lie of theirs.
KNOWN_WHEN_GREEN = re.compile(
    r"coverage|drift|buffer_consumed|shortfall|utilization|healthy|writable|in_place|reload|confirmed|steps|declining"
    r"|sources|headroom|exhaustion|margin|outcomes|expiry|saturat|info"
)
WORDS = {"customer_tier": "tier"}


def lint_dashboards(inp):
    uids = [d["uid"] for d in inp.dashboards.values()]
    if len(set(uids)) != len(uids):
        yield "24 two dashboards have one uid"
    for name, dashboard in inp.dashboards.items():
        yield from lint_identity(inp, name, dashboard)
        yield from lint_variables(name, dashboard)
        yield from lint_annotations(name, dashboard)
        yield from lint_daemons(inp, name, dashboard)
        yield from lint_filters(name, dashboard)
        graphs = [p for p in dashboard["panels"] if p["type"] == "timeseries"]
        if len(graphs) > 6:
            yield f"25 {name}: {len(graphs)} graphs"
        for a, b in ((a, b) for a in dashboard["panels"] for b in dashboard["panels"] if a["id"] < b["id"]):
            if overlap(a["gridPos"], b["gridPos"]):
                yield f"0 {name}: panels {a['id']} and {b['id']} overlap"
    for name, panel in inp.panels():
        yield from lint_panel(name, panel, inp)


def lint_identity(inp, name, dashboard):
    view = dashboard["title"].removeprefix("Fleetmeter / ")
    slug = view.lower().replace(" ", "-")
    if dashboard["uid"] != "fleetmeter-" + slug or f"{slug}.json" != name or view == dashboard["title"]:
        yield f"24 {name}: title, uid and file name differ"
    if inp.config["dashboard"]["tag"] not in dashboard["tags"] or not 37 <= dashboard["schemaVersion"] <= 39:
        yield f"24 {name}: tag or schemaVersion"
    if not any(l["type"] == "dashboards" and l["keepTime"] and l["includeVars"] for l in dashboard["links"]):
        yield f"24 {name}: no tag link that keeps time and variables"
    ids = [p["id"] for p in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        yield f"24 {name}: panel ids are not unique"


def lint_variables(name, dashboard):
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    if not {"datasource", "cluster", "pool", "team"} <= set(variables):
        yield f"21 {name}: variables"
    if [v["name"] for v in variables.values() if v["type"] == "datasource"] != ["datasource"]:
        yield f"21 {name}: not one datasource variable"
    users = [n for n in walk(dashboard) if isinstance(n.get("datasource"), dict)]
    if any(u["datasource"] != {"type": "prometheus", "uid": "${datasource}"} for u in users):
        yield f"21 {name}: a datasource that is not ${{datasource}}"
    used = set(re.findall(r"\$\{?([a-z_]\w+)", json.dumps(dashboard))) - {"datasource"}
    for variable in used - set(variables) - {v.strip("${}").split(":")[0] for v in VARIABLES}:
        if not variable.startswith("__"):
            yield f"21 {name}: there is no variable {variable}"
    if variables.get("cluster", {}).get("multi") is not False:
        yield f"26 {name}: more than one daemon can be chosen, and names and sums double"


def lint_annotations(name, dashboard):
    told = {a["name"] for a in dashboard["annotations"]["list"]}
    for what in {"Plan", "Catalog", "Prices", "Alerts"} - told:
        yield f"26 {name}: no annotation for {what}"


def lint_daemons(inp, name, dashboard):
    """Each series is of the chosen daemon, or of a collector, which may report to any."""
    exprs = [e for p in dashboard["panels"] for e in targets(p)] + [a["expr"] for a in dashboard["annotations"]["list"]]
    for expr in exprs:
        for series in promql.parse(plain(expr))[0]:
            if inp.config["clusterLabel"] not in series.labels and not series.name.startswith("fleetmeter_collector_"):
                yield f"26 {name}: {series.name} is of all daemons at once"


def rows_of(dashboard):
    """(title, panels) of each row, without those that hold nothing measured."""
    title, panels = "", []
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield title, panels
            title, panels = panel["title"], []
        elif panel["type"] != "text" and panel["title"] != "In force":
            panels.append(panel)
    yield title, panels


def lint_filters(name, dashboard):
    """A filter drives every panel, or the panels and rows that it drives say so."""
    rows = [row for row in rows_of(dashboard) if row[1]]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query" or not variable["multi"] or variable["hide"]:
            continue
        drives = lambda panel: any(f"${variable['name']}" in expr for expr in targets(panel))
        if all(drives(panel) for _, panels in rows for panel in panels):
            continue
        word = WORDS.get(variable["name"], variable["name"])
        for title, panels in rows:
            for panel in panels:
                if drives(panel) and word not in (title + panel["title"]).lower():
                    yield f"26 {name}: {variable['name']} drives '{panel['title']}' and not all, and no title says so"


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def lint_panel(name, panel, inp):
    where = f"{name} '{panel.get('title')}'"
    if not panel.get("title") or not panel.get("description"):
        yield f"22 {where}: title or description"
    if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
        yield f"0 {where}: wider than the grid"
    if panel["type"] not in KINDS:
        yield f"0 {where}: panel type {panel['type']}"
    fits = (UNIT * panel["gridPos"]["w"] - BESIDE) / LETTER
    if len(panel.get("title", "")) > fits:
        yield f"26 {where}: the title is cut after {fits:.0f} letters"
    if panel["type"] == "text":
        return
    yield from lint_fields(where, panel)
    yield from lint_targets(where, panel)
    if panel["type"] == "table":
        yield from lint_table(where, panel, inp)
    if panel["type"] == "stat":
        yield from lint_stat(where, panel)


def lint_fields(where, panel):
    defaults = panel["fieldConfig"]["defaults"]
    if not defaults.get("unit"):
        yield f"22 {where}: unit"
    if defaults.get("noValue", "").strip(" -.0") == "":
        yield f"0 {where}: missing data has no words"
    if panel["type"] != "timeseries" and not any(m["type"] == "special" for m in defaults["mappings"]):
        yield f"0 {where}: what is not a number has no words"
    if panel["type"] in ("table", "timeseries") and not defaults.get("noValue", "").endswith("."):
        yield f"26 {where}: nothing says in a sentence what it means that there is nothing"
    for node in walk(panel["fieldConfig"]):
        unit = node.get("unit") or (node.get("value") if node.get("id") == "unit" else None)
        if isinstance(unit, str) and (unit.startswith("suffix:") or unit == "sci"):
            yield f"26 {where}: the unit {unit} never scales"


def lint_targets(where, panel):
    if not panel["targets"] or any("datasource" not in t for t in panel["targets"]):
        yield f"21 {where}: a target without datasource"
    if len({t["refId"] for t in panel["targets"]}) != len(panel["targets"]):
        yield f"0 {where}: refIds are not unique"
    if panel["type"] == "timeseries":
        custom = panel["fieldConfig"]["defaults"]["custom"]
        if len(panel["targets"]) > 5:
            yield f"25 {where}: more than five lines"
        if custom["stacking"]["mode"] != "none" or custom["spanNulls"]:
            yield f"25 {where}: stacks, or draws over gaps"
        if custom.get("axisSoftMin") != 0:
            yield f"26 {where}: the axis does not begin at 0"
        if panel["options"]["legend"]["displayMode"] != "list":
            yield f"26 {where}: the legend hides series"
    elif any(not t["instant"] for t in panel["targets"]):
        yield f"0 {where}: a range query would show a value that has gone"


def lint_stat(where, panel):
    if panel["options"]["textMode"] not in ("value_and_name", "name"):
        yield f"26 {where}: values without names"
    if any(t["legendFormat"] == "__auto" for t in panel["targets"]):
        yield f"26 {where}: a value without words"
    exprs = {t["refId"]: t["expr"] for t in panel["targets"]}
    for override in panel["fieldConfig"]["overrides"]:
        green = [n for n in walk(override["properties"]) if n.get("color") == "green"]
        expr = exprs.get(override["matcher"]["options"], "")
        if green and not KNOWN_WHEN_GREEN.search(expr):
            yield f"26 {where}: {override['matcher']['options']} may be green in silence"


def lint_table(where, panel, inp):
    organize = next(t["options"] for t in panel["transformations"] if t["id"] == "organize")
    titles = set(organize["renameByName"].values())
    fields = {f"Value #{t['refId']}" for t in panel["targets"]}
    labels = {f for f in organize["renameByName"] if not f.startswith("Value #")}
    if not fields <= set(organize["renameByName"]) or set(organize["indexByName"]) != set(organize["renameByName"]):
        yield f"0 {where}: columns without a name or a place"
    for target in panel["targets"]:
        if not labels <= promql.parse(plain(target["expr"]))[1]:
            yield f"0 {where}: {target['refId']} does not give the labels {sorted(labels)}"
    overrides = panel["fieldConfig"]["overrides"]
    for override in overrides:
        if override["matcher"]["options"] not in titles:
            yield f"0 {where}: an override for no column: {override['matcher']['options']}"
    for field in fields:
        title = organize["renameByName"].get(field)
        if "unit" not in properties_of(panel, title):
            yield f"22 {where}: column {title} has no unit"
    yield from lint_widths(where, panel, organize)
    yield from lint_links(where, overrides, inp)
    if panel["options"]["sortBy"][0]["displayName"] not in titles:
        yield f"0 {where}: sorts by no column"


def properties_of(panel, title):
    overrides = panel["fieldConfig"]["overrides"]
    return {p["id"]: p["value"] for o in overrides if o["matcher"]["options"] == title for p in o["properties"]}


def lint_widths(where, panel, organize):
    columns = sorted(organize["renameByName"], key=lambda field: organize["indexByName"][field])
    if len(columns) > 5:
        yield f"26 {where}: {len(columns)} columns, of which a screen hides some"
    widths = [properties_of(panel, organize["renameByName"][c]).get("custom.width") for c in columns[:-1]]
    if None in widths:
        yield f"26 {where}: a column without a width"
    elif sum(widths) + 110 > UNIT * panel["gridPos"]["w"]:
        yield f"26 {where}: columns take {sum(widths) + 110} pixels of {UNIT * panel['gridPos']['w']}"


def lint_links(where, overrides, inp):
    links = [l["url"] for o in overrides for p in o["properties"] if p["id"] == "links" for l in p["value"]]
    uids = {d["uid"] for d in inp.dashboards.values()}
    if not links or any(re.match(r"/d/([\w-]+)", u).group(1) not in uids for u in links):
        yield f"24 {where}: no drill-down"
    for url in links:
        if not {"${__url_time_range}", "${cluster:queryparam}", "${datasource:queryparam}"} <= set(re.findall(r"\$\{[^}]*\}", url)):
            yield f"26 {where}: a link loses time or variables"
        if re.search(r"\$\{__(value|data)[^}:]*\}", url):
            yield f"26 {where}: a link breaks on names with & or +"


CHECKS = [lint_dashboards]
