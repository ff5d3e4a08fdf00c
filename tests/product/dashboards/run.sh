#!/bin/sh
# All checks of the dashboards: rendering, promtool, the lint, amtool, and queries of a stand-in.
set -u
cd "$(dirname -- "$0")" || exit 2
dash=../../../dashboards
passed=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

step() { # WHAT COMMAND...
  what=$1
  shift
  if "$@" >"$scratch/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $what"
  else
    failed=$((failed + 1))
    echo "FAIL  $what"
    sed 's/^/      /' "$scratch/log"
  fi
}

route() { # RECEIVER LABEL=VALUE...
  receiver=$1
  shift
  step "route $* -> $receiver" amtool config routes test \
    --config.file=$dash/alertmanager.example.yml --verify.receivers="$receiver" "$@"
}

# A threshold changed in _config must change in alerts and panels alike, and leave no copy behind.
# It is 0.4375 because jsonnet prints 17 digits, and that number has no more.
one_config() {
  $dash/render.sh --config '{underuse+: {utilizationRatio: 0.4375}}' "$scratch/config" &&
    grep -q '< 0.4375 and' "$scratch/config/alerts.yaml" &&
    grep -q '43.75%' "$scratch/config/alerts.yaml" &&
    grep -q '"value": 0.4375' "$scratch/config/headroom.json" &&
    ! grep -E '< 0\.5 and|50%' "$scratch/config/alerts.yaml" &&
    ! grep -E '"value": 0\.50*$' "$scratch/config/headroom.json"
}

short_windows() {
  $dash/render.sh --demo "$scratch/demo" &&
    promtool check rules "$scratch/demo/rules.yaml" "$scratch/demo/alerts.yaml" &&
    grep -q 'for: 1m' "$scratch/demo/alerts.yaml" && ! grep '30m' "$scratch"/demo/*
}

# A setting of a group leaves the others of the group as they are; a name that there is not is named.
merges() {
  $dash/render.sh --config '{underuse: {window: "2h"}}' "$scratch/merged" &&
    grep -q 'min2h' "$scratch/merged/rules.yaml" && grep -q '< 0.5 and' "$scratch/merged/alerts.yaml" &&
    ! $dash/render.sh --config '{underuse: {windo: "2h"}}' "$scratch/refused" 2>"$scratch/why" &&
    grep -q 'there is no setting underuse.windo; expected one of:.*underuse.window' "$scratch/why" &&
    ! $dash/render.sh --config '{underuse: "2h"}' "$scratch/refused" 2>"$scratch/why" &&
    grep -q 'underuse is a group of settings' "$scratch/why" &&
    ! $dash/render.sh --config '{underuse: {window: 2}}' "$scratch/refused" 2>"$scratch/why" &&
    grep -q 'the setting underuse.window is a number; expected a string' "$scratch/why"
}

step "rendered files are fresh" $dash/render.sh --check
step "one _config feeds alerts and panels" one_config
step "demo windows" short_windows
step "promtool check rules" promtool check rules \
  $dash/rendered/rules.yaml $dash/rendered/alerts.yaml
for test in rules/*_test.yaml; do
  step "promtool test rules $test" promtool test rules "$test"
done
step "settings merge, and unknown ones are refused" merges
step "dashboards are as Grafana's model has them" /usr/bin/python3 dashboard_schema.py
step "lint, and the lint's own test" /usr/bin/python3 lint.py --self-test
step "amtool check-config" amtool check-config $dash/alertmanager.example.yml
route capacity alertname=FleetmeterPoolUnderused severity=warning pool=a
route capacity alertname=FleetmeterHeadroomExhausted severity=warning pool=a
route capacity alertname=FleetmeterCriticalRequestUndecided severity=warning pool=a
route capacity alertname=FleetmeterGrantUsedInPart severity=warning pool=a
route capacity alertname=FleetmeterGrantEndsInUse severity=warning pool=a
route capacity alertname=FleetmeterPoolOvercommitted severity=warning pool=a
route capacity alertname=FleetmeterRequestExpired severity=warning pool=a
route capacity alertname=FleetmeterBudgetEndsEarly severity=warning pool=a team=b
route capacity alertname=FleetmeterBudgetNearlyUsed severity=warning pool=a
route capacity alertname=FleetmeterPlanShareDrift severity=warning category=research
route capacity alertname=FleetmeterBufferConsumed severity=warning
route capacity alertname=FleetmeterMarginPerRequestDeclining severity=warning reason=margin_yoy
route capacity alertname=FleetmeterCapabilityPerHourDeclining severity=warning
route operators alertname=FleetmeterRequestsUnpriced severity=warning model=a
route operators alertname=FleetmeterBenchmarkSaturated severity=info benchmark=a
route pager alertname=FleetmeterP0BelowGuarantee severity=critical
route pager alertname=FleetmeterAbsent severity=critical
route pager alertname=FleetmeterLedgerCommitsFailing severity=critical
route pager alertname=FleetmeterUnhealthy severity=critical
route operators alertname=FleetmeterCoverageLow severity=warning
route operators alertname=FleetmeterCertificateExpires severity=warning
route operators alertname=FleetmeterCollectorBehind severity=warning instance=host-a
step "Alertmanager inhibits underuse while coverage is low" \
  /usr/bin/python3 inhibit_test.py $dash/alertmanager.example.yml
step "Alertmanager sends one message for each owner" \
  /usr/bin/python3 owners_test.py $dash/alertmanager.example.yml
step "live queries on a stand-in for the daemon" /usr/bin/python3 live_fake_test.py

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
