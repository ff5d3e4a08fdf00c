#!/usr/bin/python3
"""Rewrites JSON files as YAML, in place: what jsonnet rendered, for people to read."""
import json
import sys

import yaml

HEADER = "# Rendered by dashboards/render.sh from the jsonnet sources; change those.\n"

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEADER)
        yaml.safe_dump(document, file, sort_keys=False, allow_unicode=True, width=100)
