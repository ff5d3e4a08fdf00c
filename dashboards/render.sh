#!/bin/sh
# Renders rules, alerts and dashboards from the jsonnet sources.
#   render.sh                      into dashboards/rendered (committed)
#   render.sh --check              fails if dashboards/rendered is not what the sources say
#   render.sh --demo DIR           with windows of a minute, into DIR
#   render.sh --config CODE DIR    with jsonnet CODE over _config, into DIR; CODE is such as
#                                  '{underuse+: {window: "2h"}}'
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

render() { # DIR [jsonnet arguments]
  dir=$1
  shift
  mkdir -p "$dir"
  # jsonnet's own YAML writer takes ten times as long as all the rest.
  jsonnet --multi "$dir" "$@" "$here/render.jsonnet" >/dev/null
  "$here/json_to_yaml.py" "$dir/rules.yaml" "$dir/alerts.yaml"
}

usage() {
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

case "$#:${1:-}" in
  0:) render "$here/rendered" ;;
  1:--check)
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    render "$fresh"
    diff -ru "$here/rendered" "$fresh" || {
      echo "dashboards/rendered is stale: run dashboards/render.sh" >&2
      exit 1
    }
    ;;
  2:--demo) render "$2" --tla-code demo=true ;;
  3:--config) render "$3" --tla-code "config=$2" ;;
  *) usage ;;
esac
