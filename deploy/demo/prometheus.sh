# Part of deploy/demo.sh: Prometheus, and Grafana where it is installed.

readonly grafana_home=/usr/share/grafana

# Rendering takes many seconds, so what was rendered is kept beside the programs until its sources
# change.
render_rules() {
  local cache=$build/demo-rules newer=
  if [ -e "$cache" ]; then
    read -r newer < <(find "$root/dashboards" -newer "$cache" -print -quit) || true
  fi
  if [ -e "$cache" ] && [ -z "$newer" ]; then
    cp -r -- "$cache" "$run/rules"
    return
  fi
  start render "$root/dashboards/render.sh" --demo "$run/rules"
  wait_for render || fail "The rules cannot be rendered." render
  unset "pid[render]"
  cp -r -- "$run/rules" "$cache.$$"
  rm -rf -- "$cache"
  # The move fails if another demo was faster.
  mv -T -- "$cache.$$" "$cache" || rm -rf -- "$cache.$$"
}

write_prometheus_config() {
  render_rules
  cat >"$run/prometheus.yaml" <<YAML
global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}
rule_files: [rules/rules.yaml, rules/alerts.yaml]
scrape_configs:
  - job_name: fleetmeter
    static_configs: [{targets: ["$http"]}]
YAML
}

prometheus_is_ready() {
  read -r prometheus < <(
    sed -n 's/.*msg="Listening on".* address=\([^ ]*\).*/\1/p' "$run/prometheus.log") &&
    curl -fs -o "$run/ready" "http://$prometheus/-/ready"
}

try_prometheus() { # PORT
  : >"$run/prometheus.log"
  start prometheus prometheus --config.file="$run/prometheus.yaml" \
    --storage.tsdb.path="$run/prometheus" --storage.tsdb.retention.time=3y \
    --query.lookback-delta=1d --web.listen-address="127.0.0.1:$1"
  becomes 60 prometheus prometheus_is_ready
}

# Two years of trends, a value for each day: Prometheus takes in what the ledger knows of the time before it scraped.
write_past() {
  local from to
  TZ=UTC printf -v from '%(%F)T' $((EPOCHSECONDS - 2 * 366 * 86400))
  # Not up to now: whoever adds up series would count what is exported and what is scraped.
  TZ=UTC printf -v to '%(%F)T' $((EPOCHSECONDS - 86400))
  start export "$ctl_program" export openmetrics --ledger "$run/ledger.db" --from "$from" \
    --to "$to" --step 1d --prices "$run/history/prices.yaml" \
    --suite "$root/deploy/outcomes/benchmarks.yaml" --to-file "$run/history/past.om"
  wait_for export || fail "The history cannot be exported." export
  unset "pid[export]"
  # promtool reads the file once for each block; blocks of two hours would take hours.
  start blocks promtool tsdb create-blocks-from openmetrics --max-block-duration=729h \
    "$run/history/past.om" "$run/prometheus"
  wait_for blocks || fail "promtool cannot make blocks of the history." blocks
  unset "pid[blocks]"
  rm -- "$run/history/past.om"
}

start_prometheus() {
  command -v prometheus >/dev/null ||
    fail "Prometheus is not installed. Run deploy/install-deps.sh to install it."
  write_past
  write_prometheus_config
  look_for_ports $prometheus_port
  try_prometheus "${ports[0]}" || { stop prometheus && try_prometheus 0; } ||
    fail "Prometheus did not start." prometheus
}

write_grafana_provisioning() {
  local to=$run/provisioning
  mkdir -p "$to/datasources" "$to/dashboards" "$run/dashboards"
  cp -- "$run"/rules/*.json "$run/dashboards/"
  cat >"$to/datasources/prometheus.yaml" <<YAML
apiVersion: 1
datasources:
  - {name: Fleetmeter, type: prometheus, access: proxy, isDefault: true, url: "http://$prometheus",
     jsonData: {timeInterval: 2s}}
YAML
  cat >"$to/dashboards/fleetmeter.yaml" <<YAML
apiVersion: 1
providers:
  - {name: Fleetmeter, folder: Fleetmeter, type: file, options: {path: "$run/dashboards"}}
YAML
}

grafana_is_ready() {
  read -r grafana < <(
    sed -n 's/.*msg="HTTP Server Listen".* address=\([^ ]*\).*/\1/p' "$run/grafana.log") &&
    curl -fs -o "$run/ready" "http://$grafana/api/health"
}

try_grafana() { # COMMAND PORT
  : >"$run/grafana.log"
  start grafana env GF_SERVER_HTTP_ADDR=127.0.0.1 GF_SERVER_HTTP_PORT="$2" \
    GF_PATHS_DATA="$run/grafana" GF_PATHS_LOGS="$run/grafana/log" \
    GF_PATHS_PLUGINS="$run/grafana/plugins" GF_PATHS_PROVISIONING="$run/provisioning" \
    GF_LOG_MODE=console GF_LOG_CONSOLE_FORMAT=text \
    GF_AUTH_ANONYMOUS_ENABLED=true GF_ANALYTICS_REPORTING_ENABLED=false \
    GF_ANALYTICS_CHECK_FOR_UPDATES=false \
    "$1" --homepath "$grafana_home"
  becomes 60 grafana grafana_is_ready
}

# The demo goes on without Grafana if it is not installed or does not start.
start_grafana() {
  grafana=
  local command=grafana-server
  command -v $command >/dev/null || command=$grafana_home/bin/grafana-server
  command -v $command >/dev/null || return 0
  write_grafana_provisioning
  look_for_ports $grafana_port
  try_grafana $command "${ports[0]}" || { stop grafana && try_grafana $command 0; } ||
    {
      stop grafana
      grafana=
      echo "demo: Grafana did not start, and the demo goes on without it. Its last lines are:" >&2
      tail -n 5 -- "$run/grafana.log" >&2
    }
}
