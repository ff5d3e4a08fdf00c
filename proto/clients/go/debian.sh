#!/usr/bin/env bash
# Has a program use this module, and Debian's packages of Go code in place of downloads:
#   debian.sh [DIR]
# edits the go.mod in DIR, which is the current folder unless it is given. Then `go build` and
# `go vet` need no network. Needs Debian's package golang-google-grpc-dev.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=/usr/share/gocode/src
# The versions are those that these modules ask for of one another. The go command compares them and
# takes the code from the folders.
modules=(
  google.golang.org/grpc@v1.33.3
  google.golang.org/protobuf@v1.28.1
  google.golang.org/genproto@v0.0.0-20200526211855-cb27e3aa2013
  github.com/golang/protobuf@v1.5.2
  golang.org/x/net@v0.7.0
  golang.org/x/sys@v0.5.0
  golang.org/x/text@v0.7.0
)
edits=(-require fleetmeter.internal/go@v0.1.0 -replace "fleetmeter.internal/go=$here")
for module in "${modules[@]}"; do
  name=${module%@*}
  [ -d "$sources/$name" ] ||
    { echo "there is no $sources/$name; golang-google-grpc-dev has it" >&2 && exit 1; }
  edits+=(-require "$module" -replace "$name=$sources/$name")
done
cd "${1:-.}"
go mod edit "${edits[@]}"
