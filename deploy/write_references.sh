#!/usr/bin/env bash
# Writes the files of the repository that the programs print by themselves. The target `references`
# runs it, and dashboards/render.sh after it. A test (tests/product/references) fails while a file is
# not what its program prints, as after a change to a setting, a metric or a rejection reason.
#
#   write_references.sh [BUILD_DIR [FOLDER]]
#
# BUILD_DIR has the built programs; the default is build/release. FOLDER is where to write; the
# default is the repository.
set -euo pipefail
repository=$(realpath -- "$(dirname -- "$0")/..")
build=$(realpath -- "${1:-$repository/build/release}")
cd -- "${2:-$repository}"
mkdir -p deploy dashboards

"$build/daemon/fleetmeterd" --print-config >deploy/fleetmeterd.yaml
"$build/daemon/fleetmeterd" --print-config-schema >deploy/fleetmeterd.schema.json
"$build/daemon/fleetmeterd" --print-metrics >dashboards/METRICS.md
"$build/collectors/fleetmeter-collector" --print-metrics >>dashboards/METRICS.md
"$build/daemon/fleetmeterd" --print-reasons >dashboards/REASONS.md
