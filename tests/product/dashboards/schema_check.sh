#!/bin/sh
# Validates the dashboards against Grafana's types. It needs node and the npm registry, so run.sh
# leaves it out.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm install --silent --no-audit --no-fund --prefix . \
  @grafana/grafana-foundation-sdk@0.0.21 ts-json-schema-generator@2.3.0 ajv@8.20.0 >/dev/null
cp "$here/schema_check.js" .
node schema_check.js "$here"/../../../dashboards/rendered/*.json
