#!/usr/bin/python3
"""Holds the rendered dashboards against Grafana's model, as far as we use it (dashboard_model.py).

A misspelt key, an option that there is not, a value of another kind and a panel of another type are errors. Each such
fault, seeded into a panel of each type, must be noticed, or the schema is too loose to mean anything.
"""

import copy
import json
import pathlib
import sys

import jsonschema

import dashboard_model

HERE = pathlib.Path(__file__).resolve().parent
RENDERED = HERE.parents[2] / "dashboards" / "rendered"


def findings(validator, name, dashboard):
    for error in validator.iter_errors(dashboard):
        inner = min(error.context, key=lambda e: -len(e.path)) if error.context else error
        yield f"{name}: {'/'.join(map(str, list(error.path) + list(inner.path)))}: {inner.message[:200]}"


def broken(panel):
    """(what is wrong, the panel with it) for each class of fault."""
    faults = {
        "a misspelt key": lambda p: p.update(titel=p.pop("title")),
        "a misspelt option": lambda p: p["options"].update(misspelt=True),
        "an option of another kind": lambda p: p["options"].update({next(iter(p["options"])): ["odd"]}),
        "a place without a width": lambda p: p["gridPos"].pop("w"),
        "an unknown type": lambda p: p.update(type="graph"),
        "a link without an address": lambda p: p.update(links=[{"title": "x", "targetBlank": True}]),
    }
    if panel["type"] != "text":
        faults |= {
            "a query without an expression": lambda p: p["targets"][0].pop("expr"),
            "a query of another kind": lambda p: p["targets"][0].update(instant="yes"),
            "an unknown format": lambda p: p["targets"][0].update(format="frames"),
            "a misspelt default": lambda p: p["fieldConfig"]["defaults"].update(units="short"),
            "a threshold without a colour": lambda p: p["fieldConfig"]["defaults"]["thresholds"]["steps"][0].pop("color"),
            "a mapping of an unknown type": lambda p: p["fieldConfig"]["defaults"].update(mappings=[{"type": "values", "options": {}}]),
            "an override of an unknown property": lambda p: p["fieldConfig"]["overrides"].append(
                {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": "custom.widht", "value": 1}]}),
            "an unknown transformation": lambda p: p["transformations"].append({"id": "merg", "options": {}}),
        }  # fmt: skip
    for what, break_it in faults.items():
        copied = copy.deepcopy(panel)
        break_it(copied)
        yield what, copied


def missed(validator, dashboards):
    """Faults that are not noticed."""
    seen = set()
    for name, dashboard in dashboards.items():
        for i, panel in enumerate(dashboard["panels"]):
            if panel["type"] == "row" or panel["type"] in seen:
                continue
            seen.add(panel["type"])
            for what, copied in broken(panel):
                panels = [*dashboard["panels"][:i], copied, *dashboard["panels"][i + 1 :]]
                if validator.is_valid({**dashboard, "panels": panels}):
                    yield f"{name}: not noticed in a panel of the type {panel['type']}: {what}"
    if len(seen) < 6:
        yield f"only panels of the types {sorted(seen)} were tried"


def main():
    schema = dashboard_model.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    dashboards = {p.name: json.loads(p.read_text()) for p in sorted(RENDERED.glob("*.json"))}
    found = [f for name, dashboard in dashboards.items() for f in findings(validator, name, dashboard)]
    found += missed(validator, dashboards)
    print("\n".join(found) or f"{len(dashboards)} dashboards are as Grafana's model has them")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
