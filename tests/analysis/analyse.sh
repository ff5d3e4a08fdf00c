#!/usr/bin/env bash
# Stands for the compiler where only analysis is wanted. It runs clang's warnings, with
# thread-safety analysis, and clang-tidy in one pass over a source. It leaves an empty object, by
# which Ninja knows that the source was clean, and a list of headers, for when one of them changes.
#   analyse.sh CLANG-TIDY PLUGIN SOURCE OBJECT COMPILER FLAGS...
set -euo pipefail
tidy=$1 plugin=$2 source=$3 object=$4 compiler=$5
shift 5

# What is generated below the build folder is not ours to judge. A batch is ours: it only includes
# sources of ours.
ours() {
  case $source in
    */batches/*) ;;
    "$PWD"/* | [!/]*) return 1 ;;
  esac
}

if ours; then
  "$compiler" "${@/#-MD/-M}" "$source"
  "$tidy" -load="$plugin" --quiet "$source" -- "$@"
fi
: >"$object"
