// Alerts about requests for capacity and grants. None of them is critical: a decision is taken by people in their
// hours, and what P0 lacks meanwhile has an alert of its own that is.
function(config)
  local n = (import 'names.libsonnet')(config);
  local build = (import 'alert.libsonnet')(config);
  local r = config.requests;
  local percent(ratio) = '%g%%' % (ratio * 100);

  // A pool that a new plan has dropped has no owner, and its requests and grants are there all the same.
  local withInfoIfAny(expr) = '%s or (%s) unless on (%s) %s' % [n.withInfo(expr), expr, n.identity, n.info];
  local pool = 'pool {{ $labels.pool }}{{ with $labels.category }} ({{ . }}, {{ $labels.tier }}){{ end }}';
  local whom = '{{ with $labels.owner }}Owner: {{ . }}. Contact: {{ $labels.contact }}.{{ else }}The plan in force does not have this pool.{{ end }}';

  local dashboard = build.view('requests', '&var-pool={{ $labels.pool | urlquery }}');
  local h100e(series, labels, unknown='not known') = std.strReplace(build.told(series, 'value | printf "%.1f H100e"', labels), 'not known', unknown);
  local ofGrant = ['pool', 'team', 'request'];

  // How many requests of the alert's pool and nature are in these states.
  local count(states) = build.inline(|||
    {{ with printf "sum(fleetmeter_capacity_requests{job=%%q,instance=%%q,pool=%%q,nature=%%q,state=~\"%s\"})" $labels.job $labels.instance $labels.pool $labels.nature | query }}{{ . | first | value | printf "%%.0f" }}{{ else }}not known{{ end }}
  ||| % states);

  // The team may not hold its chips because others do: then it is not the team that has to give any back.
  local whatToAsk = build.inline(|||
    {{ with printf "fleetmeter_team_demand_h100e{job=%q,instance=%q,pool=%q,team=%q} > 0" $labels.job $labels.instance $labels.pool $labels.team | query }}Its jobs wait for {{ . | first | value | printf "%.1f" }} H100e, so look first at who holds the chips of the pool.{{ else }}Ask the team to release what it does not need.{{ end }}
  |||);
  // Underuse has an alert of its own: what is said here must not call for more chips then.
  local underused = build.inline(|||
    {{ with printf "fleetmeter_pool_utilization_ratio{job=%%q,instance=%%q,pool=%%q} < %g" $labels.job $labels.instance $labels.pool | query }} The pool uses only {{ . | first | value | humanizePercentage }} of its allocation all the same: end grants that are not used before you raise it.{{ end }}
  ||| % config.underuse.utilizationRatio);

  local waited = 'time() - %s' % n.highest('fleetmeter_capacity_oldest_open_request_timestamp_seconds', 'nature="critical"');
  local heard = 'and on (%s) %s >= %g' % [n.identity, n.lowest('fleetmeter_pool_coverage_ratio'), config.coverage.ratio];
  local endsSoon = '%s - time() < %d' % [n.highest('fleetmeter_grant_end_timestamp_seconds'), n.endsWithinSeconds];
  local uncovered = '%s - on (%s, team) group_right () %s' % [
    n.lowest('fleetmeter_team_assigned_h100e'),
    n.identity,
    n.highest('fleetmeter_grant_covered_after_h100e'),
  ];
  local expiredFor = 'time() - %s' % n.highest('fleetmeter_capacity_latest_expired_timestamp_seconds');

  local rules = [
    build.alert(
      'FleetmeterCriticalRequestUndecided',
      'warning',
      r['for'],
      withInfoIfAny('%s > %d' % [waited, n.criticalUndecidedSeconds]),
      'A critical request for capacity has waited more than %s to be decided.' % r.criticalUndecided,
      'Request {{ $labels.request }} of team {{ $labels.team }} for %s has waited {{ $value | humanizeDuration }} to be decided. Open critical requests of the pool: %s. The owner decides what is within the allocation, and the capacity team what is beyond it. %s' % [
        pool,
        count('submitted|ranked'),
        whom,
      ],
      dashboard,
    ),
    // Quiet while coverage is low twice over, as underuse is: by this expression and by the inhibit rule. The daemon
    // says nothing either of a week of which too little was told.
    build.alert(
      'FleetmeterGrantUsedInPart',
      'warning',
      r.usedFor,
      n.withInfo('%s < %g %s' % [n.highest('fleetmeter_grant_week_used_ratio', 'request!="overflow"'), r.usedRatio, heard]),
      'A team held less than %s of its grant over the last week.' % percent(r.usedRatio),
      'Team {{ $labels.team }} held {{ $value | humanizePercentage }} of its grant {{ $labels.request }} in %s over the last week. Granted: %s. Held in the last full hour: %s. %s %s' % [
        pool,
        h100e('fleetmeter_grant_h100e', ofGrant),
        h100e('fleetmeter_grant_used_h100e', ofGrant),
        whatToAsk,
        whom,
      ],
      dashboard,
    ),
    build.alert(
      'FleetmeterGrantEndsInUse',
      'warning',
      r['for'],
      withInfoIfAny('(%s) > 0 and on (%s, team, request) %s' % [uncovered, n.identity, endsSoon]),
      'A grant ends within %s, and its team holds chips that no other grant covers.' % r.endsWithin,
      'Grant {{ $labels.request }} of team {{ $labels.team }} in %s ends at %s. The team holds {{ $value | printf "%%.1f" }} H100e beyond what its other grants cover then. Nothing stops its workloads: let the team ask anew, or end them. %s' % [
        pool,
        build.told('fleetmeter_grant_end_timestamp_seconds', 'value | humanizeTimestamp', ofGrant),
        whom,
      ],
      dashboard,
    ),
    build.alert(
      'FleetmeterPoolOvercommitted',
      'warning',
      r['for'],
      withInfoIfAny('-%s > %g' % [n.highest('fleetmeter_capacity_uncommitted_h100e'), r.beyondH100e]),
      'The grants of a pool promise more than the plan allocates to it.',
      'Grants of %s promise {{ $value | printf "%%.1f" }} H100e more than is allocated to it. Allocated: %s. Take what was decided into the plan, or end grants.%s %s' % [
        pool,
        h100e('fleetmeter_pool_allocated_h100e', ['pool'], 'nothing'),
        underused,
        whom,
      ],
      dashboard,
    ),
    build.alert(
      'FleetmeterRequestExpired',
      'warning',
      r['for'],
      withInfoIfAny('%s < %d' % [expiredFor, n.expiredToldSeconds]),
      'The time of a request for capacity was over before anybody decided about it.',
      'A request for %s of nature {{ $labels.nature }} expired {{ $value | humanizeDuration }} ago and was never decided. Expired requests of that pool and nature: %s. Let the team ask anew or take it back. %s' % [
        pool,
        count('expired'),
        whom,
      ],
      dashboard,
    ),
  ];
  [{ name: 'fleetmeter_requests_alerts', rules: rules }]
