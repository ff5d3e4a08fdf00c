#!/usr/bin/env bash
# Writes the files of the repository that the programs know by themselves. Run it after a change to
# a setting; a test (tests/product/references) fails while a file differs.
#   write_references.sh [BUILD_DIR [FOLDER]]
# BUILD_DIR has the built programs; it is build/release unless given. FOLDER is where to write, the
# repository unless given.
set -euo pipefail
repository=$(realpath -- "$(dirname -- "$0")/..")
build=$(realpath -- "${1:-$repository/build/release}")
cd -- "${2:-$repository}"
mkdir -p deploy

"$build/daemon/fleetmeterd" --print-config >deploy/fleetmeterd.yaml
"$build/daemon/fleetmeterd" --print-config-schema >deploy/fleetmeterd.schema.json
