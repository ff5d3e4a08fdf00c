"""A JSON Schema of Grafana's dashboards, schema 37 to 39, as far as we use them. No key is open."""

TEXT, FLAG, NUMBER, WHOLE = {"type": "string"}, {"type": "boolean"}, {"type": "number"}, {"type": "integer"}
SAID = {"type": "string", "minLength": 1}


def record(properties, optional=()):
    """An object that has these properties and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def many(items, **bounds):
    return {"type": "array", "items": items, **bounds}


def by_name(items):
    return {"type": "object", "additionalProperties": items}


def one_of(*words):
    return {"enum": list(words)}


def defined(name):
    return {"$ref": "#/$defs/" + name}


SOURCE = record({"type": one_of("prometheus"), "uid": one_of("${datasource}")})
LETTER = {"type": "string", "pattern": "^[A-P]$"}
LEGEND = record({"showLegend": FLAG, "displayMode": one_of("list", "table"), "placement": one_of("bottom", "right"), "calcs": many(TEXT)})
TOOLTIP = record({"mode": one_of("single", "multi", "none"), "sort": one_of("none", "asc", "desc")})
LAST = record({"values": FLAG, "calcs": many(one_of("lastNotNull", "mean", "max", "min")), "fields": TEXT})
SCALE = record({"type": one_of("linear", "log")})
ALL = record({"tooltip": FLAG, "viz": FLAG, "legend": FLAG})
LINE = record({"mode": one_of("off", "line", "dashed", "area")})
CELL = record({"type": one_of("auto", "color-text"), "wrapText": FLAG}, ["wrapText"])
AXIS = {
    "axisPlacement": one_of("auto", "left", "right", "hidden"), "axisLabel": TEXT, "axisSoftMin": NUMBER,
    "scaleDistribution": SCALE, "hideFrom": ALL, "thresholdsStyle": LINE,
}  # fmt: skip

CUSTOM = {
    "stat": record({}),
    "bargauge": record({}),
    "timeseries": record({
        "drawStyle": one_of("line", "bars", "points"), "lineInterpolation": one_of("linear", "smooth", "stepBefore", "stepAfter"),
        "lineWidth": WHOLE, "fillOpacity": WHOLE, "gradientMode": one_of("none"), "showPoints": one_of("auto", "never", "always"),
        "pointSize": WHOLE, "spanNulls": FLAG, "stacking": record({"mode": one_of("none", "normal", "percent"), "group": TEXT}), **AXIS,
    }),
    "barchart": record({"lineWidth": WHOLE, "fillOpacity": WHOLE, "gradientMode": one_of("none"), **AXIS}),
    "table": record({"align": one_of("auto", "left", "center", "right"), "cellOptions": CELL, "inspect": FLAG, "filterable": FLAG}),
}  # fmt: skip
DIRECTION = one_of("auto", "horizontal", "vertical")
OPTIONS = {
    "stat": record({
        "reduceOptions": LAST, "orientation": DIRECTION, "textMode": one_of("auto", "value", "value_and_name", "name", "none"),
        "colorMode": one_of("none", "value", "background"), "graphMode": one_of("none", "area"), "justifyMode": one_of("auto", "center"),
        "text": record({"titleSize": WHOLE, "valueSize": WHOLE}, ["titleSize", "valueSize"]),
    }),
    "timeseries": record({"legend": LEGEND, "tooltip": TOOLTIP}),
    "bargauge": record({
        "reduceOptions": LAST, "orientation": DIRECTION, "displayMode": one_of("basic", "gradient", "lcd"),
        "valueMode": one_of("color", "text", "hidden"), "namePlacement": one_of("auto", "top", "left"), "showUnfilled": FLAG,
        "sizing": one_of("auto", "manual"), "minVizWidth": WHOLE, "minVizHeight": WHOLE, "maxVizHeight": WHOLE,
    }),
    "barchart": record({
        "xField": SAID, "orientation": DIRECTION, "xTickLabelRotation": WHOLE, "xTickLabelSpacing": WHOLE,
        "showValue": one_of("auto", "always", "never"), "stacking": one_of("none", "normal", "percent"), "groupWidth": NUMBER,
        "barWidth": NUMBER, "barRadius": NUMBER, "fullHighlight": FLAG, "legend": LEGEND, "tooltip": TOOLTIP,
    }),
    "table": record({
        "showHeader": FLAG, "cellHeight": one_of("sm", "md", "lg"), "frameIndex": WHOLE,
        "footer": record({"show": FLAG, "reducer": many(TEXT), "countRows": FLAG, "fields": TEXT}),
        "sortBy": many(record({"displayName": SAID, "desc": FLAG})),
    }),
    "text": record({"mode": one_of("markdown", "html"), "content": SAID}),
}  # fmt: skip


def mappings():
    result = record({"text": SAID, "color": SAID, "index": WHOLE}, ["color"])
    edge = {"type": ["number", "null"]}
    return {"oneOf": [
        record({"type": one_of("value"), "options": by_name(result)}),
        record({"type": one_of("range"), "options": record({"from": edge, "to": edge, "result": result})}),
        record({"type": one_of("special"), "options": record({"match": one_of("null", "nan", "null+nan"), "result": result})}),
    ]}  # fmt: skip


def properties():
    """What an override sets."""
    dash = record({"fill": one_of("solid", "dash", "dot"), "dash": many(NUMBER)}, ["dash"])
    known = {
        "unit": SAID, "decimals": WHOLE, "thresholds": defined("thresholds"), "noValue": SAID, "mappings": many(defined("mapping")),
        "links": many(defined("link")), "color": defined("color"), "custom.width": WHOLE, "custom.cellOptions": CELL,
        "custom.lineStyle": dash,
    }  # fmt: skip
    return {"oneOf": [record({"id": one_of(name), "value": value}) for name, value in known.items()]}


def matchers():
    return {"oneOf": [
        record({"id": one_of("byName"), "options": SAID}),
        record({"id": one_of("byFrameRefID"), "options": LETTER}),
    ]}  # fmt: skip


def transformations():
    organize = record({"excludeByName": by_name(FLAG), "indexByName": by_name(WHOLE), "renameByName": by_name(TEXT)})
    matrix = record({"columnField": SAID, "rowField": SAID, "valueField": SAID, "emptyValue": one_of("null", "zero", "empty")})
    known = {"merge": record({}), "organize": organize, "groupingToMatrix": matrix}
    return {"oneOf": [record({"id": one_of(name), "options": options}) for name, options in known.items()]}


def panel(kind):
    """A panel that shows what queries find."""
    defaults = {
        "unit": SAID, "noValue": SAID, "color": defined("color"), "mappings": many(defined("mapping")),
        "thresholds": defined("thresholds"), "custom": CUSTOM[kind], "min": NUMBER, "max": NUMBER, "decimals": WHOLE,
    }  # fmt: skip
    fields = record({"defaults": record(defaults, ["min", "max", "decimals"]), "overrides": many(defined("override"))})
    return record({
        "id": WHOLE, "type": one_of(kind), "title": SAID, "description": SAID, "datasource": SOURCE,
        "targets": many(defined("target"), minItems=1), "transformations": many(transformations()), "links": many(defined("link")),
        "fieldConfig": fields, "options": OPTIONS[kind], "gridPos": defined("place"),
        "timeFrom": {"type": "string", "pattern": "^[0-9]+[mhdwMy]$"},
    }, ["timeFrom"])  # fmt: skip


def panels():
    nothing = many(record({}), maxItems=0)
    text = record({
        "id": WHOLE, "type": one_of("text"), "title": SAID, "description": SAID, "links": many(defined("link")),
        "fieldConfig": record({"defaults": record({}), "overrides": nothing}), "options": OPTIONS["text"], "gridPos": defined("place"),
    })  # fmt: skip
    row = record({"id": WHOLE, "type": one_of("row"), "title": SAID, "collapsed": FLAG, "panels": nothing, "gridPos": defined("place")})
    return {"oneOf": [*map(panel, CUSTOM), text, row]}


def variables():
    words = {"type": ["string", "array"]}
    base = {
        "name": {"type": "string", "pattern": "^[a-z_]+$"}, "label": SAID, "description": SAID, "hide": one_of(0, 1, 2),
        "options": many(record({"selected": FLAG, "text": TEXT, "value": TEXT})), "skipUrlSync": FLAG,
        "current": record({"selected": FLAG, "text": words, "value": words}, ["selected"]),
    }  # fmt: skip
    several = {"multi": FLAG, "includeAll": FLAG}
    found = {"regex": TEXT, "refresh": one_of(1, 2), **several}
    asked = {"datasource": SOURCE, "definition": SAID, "query": record({"query": SAID, "refId": SAID}), "sort": one_of(0, 1, 2, 3, 4)}
    return {"oneOf": [
        record({**base, "type": one_of("datasource"), "query": one_of("prometheus"), **found}),
        record({**base, "type": one_of("query"), **asked, **found, "allValue": SAID}, ["allValue"]),
        record({**base, "type": one_of("custom"), "query": SAID, **several}),
        record({**base, "type": one_of("textbox"), "query": TEXT}),
    ]}  # fmt: skip


def annotations():
    return record({
        "name": SAID, "datasource": SOURCE, "enable": FLAG, "hide": FLAG, "iconColor": SAID, "expr": SAID, "step": SAID,
        "titleFormat": SAID, "textFormat": SAID, "useValueForTime": FLAG,
    }, ["textFormat"])  # fmt: skip


def definitions():
    return {
        "target": record({
            "datasource": SOURCE, "editorMode": one_of("code"), "expr": SAID, "format": one_of("table", "time_series"),
            "instant": FLAG, "range": FLAG, "legendFormat": SAID, "refId": LETTER,
        }),
        "link": record({"title": SAID, "url": SAID, "targetBlank": FLAG}),
        "thresholds": record({"mode": one_of("absolute"), "steps": many(record({"color": SAID, "value": {"type": ["number", "null"]}}), minItems=1)}),
        "mapping": mappings(),
        "color": {"oneOf": [record({"mode": one_of("thresholds", "palette-classic")}), record({"mode": one_of("fixed"), "fixedColor": SAID})]},
        "override": record({"matcher": matchers(), "properties": many(properties())}),
        "place": record({name: {"type": "integer", "minimum": 0, "maximum": 24 if name in "xw" else 999} for name in "xywh"}),
        "panel": panels(),
        "variable": variables(),
        "annotation": annotations(),
    }  # fmt: skip


def schema():
    link = record({
        "type": one_of("dashboards", "link"), "title": SAID, "tags": many(TEXT), "asDropdown": FLAG, "includeVars": FLAG,
        "keepTime": FLAG, "targetBlank": FLAG, "icon": SAID, "tooltip": SAID, "url": TEXT,
    })  # fmt: skip
    root = record({
        "uid": {"type": "string", "pattern": "^fleetmeter-[a-z-]+$", "maxLength": 40}, "id": {"type": "null"}, "title": SAID,
        "description": SAID, "tags": many(TEXT, minItems=1), "schemaVersion": {"type": "integer", "minimum": 37, "maximum": 39},
        "version": WHOLE, "editable": FLAG, "fiscalYearStartMonth": WHOLE, "graphTooltip": one_of(0, 1, 2), "liveNow": FLAG,
        "weekStart": TEXT, "timezone": one_of("browser", "utc", ""), "refresh": TEXT, "time": record({"from": SAID, "to": SAID}),
        "timepicker": record({}), "links": many(link), "annotations": record({"list": many(defined("annotation"))}),
        "templating": record({"list": many(defined("variable"))}), "panels": many(defined("panel"), minItems=1),
    })  # fmt: skip
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": definitions()}
