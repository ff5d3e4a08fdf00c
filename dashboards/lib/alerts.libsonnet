// Alerts about pools, the supply and the daemon's work. Each alert has a fixed summary, a description with labels and a value with its unit, a runbook
// section of its own name and a dashboard. Gauges are bridged over failed scrapes (see names.libsonnet).
function(config)
  local n = (import 'names.libsonnet')(config);
  local build = (import 'alert.libsonnet')(config);
  local alert = build.alert;
  local inline = build.inline;
  local percent(ratio) = '%g%%' % (ratio * 100);

  // A series of the alert's pool inside a description: its value in H100e, or words if it is not known.
  local poolH100e(series, unknown, matcher='') =
    |||
      {{ with printf "%s{job=%%q,instance=%%q,pool=%%q%s}" $labels.job $labels.instance $labels.pool | query }}{{ . | first | value | printf "%%.1f" }} H100e{{ else }}%s{{ end }}
    ||| % [series, std.strReplace(matcher, '"', '\\"'), unknown];

  // What those cost a day, or words if a price is not known.
  local poolUsd =
    |||
      {{ with printf "%s{job=%%q,instance=%%q,pool=%%q}" $labels.job $labels.instance $labels.pool | query }}${{ . | first | value | printf "%%.0f" }}{{ else }}not known{{ end }}
    ||| % n.reclaimableUsd;

  // Who holds most idle chips of the pool, how many, and since when.
  local holder = inline(|||
    {{ with printf "topk(1, fleetmeter_team_idle_h100e{job=%q,instance=%q,pool=%q} > 0)" $labels.job $labels.instance $labels.pool | query }}Most idle: team {{ . | first | label "team" }} with {{ . | first | value | printf "%.1f" }} H100e{{ with printf "fleetmeter_team_idle_since_timestamp_seconds{job=%q,instance=%q,pool=%q,team=%q}" $labels.job $labels.instance $labels.pool (. | first | label "team") | query }}, since {{ . | first | value | humanizeTimestamp }}{{ end }}.{{ else }}No team is known to hold idle chips.{{ end }}
  |||);

  // The pool is underused and full at once: one statement, and not two alerts.
  local full = inline(|||
    {{ with printf "fleetmeter_pool_headroom_h100e{job=%%q,instance=%%q,pool=%%q} < %g * fleetmeter_pool_allocated_h100e{job=%%q,instance=%%q,pool=%%q}" $labels.job $labels.instance $labels.pool $labels.job $labels.instance $labels.pool | query }} The pool has no room left all the same, since its chips are held and idle: ask the holders before you grant more.{{ end }}
  ||| % config.headroom.exhaustedRatio);

  local poolDashboard(name) = build.view(name, '&var-pool={{ $labels.pool | urlquery }}');
  local whom = 'Owner: {{ $labels.owner }}. Contact: {{ $labels.contact }}.';

  local underused = '%s < %g and on (%s) %s >= %g' % [
    n.highest('fleetmeter_pool_utilization_ratio'),
    config.underuse.utilizationRatio,
    n.identity,
    n.lowest('fleetmeter_pool_coverage_ratio'),
    config.coverage.ratio,
  ];

  local pools = [
    // Quiet while coverage is low twice over: by this expression, and by the inhibit rule in
    // alertmanager.example.yml for the minutes in which the two alerts disagree.
    alert(
      'FleetmeterPoolUnderused',
      'warning',
      config.underuse.window,
      n.withInfo(underused),
      'A pool has used less than %s of its allocation for %s.' % [percent(config.underuse.utilizationRatio), config.underuse.window],
      'Pool {{ $labels.pool }} ({{ $labels.category }}, {{ $labels.tier }}) uses {{ $value | humanizePercentage }} of its allocation. What was unused for %s and can be reclaimed: %s. What that costs a day: %s.%s %s %s' % [
        config.underuse.window,
        inline(poolH100e(n.reclaimable, 'not known')),
        inline(poolUsd),
        full,
        holder,
        whom,
      ],
      poolDashboard('pools'),
    ),
    alert(
      'FleetmeterHeadroomExhausted',
      'warning',
      config.headroom['for'],
      // In H100e, so that a pool without an allocation has an answer too. Quiet while the pool is underused, which is
      // the other alert's to say, and while it depends on orphaned chips, which have an alert of their own.
      n.withInfo('%(level)s < %(ratio)g * %(allocated)s and (%(level)s <= 0 or predict_linear(fleetmeter_pool_headroom_h100e%(sel)s[%(window)s], %(horizon)d) < 0) unless on (%(identity)s) (%(underused)s) unless on (%(identity)s) %(uncertain)s > 0' % {
        identity: n.identity,
        underused: underused,
        uncertain: n.highest('fleetmeter_pool_headroom_uncertain_h100e'),
        level: n.highest('fleetmeter_pool_headroom_h100e'),
        allocated: n.highest('fleetmeter_pool_allocated_h100e'),
        ratio: config.headroom.exhaustedRatio,
        sel: n.sel(),
        window: config.headroom.trendWindow,
        horizon: n.horizonSeconds,
      }),
      'A pool has less than %s of its allocation left, and it is gone or will be within %s.' % [percent(config.headroom.exhaustedRatio), config.headroom.horizon],
      'Pool {{ $labels.pool }} ({{ $labels.category }}, {{ $labels.tier }}) has {{ if lt $value 0.0 }}no headroom: its workloads, broken chips and chips that are not heard take %s H100e more than{{ else }}%s H100e of headroom left of{{ end }} its allocation of %s. It may still borrow: %s. %s %s' % [
        build.magnitude,
        build.magnitude,
        inline(poolH100e('fleetmeter_pool_allocated_h100e', 'not known')),
        inline(poolH100e('fleetmeter_pool_borrowable_h100e', 'not known')),
        holder,
        whom,
      ],
      poolDashboard('headroom'),
    ),
    alert(
      'FleetmeterDemandServable',
      'warning',
      config.demand['for'],
      n.withInfo('sum without (room) (%s) > 0' % n.lowest('fleetmeter_pool_demand_servable_h100e')),
      'Requests wait though the pool has room for them, of its own or by borrowing.',
      inline(|||
        Requests for {{ $value | printf "%%.1f" }} H100e wait in pool {{ $labels.pool }} ({{ $labels.category }}, {{ $labels.tier }}) and could start now. Within its headroom: %s. Waiting in all: %s. Oldest wait: {{ with printf "fleetmeter_pool_demand_oldest_wait_seconds{job=%%q,instance=%%q,pool=%%q}" $labels.job $labels.instance $labels.pool | query }}{{ . | first | value | humanizeDuration }}{{ else }}not known{{ end }}. %s
      ||| % [
        inline(poolH100e('fleetmeter_pool_demand_servable_h100e', 'not known', ',room="own"')),
        inline(poolH100e('fleetmeter_pool_demand_h100e', 'not known')),
        whom,
      ]),
      poolDashboard('headroom'),
    ),
    alert(
      'FleetmeterCoverageLow',
      'warning',
      config.coverage['for'],
      n.withInfo('%s < %g' % [n.highest('fleetmeter_pool_coverage_ratio'), config.coverage.ratio]),
      'Less than %s of the chips of a pool are heard from.' % percent(config.coverage.ratio),
      'Of the chips of pool {{ $labels.pool }} ({{ $labels.category }}, {{ $labels.tier }}) only {{ $value | humanizePercentage }} are heard. Nobody can say how much of the pool is used, so FleetmeterPoolUnderused is silent for it. Held by hosts that fell silent: %s. Unaccounted for: %s. Start the collectors of these hosts, or say what became of them. %s' % [
        inline(poolH100e('fleetmeter_pool_unheard_h100e', 'an unknown amount')),
        inline(poolH100e('fleetmeter_pool_unaccounted_h100e', 'an unknown amount')),
        whom,
      ],
      poolDashboard('headroom'),
    ),
  ];

  local supply = [
    alert(
      'FleetmeterSupplyCoverageLow',
      'warning',
      config.coverage['for'],
      '%s < %g' % [n.highest('fleetmeter_supply_coverage_ratio'), config.coverage.ratio],
      'Less than %s of the supply is heard from.' % percent(config.coverage.ratio),
      'The daemon at {{ $labels.instance }} hears {{ $value | humanizePercentage }} of the H100e that it expects. Sums over the fleet miss the rest, and what is held is not compared with the plan. Find out which hosts or collectors stopped.',
      build.view('sources'),
    ),
    alert(
      'FleetmeterSilentSources',
      'warning',
      config.sources['for'],
      '%s / ignoring (state) sum without (state) (%s) > %g' % [
        n.lowest('fleetmeter_sources', 'state="silent"'),
        n.lowest('fleetmeter_sources'),
        config.sources.silentRatio,
      ],
      'More than %s of the sources are silent.' % percent(config.sources.silentRatio),
      '{{ $value | humanizePercentage }} of the sources of the daemon at {{ $labels.instance }} have stopped reporting. What they held counts as unheard: neither free nor busy. Start their collectors, or forget hosts that are gone for good.',
      build.view('sources'),
    ),
  ];

  local chips = '{{ $value | printf "%.1f" }}';
  // One alert for each state that chips can only leave by a statement, however few they are.
  local states = [
    alert(
      'FleetmeterChipsUnaccounted',
      'warning',
      config.sources['for'],
      '%s > 0' % n.lowest('fleetmeter_supply_chips', 'state="unaccounted"'),
      'Chips that were known are not reported any more, and nobody has said what became of them.',
      '%s chips of kind {{ $labels.chip }} ({{ $labels.provider }}) at {{ $labels.instance }} are unaccounted for. They are taken from headroom and count as neither free nor idle. Let their hosts report them again, or lower the supply in the plan if they are gone.' % chips,
      build.view('sources'),
    ),
    alert(
      'FleetmeterSourcesRejected',
      'warning',
      config.sources['for'],
      '%s > 0' % n.lowest('fleetmeter_sources', 'state="rejected"'),
      'Sources are known by rejected reports only.',
      inline(|||
        Sources of the daemon at {{ $labels.instance }} of which every report is rejected: {{ $value }}. Most frequent reason: {{ with printf "topk(1, rate(fleetmeter_ingest_rejected_reports_total{job=%%q,instance=%%q}[%s]))" $labels.job $labels.instance | query }}{{ . | first | label "reason" }}{{ else }}not known{{ end }}. What they hold is neither free nor known.
      ||| % config.ingest.rateWindow),
      build.view('sources'),
    ),
    alert(
      'FleetmeterChipsOrphaned',
      'warning',
      config.sources['for'],
      '%s > 0' % n.lowest('fleetmeter_orphaned_h100e'),
      'Chips are held under a pool that the plan does not know.',
      'Sources of the daemon at {{ $labels.instance }} hold %s H100e under pool {{ $labels.pool }}, which the plan in force does not know. They are taken from the headroom of every pool. If the pool was renamed or dropped, tell the collectors the new name, or put the old name back into the plan.' % chips,
      build.view('sources'),
    ),
    alert(
      'FleetmeterMoreHeardThanDeclared',
      'warning',
      config.sources['for'],
      'sum without (state) (%s) - %s >= %g' % [
        n.lowest('fleetmeter_supply_chips', 'state=~"assigned|orphaned|reserved|unassigned|unhealthy"'),
        n.highest('fleetmeter_supply_declared_chips'),
        config.sources.excessChips,
      ],
      'More chips are heard than the plan declares.',
      inline(|||
        Live sources of the daemon at {{ $labels.instance }} report %s chips of kind {{ $labels.chip }} ({{ $labels.provider }}) more than the plan declares. Hosts that report under two names count twice. Suspects: {{ range printf "topk(5, fleetmeter_suspect_source_info{job=%%q,instance=%%q})" $labels.job $labels.instance | query }}{{ .Labels.source }} and {{ .Labels.other }}; {{ else }}none by name; {{ end }}otherwise the plan declares too little.
      ||| % chips),
      build.view('supply'),
    ),
  ];

  local daemon = [
    build.ofNoDaemon(alert(
      'FleetmeterAbsent',
      'critical',
      config.daemon['for'],
      'absent(up%s) or %s == 0' % [n.sel(), n.highest('up')],
      'Prometheus has no answer from fleetmeterd.',
      'No scrape of {{ $labels.job }}{{ with $labels.instance }} at {{ . }}{{ end }} has succeeded for %s. Every Fleetmeter number is missing, and no other Fleetmeter alert can fire. Look whether fleetmeterd runs on its host. Its package has this runbook as RUNBOOK.md, since the daemon cannot serve it now.' % config.scrapeGap,
    )),
    alert(
      'FleetmeterLedgerCommitsFailing',
      'critical',
      config.daemon['for'],
      'increase(fleetmeter_ledger_commit_failures_total%s[%s]) > 0' % [n.sel(), config.ingest.rateWindow],
      'The ledger refuses commits.',
      '{{ $value | humanize }} commits failed at {{ $labels.instance }} in %s. Their reports are not counted and not acknowledged; collectors keep them in their spools.' % config.ingest.rateWindow,
    ),
    alert(
      'FleetmeterReloadFailed',
      'warning',
      config.daemon['for'],
      '%s and on (job, instance) %s == 0' % [
        n.highest('fleetmeter_config_last_reload_success_timestamp_seconds'),
        n.highest('fleetmeter_config_last_reload_successful'),
      ],
      'The last reload of configuration, catalog or plans was refused.',
      'The daemon at {{ $labels.instance }} keeps the configuration that it loaded at {{ $value | humanizeTimestamp }}.',
    ),
    alert(
      'FleetmeterReportsRejected',
      'warning',
      config.ingest['for'],
      'sum without (result) (rate(fleetmeter_ingest_reports_total%s[%s])) / sum without (result) (rate(fleetmeter_ingest_reports_total%s[%s])) > %g' % [
        n.sel('result="rejected"'),
        config.ingest.rateWindow,
        n.sel(),
        config.ingest.rateWindow,
        config.ingest.rejectedRatio,
      ],
      'More than %s of the reports are rejected.' % percent(config.ingest.rejectedRatio),
      inline(|||
        {{ $value | humanizePercentage }} of the reports to {{ $labels.instance }} are rejected. Most frequent reason: {{ with printf "topk(1, rate(fleetmeter_ingest_rejected_reports_total{job=%%q,instance=%%q}[%s]))" $labels.job $labels.instance | query }}{{ . | first | label "reason" }}{{ else }}not known{{ end }}. What they say is not counted.
      ||| % config.ingest.rateWindow),
      build.view('sources'),
    ),
    // One source is enough: its pool lacks it, however many others there are.
    alert(
      'FleetmeterReportsDeferred',
      'warning',
      config.ingest['for'],
      '%s > 0' % n.lowest('fleetmeter_ingest_deferred_sources'),
      'Reports are deferred, since somebody has to mend a plan, the catalog or a clock.',
      'Reports of {{ $value }} sources to {{ $labels.instance }} are deferred. Reason: {{ $labels.reason }}{{ with $labels.pool }}, pool {{ . }}{{ end }}. Their collectors keep them, and they are counted when it is mended. Until then what they say is missing.',
      build.view('sources'),
    ),
    alert(
      'FleetmeterQueueNearlyFull',
      'warning',
      config.ingest['for'],
      '%s / %s > %g' % [
        n.lowest('fleetmeter_ingest_queue_reports'),
        n.highest('fleetmeter_ingest_queue_limit_reports'),
        config.ingest.queueRatio,
      ],
      'More than %s of the ingest queue is taken.' % percent(config.ingest.queueRatio),
      'The ingest queue of {{ $labels.instance }} is {{ $value | humanizePercentage }} full. When it is full, reports are refused and stay in the spools of the collectors.',
    ),
  ];

  [
    { name: 'fleetmeter_pool_alerts', rules: pools },
    { name: 'fleetmeter_budget_alerts', rules: (import 'budget_alerts.libsonnet')(config) },
    { name: 'fleetmeter_supply_alerts', rules: supply },
    { name: 'fleetmeter_state_alerts', rules: states },
    { name: 'fleetmeter_daemon_alerts', rules: daemon },
  ] + (import 'plan_alerts.libsonnet')(config) + (import 'requests_alerts.libsonnet')(config) + (import 'outcomes_alerts.libsonnet')(config) + (import 'self_alerts.libsonnet')(config)
