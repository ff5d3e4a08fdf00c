// Alerts about budgets of H100e-hours, of pools and of teams. A budget that is nearly used has one alert and no other.
function(config)
  local n = (import 'names.libsonnet')(config);
  local build = (import 'alert.libsonnet')(config);
  local b = config.budget;
  local percent(ratio) = '%g%%' % (ratio * 100);

  // Of pools, or of teams.
  local used(level) = '%s / %s' % [n.lowest('fleetmeter_%s_budget_used_h100e_seconds' % level), n.highest('fleetmeter_%s_budget_h100e_seconds' % level)];
  local running(level) = '%s > time()' % n.highest('fleetmeter_%s_budget_end_timestamp_seconds' % level);
  local elapsed(level) = '(time() - %(start)s) / (%(end)s - %(start)s)' % {
    start: n.highest('fleetmeter_%s_budget_start_timestamp_seconds' % level),
    end: n.highest('fleetmeter_%s_budget_end_timestamp_seconds' % level),
  };
  // Since a budget of a term stays in the plan when its time is over.
  local nearlyUsed(level) = '(%s > %g and %s)' % [used(level), b.usedRatio, running(level)];
  // When it is gone, as seconds since 1970. What a week of a quarter says is worth more than what an hour does.
  local endsEarly(level) = '(%s and %s and %s >= %g unless %s > %g)' % [
    n.highest('fleetmeter_%s_budget_gone_timestamp_seconds' % level),
    running(level),
    elapsed(level),
    b.elapsedRatio,
    used(level),
    b.usedRatio,
  ];
  local ofBoth(expr) = n.withInfo('%s or %s' % [expr('pool'), expr('team')]);

  local whose = '{{ if $labels.team }}team {{ $labels.team }} in pool {{ $labels.pool }}{{ else }}pool {{ $labels.pool }}{{ end }} ({{ $labels.category }}, {{ $labels.tier }})';
  // Which series a description tells: those of the alert's pool, or of its team.
  local begin = build.inline(|||
    {{ $level := "pool" }}{{ $of := printf "{job=%q,instance=%q,pool=%q}" $labels.job $labels.instance $labels.pool }}{{ if $labels.team }}{{ $level = "team" }}{{ $of = printf "{job=%q,instance=%q,pool=%q,team=%q}" $labels.job $labels.instance $labels.pool $labels.team }}{{ end }}
  |||);
  local told(name, format, scale='') = build.inline(|||
    {{ with printf "fleetmeter_%%s_budget_%s%%s%s" $level $of | query }}{{ . | first | value | %s }}{{ else }}not known{{ end }}
  ||| % [name, scale, format]);
  // People plan in hours.
  local hours(which) = told((if which == '' then '' else which + '_') + 'h100e_seconds', 'printf "%.0f"', ' / 3600');
  local whom = 'Owner: {{ $labels.owner }}. Contact: {{ $labels.contact }}.';
  local dashboard = build.view('pools', '&var-pool={{ $labels.pool | urlquery }}');

  [
    build.alert(
      'FleetmeterBudgetNearlyUsed',
      'warning',
      b['for'],
      ofBoth(nearlyUsed),
      'More than %s of a budget of H100e-hours is used before its time is over.' % percent(b.usedRatio),
      '%sThe budget of %s is {{ $value | humanizePercentage }} used. Left: %s of %s H100e-hours, until %s. It is gone at this pace: %s. %s' % [
        begin,
        whose,
        hours('left'),
        hours(''),
        told('end_timestamp_seconds', 'humanizeTimestamp'),
        told('gone_timestamp_seconds', 'humanizeTimestamp'),
        whom,
      ],
      dashboard,
    ),
    build.alert(
      'FleetmeterBudgetEndsEarly',
      'warning',
      b['for'],
      ofBoth(endsEarly),
      'A budget of H100e-hours will be gone before its time is over.',
      '%sThe budget of %s is gone at {{ $value | humanizeTimestamp }} if it is used as until now. Its time ends at %s. Used: %s of %s H100e-hours. Projected for its end: %s. The books tell %s of its time until now. %s' % [
        begin,
        whose,
        told('end_timestamp_seconds', 'humanizeTimestamp'),
        hours('used'),
        hours(''),
        hours('projected'),
        told('told_ratio', 'humanizePercentage'),
        whom,
      ],
      dashboard,
    ),
  ]
