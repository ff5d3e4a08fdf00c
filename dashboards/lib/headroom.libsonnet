// Fleetmeter / Headroom: can I admit this grant now, when do I run out, whom do I ask?
local g = import 'grafana.libsonnet';

function(config)
  local n = (import 'names.libsonnet')(config);
  local cluster = config.clusterLabel;
  local h = config.headroom;

  local basis = (import 'basis.libsonnet')(config);
  local pools = basis.pools;
  local teams(metric) = pools(metric, ', team=~"$team"');
  local total(metric) = 'sum(%s)' % pools(metric);

  // One row of a table for each set of these labels.
  local row(expr, labels) =
    'max by (%s) (%s)' % [std.join(', ', [cluster] + labels), n.withInfo(expr, pools(n.info))];

  // The `count` pools with the lowest `rank` at the end of the time range, over the whole of it.
  local lowest(metric, count, rank) = '%s and on (%s) bottomk(%d, %s)' % [pools(metric), n.identity, count, rank];

  local runbook = basis.runbook;

  local colours = {
    underuse: g.thresholds('red', [['green', config.underuse.utilizationRatio]]),
    coverage: g.thresholds('red', [['green', config.coverage.ratio]]),
    headroom: g.thresholds('red', [['green', h.exhaustedRatio]]),
    exhaustion: g.thresholds('red', [['green', n.horizonSeconds]]),
  };

  local poolLabel = g.label('pool', 'Pool', g.link(
    'Only this pool',
    '/d/fleetmeter-headroom?var-pool=${__value.raw}&${cluster:queryparam}&${ask:queryparam}&${datasource:queryparam}&${__url_time_range}'
  ));
  local whom = [g.label('owner', 'Owner'), g.label('contact', 'Contact')];
  local daemon = g.label(cluster, 'Daemon');

  // ---- stats

  local now(metric, legend='') = g.query(total(metric), legend, instant=true);

  local stats = [
    g.stat('Allocated', 'What the plan in force grants to the chosen pools.', [now('fleetmeter_pool_allocated_h100e')], g.h100e),
    g.stat('Assigned', 'Held by workloads of the chosen pools, from live sources. Held is not used.', [now(n.assigned)], g.h100e),
    g.stat('Busy', 'What is measured to work of the assigned H100e (fleetmeter_pool_busy_h100e). Pools that nothing measures are not in this sum.', [now(n.busy)], g.h100e),
    g.stat(
      'Headroom now',
      'What the chosen pools can still admit (fleetmeter_pool_headroom_h100e), in H100e and as part of their allocation. It is negative when they hold more than they are granted. Red below %g of the allocation, as FleetmeterHeadroomExhausted.' % h.exhaustedRatio,
      [
        now('fleetmeter_pool_headroom_h100e', 'headroom'),
        g.query('%s / (%s > 0)' % [total('fleetmeter_pool_headroom_h100e'), total('fleetmeter_pool_allocated_h100e')], 'of the allocation', instant=true),
      ],
      g.h100e
    ) + runbook('FleetmeterHeadroomExhausted') + {
      fieldConfig+: { overrides: [{
        matcher: { id: 'byName', options: 'of the allocation' },
        properties: [{ id: 'unit', value: g.ratio }, { id: 'thresholds', value: colours.headroom }],
      }] },
    },
    g.stat(
      'Utilization',
      'Busy H100e as part of the allocation that is heard from (fleetmeter_pool_utilization_ratio). Both are summed over the chosen pools whose utilization is known, and then divided. There is no data while none is known. Red below %g, as FleetmeterPoolUnderused.' % config.underuse.utilizationRatio,
      [g.query('%s / %s' % [total(n.knownBusy), total(n.knownAllocated)], instant=true)],
      g.ratio
    ) + runbook('FleetmeterPoolUnderused') + { fieldConfig+: { defaults+: { thresholds: colours.underuse } } },
    g.stat(
      'Lowest coverage',
      'Coverage of the chosen pool that is heard from least (fleetmeter_pool_coverage_ratio). Below %g utilization is not known and FleetmeterCoverageLow fires.' % config.coverage.ratio,
      [g.query('min(%s)' % pools('fleetmeter_pool_coverage_ratio'), instant=true)],
      g.ratio
    ) + runbook('FleetmeterCoverageLow') + { fieldConfig+: { defaults+: { thresholds: colours.coverage } } },
  ];

  // ---- can I admit it?

  local headroom = pools('fleetmeter_pool_headroom_h100e');
  local own = 'clamp_min(%s, 0)' % headroom;
  local grant = '(%s + %s or %s)' % [own, pools('fleetmeter_pool_borrowable_h100e'), own];
  // As the command answers: unknown where too little is heard, but no for more than is ever granted.
  local allocated = pools('fleetmeter_pool_allocated_h100e');
  local uncertain = '%s < $ask and %s + %s >= $ask' % [headroom, headroom, pools('fleetmeter_pool_headroom_uncertain_h100e')];
  local admits = '((%s >= bool $ask) + (%s >= bool $ask) unless (%s)) and %s >= %g or 0 * (%s < $ask) or 3 + 0 * %s' % [
    headroom,
    grant,
    uncertain,
    pools('fleetmeter_pool_coverage_ratio'),
    config.coverage.ratio,
    allocated,
    allocated,
  ];
  local admitRow(expr) = g.query(row(expr, ['pool', 'owner', 'contact']), table=true);

  local admit = g.table(
    'Which pools admit $ask H100e now',
    'The answer for the number in the field "Ask". Own: the headroom of the pool takes it. Borrowing: headroom and what other pools lend take it together. No: ask the owner. Unknown: less than %g of the chips that the pool could use are heard from, or chips that may be the pool\'s are held under a name that the plan does not know. fleetmeterctl headroom answers the same. Chips that are not heard from count as taken.' % config.coverage.ratio,
    [
      poolLabel,
      g.column('Admits it', admitRow(admits), 'short', g.mapped([{
        type: 'value',
        options: {
          '0': { text: 'no', color: 'red', index: 0 },
          '1': { text: 'yes, borrowing', color: 'orange', index: 1 },
          '2': { text: 'yes, own', color: 'green', index: 2 },
          '3': { text: 'unknown', color: 'yellow', index: 3 },
        },
      }]) + [{ id: 'custom.cellOptions', value: { type: 'color-text' } }]),
      g.column('Largest grant', admitRow(grant), g.h100e, g.decimals(1)),
      g.column('Short by', admitRow('clamp_min($ask - %s, 0)' % grant), g.h100e, g.decimals(1)),
      g.column('Headroom', admitRow(headroom), g.h100e, g.decimals(1)),
      g.column('Borrowable', admitRow(pools('fleetmeter_pool_borrowable_h100e')), g.h100e, g.decimals(1)),
      g.column('Coverage', admitRow(pools('fleetmeter_pool_coverage_ratio')), g.ratio, g.coloured(colours.coverage)),
    ] + whom + [daemon],
    'Largest grant',
    descending=true
  );

  // ---- when do I run out?

  local tightest = config.dashboard.lines - 1;
  local headroomGraph = g.graph(
    'Headroom of the %d tightest pools' % tightest,
    'Pools whose lowest headroom in the time range is lowest, beside the number in the field "Ask". A pool under the line of the ask cannot take it from its own allocation. Gaps are missing data.',
    [
      g.query(lowest('fleetmeter_pool_headroom_h100e', tightest, 'min_over_time(%s[$__range] @ end())' % headroom), '{{pool}}'),
      g.query('$ask + 0 * max(%s)' % headroom, 'ask'),
    ],
    g.h100e
  ) + runbook('FleetmeterHeadroomExhausted') + {
    fieldConfig+: { overrides: [{
      matcher: { id: 'byName', options: 'ask' },
      properties: [
        { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
        { id: 'color', value: { mode: 'fixed', fixedColor: 'text' } },
      ],
    }] },
  };

  local overPeak(f) = '%s%s[%s:])' % [f, total(n.assigned), h.peakWindow];
  local peakGraph = g.graph(
    'Peak beside average',
    'Assigned H100e of the chosen pools: 95th percentile and average over %s, beside the allocation. A peak near the allocation while the average is low calls for smoothing, not for more chips.' % h.peakWindow,
    [
      g.query(total('fleetmeter_pool_allocated_h100e'), 'allocated'),
      g.query(overPeak('quantile_over_time(0.95, '), 'assigned, p95'),
      g.query(overPeak('avg_over_time('), 'assigned, average'),
    ],
    g.h100e
  );

  // Not shrinking is an answer, and not the same as no data. It sorts behind every date.
  local never = 1e9;
  local runsOut = '%s or %d + 0 * (%s >= 0)' % [pools(n.exhaustion), never, pools(n.slope)];
  local runsOutText = g.mapped([
    { type: 'range', options: { from: never, to: null, result: { text: 'not shrinking', color: 'green', index: 0 } } },
    { type: 'range', options: { from: 365 * 86400, to: never, result: { text: 'over a year', color: 'green', index: 1 } } },
    { type: 'special', options: { match: 'null+nan', result: { text: 'no data', color: 'text', index: 2 } } },
  ]);
  local poolRow(expr) = g.query(row(expr, ['pool', 'category', 'tier', 'owner', 'contact']), table=true);
  local poolMetric(metric) = poolRow(pools(metric));

  local poolTable = g.table(
    'Pools',
    'One row for each pool. Runs out in: headroom over its speed of shrinking in the last %s. Reclaimable: granted and unused through %s. No data in a cell means that the number is not known.' % [h.trendWindow, config.underuse.window],
    [
      poolLabel,
      g.column('Runs out in', poolRow(runsOut), 's', runsOutText + g.coloured(colours.exhaustion)),
      g.column('Headroom', poolMetric('fleetmeter_pool_headroom_h100e'), g.h100e, g.decimals(1)),
      g.column('Of allocation', poolRow('%s / (%s > 0)' % [headroom, pools('fleetmeter_pool_allocated_h100e')]), g.ratio, g.coloured(colours.headroom)),
      g.column('In ' + h.horizon, poolMetric(n.predicted), g.h100e, g.decimals(1)),
      g.column('Utilization', poolMetric('fleetmeter_pool_utilization_ratio'), g.ratio, g.coloured(colours.underuse)),
      g.column('Reclaimable', poolMetric(n.reclaimable), g.h100e, g.decimals(1)),
      g.column('Borrowed', poolMetric('fleetmeter_pool_borrowed_h100e'), g.h100e, g.decimals(1)),
      g.column('Borrowable', poolMetric('fleetmeter_pool_borrowable_h100e'), g.h100e, g.decimals(1)),
      g.column('Coverage', poolMetric('fleetmeter_pool_coverage_ratio'), g.ratio, g.coloured(colours.coverage)),
      g.label('category', 'Category'),
      g.label('tier', 'Tier'),
    ] + whom + [daemon],
    'Runs out in'
  ) + runbook('FleetmeterHeadroomExhausted');

  // ---- what is it used for?

  local useGraph = g.graph(
    'Allocated, assigned, busy',
    'Sums over the chosen pools. Allocated less assigned can be admitted; assigned less busy can be asked back. Busy is only what is measured.',
    [
      g.query(total('fleetmeter_pool_allocated_h100e'), 'allocated'),
      g.query(total(n.assigned), 'assigned'),
      g.query(total(n.busy), 'busy'),
    ],
    g.h100e
  );

  local utilizationGraph = g.graph(
    'Utilization of the %d least used pools' % config.dashboard.lines,
    'Busy H100e as part of the allocation that is heard from (fleetmeter_pool_utilization_ratio). The line is the threshold of FleetmeterPoolUnderused. A gap means that too little was heard or measured to know.',
    [g.query(lowest(n.utilization, config.dashboard.lines, 'quantile_over_time(0.5, %s[$__range] @ end())' % pools(n.utilization)), '{{pool}}')],
    g.ratio
  ) + runbook('FleetmeterPoolUnderused') + g.thresholdLine + { fieldConfig+: { defaults+: { min: 0, thresholds: colours.underuse } } };

  // ---- what waits?

  local demandGraph = g.graph(
    'What waits for chips',
    'Requests for this many H100e wait for the chosen pools, as live schedulers tell (fleetmeter_pool_demand_h100e), and what of it could start now, within the headroom of a pool or in what it may borrow. No line means that no scheduler tells; 0 means that nothing waits.',
    [
      g.query(total('fleetmeter_pool_demand_h100e'), 'waiting'),
      g.query('sum by (room) (%s)' % pools('fleetmeter_pool_demand_servable_h100e'), 'could start, {{room}}'),
    ],
    g.h100e
  ) + runbook('FleetmeterDemandServable');

  local waitBuckets = 'sum by (le) (%s)' % pools('fleetmeter_pool_demand_wait_seconds_bucket');
  local waits = g.stat(
    'How long it has waited',
    'Waits of the requests that wait now for the chosen pools (fleetmeter_pool_demand_wait_seconds): half and nine in ten have waited at most so long, and the last number is the longest wait. No number means that nothing waits, or that no scheduler tells how long.',
    [
      // Of nothing it is not a number, which the comparison leaves out.
      g.query('histogram_quantile(0.5, %s) >= 0' % waitBuckets, 'half', instant=true),
      g.query('histogram_quantile(0.9, %s) >= 0' % waitBuckets, 'nine in ten', instant=true),
      g.query('max(%s)' % pools('fleetmeter_pool_demand_oldest_wait_seconds'), 'longest', instant=true),
    ],
    's',
    textMode='value_and_name'
  ) + runbook('FleetmeterDemandServable');

  // ---- whom do I ask?

  local top = 'topk(%d, %s)' % [config.dashboard.holders, teams('fleetmeter_team_idle_h100e')];
  local teamRow(expr) = g.query(row('%s and on (%s, team) %s' % [expr, n.identity, top], ['pool', 'team', 'owner', 'contact']), table=true);

  local holders = g.table(
    'Top idle holders',
    'The %d teams that hold the most idle H100e (fleetmeter_team_idle_h100e). Idle since says how long the team has held an idle chip without a break.' % config.dashboard.holders,
    [
      g.label('team', 'Team'),
      poolLabel,
      g.column('Idle', teamRow(teams('fleetmeter_team_idle_h100e')), g.h100e, g.decimals(1)),
      g.column('Idle since', teamRow('%s * 1000' % teams('fleetmeter_team_idle_since_timestamp_seconds')), 'dateTimeFromNow', g.mapped([
        { type: 'special', options: { match: 'null+nan', result: { text: 'no idle chip', color: 'text', index: 0 } } },
      ])),
      g.column('Idle chips', teamRow(teams('fleetmeter_team_idle_chips')), 'short', g.decimals(0)),
      g.column('Assigned', teamRow(teams('fleetmeter_team_assigned_h100e')), g.h100e, g.decimals(1)),
    ] + whom + [daemon],
    'Idle',
    descending=true
  ) + runbook('FleetmeterPoolUnderused');

  local withheld = g.graph(
    'Chips that cannot be used',
    'What the chosen pools cannot use: broken or drained, withheld, held by sources that have gone silent (unheard), or not reported any more without a word (unaccounted). Orphaned chips of the whole fleet are held under a pool that the plan does not know. None of these is free.',
    [
      g.query(total('fleetmeter_pool_unhealthy_h100e'), 'unhealthy'),
      g.query(total('fleetmeter_pool_reserved_h100e'), 'reserved'),
      g.query(total('fleetmeter_pool_unheard_h100e'), 'unheard'),
      g.query(total('fleetmeter_pool_unaccounted_h100e'), 'unaccounted'),
      g.query('sum(%s)' % basis.fleet('fleetmeter_orphaned_h100e'), 'orphaned'),
    ],
    g.h100e
  ) + runbook('FleetmeterCoverageLow');

  // ---- what stands behind it?

  local definitions = g.text('What the words mean', 'The words of this dashboard, as the plan and the daemon use them.', |||
    - **H100e** are H100-equivalents: chips converted by the catalog in force.
    - **Allocated** is what the plan grants, **assigned** is what workloads hold, and **busy** is the part of that which is measured to work. Allocation is never utilization, and neither is assignment.
    - **Headroom** is what a pool can still admit. **Borrowable** is what other pools would lend it.
    - **Utilization** is busy as part of the allocation that is heard from. Sums are formed before anything is divided.
    - **Coverage** is the part of the chips that is heard from. Below %(coverage)g%% coverage there is no utilization, and never a 0 in its place.
    - **Reclaimable** is what was allocated and seen to be unused through %(window)s.
    - dashboards/METRICS.md has the formula of each word, at the metric of its name: headroom at `fleetmeter_pool_headroom_h100e`.
  ||| % { coverage: config.coverage.ratio * 100, window: config.underuse.window });

  g.dashboard(
    uid='fleetmeter-headroom',
    title='Fleetmeter / Headroom',
    description='For each pool: can I admit this grant now, when do I run out, whom do I ask?',
    config=config,
    from='now-6h',
    variables=basis.variables + [
      g.textVariable('ask', 'Ask (H100e)', 'The grant that you want to admit, a number of H100e.', std.toString(config.dashboard.defaultAskH100e)),
    ],
    annotations=[basis.planChange],
    rows=[
      { title: '', height: 4, panels: [{ width: 4, panel: p } for p in stats] },
      { title: 'Can I admit $ask H100e now?', height: 8, panels: [{ width: 24, panel: admit }] },
      { title: 'When do I run out?', height: 9, panels: [{ width: 12, panel: headroomGraph }, { width: 12, panel: peakGraph }] },
      { title: '', height: 9, panels: [{ width: 24, panel: poolTable }] },
      { title: 'What is it used for?', height: 9, panels: [{ width: 12, panel: useGraph }, { width: 12, panel: utilizationGraph }] },
      { title: 'What waits?', height: 9, panels: [{ width: 12, panel: demandGraph }, { width: 12, panel: waits }] },
      { title: 'Whom do I ask?', height: 9, panels: [{ width: 16, panel: holders }, { width: 8, panel: withheld }] },
      { title: 'What stands behind these numbers?', height: 7, panels: [{ width: 12, panel: definitions }] + [{ width: 4, panel: p } for p in [basis.plan, basis.catalog, basis.tookEffect]] },
    ],
  )
