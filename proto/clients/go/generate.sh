#!/usr/bin/env bash
# Generates the Go code of the protos: generate.sh [DIR]. The folder DIR/fleetmeterpb has it then;
# DIR is this folder unless it is given. Needs protoc, protoc-gen-go and protoc-gen-go-grpc.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
protos=$(cd "$here/../.." && pwd)
out=${1:-$here}
module=fleetmeter.internal/go
protoc -I "$protos" --go_out="$out" --go_opt=module=$module \
  --go-grpc_out="$out" --go-grpc_opt=module=$module "$protos"/fleetmeter/v1/*.proto
