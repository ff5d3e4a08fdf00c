# Part of deploy/demo.sh: requests for capacity as teams have made them, and the cycle of a meeting.
#
# research-post-training is allocated 96 H100e. One grant of it is active, two requests within the
# allocation wait for the pool's owner, and one beyond it waits for the capacity team.

readonly granted_request=rl-rollouts-week beyond_request=rl-frontier-run

ctl() { "$ctl_program" --address "$query" "$@"; }

# Told of in requests.log.
request() { # ARGUMENTS...
  echo "--- request $*" >>"$run/requests.log"
  ctl request "$@" >>"$run/requests.log" 2>&1 || fail "The request cannot be made." requests
}

# Sets `hour` to a full hour of UTC.
full_hour() { # HOURS_FROM_NOW
  TZ=UTC printf -v hour '%(%FT%H:00Z)T' $((EPOCHSECONDS + $1 * 3600))
}

# Sets `day` to a date.
date_in() { # DAYS
  TZ=UTC printf -v day '%(%F)T' $((EPOCHSECONDS + $1 * 86400))
}

# What the team of the grant held of it in the last hours: the collector replays a day that goes by
# in minutes, and so the books would know of the grant's use only an hour from now.
write_used_hours() { # FIRST_HOUR
  local from to hours_ago
  echo "start,end,chip,chip_hours,pool,team,workload,workload_type,run,signal,busy_chip_hours"
  for ((hours_ago = $1; hours_ago > 0; hours_ago--)); do
    full_hour -"$hours_ago" && from=$hour
    full_hour -$((hours_ago - 1)) && to=$hour
    echo "$from,$to,b200,12,research-post-training,rl,rl-rollouts,rl,rl-9,gr_engine_active,10.2"
  done
}

# Asked for, amended, and granted by the owner of the pool.
make_grant() {
  local hour
  full_hour -6
  request ask --id $granted_request --pool research-post-training --team rl --chip b200 --chips 24 \
    --start "$hour" --for 7d --workload rl-rollouts --workload-type rl --run rl-9 \
    --nature company_goal --goal 'Flagship 5' --note 'Rollouts of the run rl-9'
  request ask --id $granted_request --amend --chips 16 --reason 'The shorter rollouts need less'
  request rank --pool research-post-training --nature company_goal \
    --order rl-rollouts,reward-models --reason 'Reward models wait for rollouts'
  request decide $granted_request --grant all --reason 'It fits, and Flagship 5 needs it'
  write_used_hours 6 >"$run/history/used_hours.csv"
  import_file usage used_hours.csv --source demo-rollouts
}

# Within the allocation: the pool's owner decides.
ask_within() {
  local hour day
  full_hour 24
  date_in 180
  request ask --id feature-maps-sweep --pool research-post-training --team interpretability \
    --chip tpu_v5p --chips 8 --start "$hour" --for 14d --workload feature-maps \
    --workload-type sweep --run maps-2 --nature growth_bet --roi-gain efficiency \
    --roi-expected 400K --roi-low 100K --roi-high 900K --roi-confidence 80% --roi-by "$day"
  request ask --id reward-models-retrain --pool research-post-training --team preferences \
    --chip trainium2 --chips 12 --start "$hour" --for 3d --workload reward-models \
    --workload-type finetune --run rm-5 --nature critical --note 'The labels had a mistake'
}

# Beyond it: the capacity team decides. The form is a file, which people may look at.
ask_beyond() {
  local hour day
  full_hour 0
  date_in 90
  cat >"$run/form.yaml" <<YAML
id: $beyond_request
pool: research-post-training
team: rl
chip: b200
chips: 4
start: $hour
for: 14d
workload: rl-rollouts
workload_type: rl
run: rl-9
nature: company_goal
goal: Flagship 5
beyond_allocation: true
trade_off: The buffer of flexible capacity is nearly gone until the run ends.
roi: {gain: revenue, expected: 1.5M, low: 0.8M, high: 2.5M, confidence: 90%, by: $day}
YAML
  request check --file "$run/form.yaml"
  request ask --file "$run/form.yaml"
  cat >"$run/decisions.yaml" <<YAML
reason: The demo's allocation meeting
decisions:
  - {request: $beyond_request, grant: all}
  - {request: reward-models-retrain, grant: all}
  - request: feature-maps-sweep
    decline: true
    reason: Its gain is far off, and the rollouts come first
YAML
}

prepare_requests() {
  make_grant
  ask_within
  ask_beyond
}

print_requests() {
  local ctl="'$ctl_program' --address $query"
  cat <<TEXT
requests       $ctl request list
               $ctl request show $beyond_request
the meeting    $ctl request rank
               $ctl report allocation --to '$run/meeting.html'   (for a browser)
               $ctl request decide --file '$run/decisions.yaml'
the next plan  $ctl plan compile --decided --plan '$demo/plan.yaml' \\
                   --catalog '$demo/catalog.yaml' --to '$run/next-plan.yaml' \\
                   --effective-from "\$(date -u +%FT%TZ)"
               sed -i 's|/plan.yaml$|&\\n- $run/next-plan.yaml|' '$run/fleetmeterd.yaml'
               $ctl plan show   (the daemon loads it by itself)
               $ctl request grants
               $ctl request results
In the report, pools may hold more than they are allocated: the recording runs 60 times as fast as
time. What is beyond an allocation stands apart there, and is no use of it.
TEXT
}

next_plan_in_force() {
  ctl plan show --output json >"$run/plan.json" 2>>"$run/requests.log" &&
    grep -q '"plan_version": 2,' "$run/plan.json"
}

# However much the recording's pools hold, none holds more of its allocation than all of it, and no
# grant is used by more.
verify_report() {
  ctl report allocation --output json --to "$run/meeting.json" >>"$run/requests.log" 2>&1 ||
    fail "The report for the meeting cannot be made as JSON." requests
  run_python "$run/meeting.json" <<'PYTHON' ||
import json, sys
sections = json.load(open(sys.argv[1], encoding="utf-8"))["sections"]
ratios = [row[key] for section, table, key in (("underused", "underused_pools", "held_ratio"),
                                               ("came", "grants", "used_ratio"))
          for row in sections[section]["tables"][table]["rows"] if row[key] is not None]
assert all(0 <= ratio <= 1 for ratio in ratios), ratios
requests = sections["committee"]["tables"]["committee_requests"]["rows"]
assert requests and all(not row["fits"].startswith("not known") for row in requests), requests
new = sections["changes"]["tables"]["recorded_versions"]["rows"]
assert {"plan", "catalog"} <= {row["what"].split()[0] for row in new}, new
PYTHON
    fail "The report for the meeting has numbers that cannot be." requests
}

# The same as the commands that are printed.
verify_requests() {
  local now
  request rank
  ctl report allocation --to "$run/meeting.html" >>"$run/requests.log" 2>&1 ||
    fail "The report for the meeting cannot be made." requests
  grep -q $beyond_request "$run/meeting.html" || fail "The report does not have the request."
  verify_report
  request decide --file "$run/decisions.yaml"
  TZ=UTC printf -v now '%(%FT%TZ)T' -1
  ctl plan compile --decided --plan "$demo/plan.yaml" --catalog "$demo/catalog.yaml" \
    --to "$run/next-plan.yaml" --effective-from "$now" >>"$run/requests.log" 2>&1 ||
    fail "The next plan cannot be compiled." requests
  sed -i "s|/plan.yaml$|&\n- $run/next-plan.yaml|" "$run/fleetmeterd.yaml"
  becomes 60 fleetmeterd next_plan_in_force ||
    fail "The daemon has not loaded the next plan." requests fleetmeterd
  ctl request grants --output json >"$run/grants.json" 2>>"$run/requests.log" ||
    fail "The grants cannot be shown." requests
  run_python "$run/plan.json" "$run/grants.json" "$granted_request" "$beyond_request" <<'PYTHON' ||
import json, sys
plan, grants = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])
pools = {pool["pool"]: pool["allocated_h100e"] for pool in plan["pools"]}
assert pools["research-post-training"] == 108, pools
used = {grant["request"]["form"]["request_id"]: grant for grant in grants["grants"]}
granted, beyond = (used[name] for name in sys.argv[3:])
# 12 of 16 chips in each hour that is told.
assert granted["used_ratio"] is not None and abs(granted["used_ratio"] - 0.75) < 0.01, granted
assert beyond["request"]["state"] == "active", beyond
assert beyond["used_ratio"] is None, beyond
PYTHON
    fail "Grants, or the plan made from them, are not as they must be." requests
}
