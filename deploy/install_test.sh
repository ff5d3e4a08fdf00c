#!/usr/bin/env bash
# Installs a build into a temporary folder and tries what came there.
#   install_test.sh BUILD_DIR
set -euo pipefail
build=$(realpath -- "$1")
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
prefix="$scratch/a prefix"
failed=0

check() { # WHAT COMMAND...
  local what=$1 code
  shift
  # Not as a condition: bash would then go on after errors in it.
  set +e
  (set -e && "$@") >"$scratch/log" 2>&1
  code=$?
  set -e
  if [ $code -eq 0 ]; then
    echo "ok    $what"
  else
    failed=$((failed + 1))
    echo "FAIL  $what"
    sed 's/^/      /' "$scratch/log"
  fi
}

install_to() { cmake --install "$build" --prefix "$1"; }

has() { # FILE...
  local file
  for file in "$@"; do
    [ -s "$prefix/$file" ] || { echo "missing: $file" && return 1; }
  done
}

prints() { # TEXT COMMAND...
  local text=$1
  shift
  "$@" | tee "$scratch/printed"
  grep -qF -- "$text" "$scratch/printed"
}

# As root of an installation, so that a unit's paths can be looked up.
staged_units_name_installed_files() {
  local stage=$scratch/stage unit path
  DESTDIR=$stage install_to /usr
  for unit in "$stage"/usr/lib/systemd/system/*.service; do
    grep -Eq '^ExecStart=/usr/bin/fleetmeter' "$unit"
    if grep -E '@[a-z]+@' "$unit"; then return 1; fi
    while read -r path; do
      [ -e "$stage$path" ] || { echo "$unit names $path, which is not installed" && return 1; }
  done < <(sed '/^#/d' "$unit" | grep -Eo '/(usr/bin|etc)/fleetmeter[^ ]*')
  done
  [ ! -e "$stage/usr/etc" ]
}

units_are_valid() {
  local stage=$scratch/stage
  install -D -t "$stage/bin" /bin/sh /bin/kill
  systemd-analyze verify --man=no --root="$stage" fleetmeterd.service fleetmeter-collector.service \
    >"$scratch/verified" 2>&1 || true  # it also misses what only a whole system has
  ! grep -E 'fleetmeter.*(Unknown|Failed to parse|not executable|Invalid|ignoring)' \
    "$scratch/verified"
}

# Its first line tells editors where the schema is.
configuration_names_its_schema() {
  local configuration=$prefix/etc/fleetmeter/fleetmeterd.yaml named
  named=$(sed -n '1s/^# yaml-language-server: $schema=//p' "$configuration")
  cmp "$named" "$prefix/share/fleetmeter/fleetmeterd.schema.json"
}

manuals_are_sound() {
  local page
  for page in "$prefix"/share/man/man?/*.gz; do
    gzip -dc "$page" >"$scratch/source"
    grep -q '^\.SH NAME$' "$scratch/source"
    command -v man >/dev/null || continue
    # What man complains about goes to standard error.
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$page" 2>&1 >"$scratch/page" | tee "$scratch/warned"
    [ ! -s "$scratch/warned" ]
    grep -q fleetmeter "$scratch/page"
  done
}

# What bash would offer behind these words, the last of which is being typed.
offered() { # WORD...
  bash -c '
    source "$0"
    COMP_WORDS=(fleetmeterctl "$@") COMP_CWORD=$#
    compopt() { :; }
    _fleetmeterctl
    printf "%s\n" "${COMPREPLY[@]}"' "$prefix/share/bash-completion/completions/fleetmeterctl" "$@"
}

bash_completes() {
  offered po | grep -x pools
  offered plan '' | grep -x compile
  offered --timeout 5s plan s | grep -x show
  offered pools --w | grep -x -- --wide
  offered pools --ad | grep -x -- --address
  offered pools --output j | grep -x json
  [ "$(offered top --sort head)" = headroom ]
  [ -z "$(offered headroom --pool plan sh)" ]
  if command -v zsh >/dev/null; then
    zsh -n "$prefix/share/zsh/vendor-completions/_fleetmeterctl"
  fi
  if command -v fish >/dev/null; then
    fish -n "$prefix/share/fish/vendor_completions.d/fleetmeterctl.fish"
  fi
}

own_settings_survive() {
  local config=$prefix/etc/fleetmeter/fleetmeterd.yaml
  echo "# ours" >>"$config"
  install_to "$prefix"
  tail -n 1 "$config" | grep -qx '# ours'
  has etc/fleetmeter/fleetmeterd.yaml.new
  [ ! -e "$prefix/etc/fleetmeter/plans/example.yaml.new" ]
}

check "installs" install_to "$prefix"
check "programs, configuration, units, protos, dashboards and rules are there" has \
  bin/fleetmeterd bin/fleetmeter-collector bin/fleetmeterctl \
  etc/fleetmeter/fleetmeterd.yaml etc/fleetmeter/catalog/default.yaml \
  etc/fleetmeter/outcomes/prices.yaml etc/fleetmeter/outcomes/benchmarks.yaml \
  etc/fleetmeter/plans/example.yaml etc/fleetmeter/plans/framework.yaml \
  etc/fleetmeter/collector.env etc/fleetmeter/collector.yaml \
  lib/systemd/system/fleetmeterd.service lib/systemd/system/fleetmeter-collector.service \
  share/fleetmeter/fleetmeterd.schema.json \
  share/fleetmeter/proto/fleetmeter/v1/{usage,ingest,query,plan}.proto \
  share/fleetmeter/mappings/{amd,ascend,dcgm,gaudi,nvidia_gpu_exporter,tpu}.yaml \
  share/fleetmeter/mappings/serving/{sglang,tgi,triton,vllm}.yaml \
  share/fleetmeter/dashboards/{rules.yaml,alerts.yaml,executive.json,headroom.json,margin.json} \
  share/fleetmeter/dashboards/{mixin.libsonnet,install.jsonnet,lib/alerts.libsonnet} \
  share/fleetmeter/dashboards/{METRICS,REASONS,RUNBOOK,MARGIN,CAPABILITY}.md \
  share/fleetmeter/dashboards/{capability.svg,alertmanager.example.yml} \
  share/fleetmeter/dashboards/prometheus.example.yml \
  share/fleetmeter/console/{index.html,console.js,console.css,icon.svg,help/glossary.txt} \
  share/man/man1/fleetmeterctl.1.gz share/man/man8/{fleetmeterd,fleetmeter-collector}.8.gz \
  share/bash-completion/completions/fleetmeterctl share/zsh/vendor-completions/_fleetmeterctl \
  share/fish/vendor_completions.d/fleetmeterctl.fish
check "man finds nothing wrong with the manual pages" manuals_are_sound
check "bash completes the command line" bash_completes
for program in fleetmeterd fleetmeter-collector fleetmeterctl; do
  check "$program --version" prints "$program " "$prefix/bin/$program" --version
done
check "the installed configuration is valid" prints ": ok: catalog version" \
  "$prefix/bin/fleetmeterd" --config "$prefix/etc/fleetmeter/fleetmeterd.yaml" --check-config
check "it names its schema for editors" configuration_names_its_schema
check "a configuration that was changed survives the next installation" own_settings_survive
check "with prefix /usr, configuration goes to /etc and the units name it" \
  staged_units_name_installed_files
if command -v systemd-analyze >/dev/null; then
  check "systemd accepts the units" units_are_valid
fi
[ "$failed" -eq 0 ]
