// Fleetmeter / Headroom: can I admit this grant now, when do I run out, whom do I ask?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local h = config.headroom;
  local pools = basis.pools;
  local told = basis.told;
  local colours = basis.colours;
  local total(metric) = 'sum(%s)' % pools(metric);

  // One row of a table for each set of these labels.
  local row(expr, labels) = basis.row(labels, n.withInfo(expr, pools(n.info)));

  // The `count` pools with the lowest `rank` at the end of the time range, over the whole of it.
  local lowest(metric, count, rank) = '%s and on (%s) bottomk(%d, %s)' % [pools(metric), n.identity, count, rank];
  local onlyThis = g.label('pool', 'Pool', g.link('Only this pool', basis.url('headroom', basis.thisOne('pool') + '&${ask:queryparam}')));
  local contact = g.label('contact', 'Contact');

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
  local known = basis.ofHeard(headroom);
  local ofAnswer(values) = 'count(%s) or 0 * count(%s)' % [std.strReplace(values, 'A', '(%s)' % admits), allocated];

  local answer = g.answer(
    'Can I admit $ask H100e now?',
    'The figures are how many of the chosen pools can take the number in the field "Ask" from their own headroom, how many can take it with what others lend, which pool has most left, and for how many pools nobody can tell. Only pools of which at least %g is heard are counted.' % config.coverage.ratio,
    [
      g.figure(told(ofAnswer('A == 2')), 'pools take it from their own', 'none', g.plain, 0),
      g.figure(told(ofAnswer('A == 1')), 'more take it by borrowing', 'none', g.plain, 0),
      g.figure('topk(1, %s)' % known, 'H100e free in {{pool}}, which has most', g.amount, g.plain, 0),
      g.figure(told(ofAnswer('A == 3')), 'pools cannot tell', 'none', colours.some, 0),
      g.figure('bottomk(1, %s)' % pools('fleetmeter_pool_coverage_ratio'), 'of {{pool}} is heard, the least', g.ratio, colours.coverage, 0, empty='nothing heard'),
    ]
  ) + basis.runbook('FleetmeterHeadroomExhausted');

  local admitRow(expr) = row(expr, ['pool', 'owner', 'contact']);
  local admit = g.table(
    'Which pools admit $ask H100e now',
    'Own means that the request fits into the headroom of the pool. Borrowing means that it fits into the headroom and what other pools lend. With No, ask the contact. Unknown means that less than %g of the chips that the pool could use are heard, or that chips which may belong to it are held under a name that the plan does not know. fleetmeterctl headroom gives the same answer.' % config.coverage.ratio,
    [
      onlyThis,
      g.column('Admits it', admitRow(admits), 'none', g.mapped(g.words([
        g.word('0', 'no', 'red'),
        g.word('1', 'yes, borrowing', 'orange'),
        g.word('2', 'yes, own', 'green'),
        g.word('3', 'unknown', 'text'),
      ])) + g.coloured(g.plain)),
      g.column('Largest grant, H100e', admitRow(grant), g.amount, g.decimals(1), width=170),
      g.column('Heard', admitRow(pools('fleetmeter_pool_coverage_ratio')), g.ratio, g.decimals(0) + g.coloured(colours.coverage), width=90),
      contact,
    ],
    'Largest grant, H100e',
    'No pool is known: the daemon is not heard, or no pool is chosen.',
    descending=true
  );

  // ---- when do I run out?

  local tightest = config.dashboard.lines - 1;
  local headroomGraph = g.graph(
    'Headroom of the %d tightest pools, H100e' % tightest,
    'These are the pools with the lowest headroom at any moment of the time range, beside the number in the field "Ask". Below 0 a pool holds more than its allocation. Gaps are missing data.',
    [
      g.query(lowest('fleetmeter_pool_headroom_h100e', tightest, 'min_over_time(%s[$__range] @ end())' % headroom), '{{pool}}'),
      g.query('$ask + 0 * max(%s)' % headroom, 'ask'),
    ],
    g.amount
  ) + basis.runbook('FleetmeterHeadroomExhausted') + { fieldConfig+: { overrides+: [
    g.named('ask', g.dashed + [{ id: 'color', value: { mode: 'fixed', fixedColor: g.colour.unknown } }]),
  ] } };

  local overPeak(f) = '%s%s[%s:])' % [f, total(n.assigned), h.peakWindow];
  local peakGraph = g.graph(
    'Peak beside average, H100e',
    'The bars are the 95th percentile and the average of the assigned H100e of the chosen pools over %s, beside the allocation. A peak near the allocation while the average is low calls for smoothing, not for more chips.' % h.peakWindow,
    [
      g.query(total('fleetmeter_pool_allocated_h100e'), 'allocated'),
      g.query(overPeak('quantile_over_time(0.95, '), 'assigned, p95'),
      g.query(overPeak('avg_over_time('), 'assigned, average'),
    ],
    g.amount
  ) + g.coloursOf([['allocated', g.colour.planned]]);

  // A line through minutes of history is no forecast: only pools that are known for all of the window.
  local trusted(metric) = '%s and on (%s) %s offset %s' % [pools(metric), n.identity, headroom, h.trendWindow];
  // Not shrinking is an answer, and not the same as no data. It sorts behind every date.
  local never = 1e9;
  local runsOut = '%s or %d + 0 * (%s >= 0)' % [trusted(n.exhaustion), never, trusted(n.slope)];
  local runsOutText = g.mapped([
    { type: 'range', options: { from: never, to: null, result: { text: 'not shrinking', color: 'text', index: 0 } } },
    { type: 'range', options: { from: 365 * 86400, to: never, result: { text: 'over a year', color: 'text', index: 1 } } },
    g.unknownText('too early to tell'),
  ]);
  local poolRow(expr) = row(expr, ['pool', 'contact']);
  local poolTable = g.table(
    'How long will it last?',
    '"Runs out in" is the headroom divided by the speed at which it shrank in the last %s. It is shown for pools that Prometheus has known for that long. "In %s" is the headroom that the same line leads to. Red means that the headroom is below %g of the allocation.' % [h.trendWindow, h.horizon, h.exhaustedRatio],
    [
      onlyThis,
      g.column('Of allocation', poolRow('%s / (%s > 0)' % [headroom, allocated]), g.ratio, g.decimals(0) + g.coloured(colours.headroom)),
      g.column('Runs out in', poolRow('(%s) or NaN * %s' % [runsOut, headroom]), 's', runsOutText),
      g.column('In %s, H100e' % h.horizon, poolRow('(%s) or NaN * %s' % [trusted(n.predicted), headroom]), g.amount, g.decimals(0) + g.mapped([g.unknownText('too early to tell')])),
      contact,
    ],
    'Of allocation',
    'No headroom is known.'
  ) + basis.runbook('FleetmeterHeadroomExhausted');

  // ---- what is it used for?

  local useGraph = g.graph(
    'Allocated, assigned, busy, H100e',
    'The curves are sums over the chosen pools. Allocated less assigned can be admitted. Assigned less busy can be asked back. Busy is only what is measured.',
    [
      g.query(total('fleetmeter_pool_allocated_h100e'), 'allocated'),
      g.query(total(n.assigned), 'assigned'),
      g.query(total(n.busy), 'busy'),
    ],
    g.amount
  ) + g.coloursOf([['allocated', g.colour.planned], ['assigned', g.colour.held], ['busy', g.colour.busy]]);

  local utilizationGraph = g.graph(
    'Utilization of the %d least used pools' % config.dashboard.lines,
    'Utilization is busy H100e as a part of the allocation that is heard. The line is the threshold of FleetmeterPoolUnderused. A gap means that too little was heard or measured.',
    [g.query(lowest(n.utilization, config.dashboard.lines, 'quantile_over_time(0.5, %s[$__range] @ end())' % pools(n.utilization)), '{{pool}}')],
    g.ratio
  ) + basis.runbook('FleetmeterPoolUnderused') + g.thresholdLine + g.defaults({ min: 0, thresholds: colours.underuse });

  // ---- what waits?

  local demandGraph = g.graph(
    'What waits for chips, H100e',
    'The curves are the H100e that requests wait for in the chosen pools, as live schedulers report, and the part that could start now: in the headroom of a pool, or in what it may borrow. 0 means that nothing waits.',
    [
      g.query(total('fleetmeter_pool_demand_h100e'), 'waiting'),
      g.query('sum by (room) (%s)' % pools('fleetmeter_pool_demand_servable_h100e'), 'could start, {{room}}'),
    ],
    g.amount,
    'No scheduler tells of demand for the chosen pools.'
  ) + basis.runbook('FleetmeterDemandServable');

  local waitBuckets = 'sum by (le) (%s)' % pools('fleetmeter_pool_demand_wait_seconds_bucket');
  local waits = g.stat(
    'How long it has waited',
    'Of the requests that wait now for the chosen pools, half have waited at most as long as the first curve says, and nine in ten at most as long as the second. The last curve is the longest wait.',
    [
      // Of nothing it is not a number, which the comparison leaves out.
      g.now('histogram_quantile(0.5, %s) >= 0' % waitBuckets, 'half of them'),
      g.now('histogram_quantile(0.9, %s) >= 0' % waitBuckets, 'nine in ten'),
      g.now('max(%s)' % pools('fleetmeter_pool_demand_oldest_wait_seconds'), 'the longest'),
    ],
    's',
    empty='Nothing waits, or no scheduler tells how long.'
  ) + basis.runbook('FleetmeterDemandServable');

  // ---- whom do I ask?

  local top = 'topk(%d, %s > 0)' % [config.dashboard.holders, basis.teams('fleetmeter_team_idle_h100e')];
  local teamRow(expr) = row('%s and on (%s, team) %s' % [expr, n.identity, top], ['pool', 'team', 'contact']);
  local holders = g.table(
    'Teams that hold idle chips',
    'These are the %d teams that hold the most idle H100e of the chosen pools. "Idle since" says since when the team has held an idle chip without a break.' % config.dashboard.holders,
    [
      basis.teamLabel,
      g.label('pool', 'Pool'),
      g.column('H100e idle', teamRow(basis.teams('fleetmeter_team_idle_h100e')), g.amount, g.decimals(1)),
      g.column('Idle since', teamRow('%s * 1000' % basis.teams('fleetmeter_team_idle_since_timestamp_seconds')), 'dateTimeFromNow', g.mapped([g.unknownText('no whole chip')])),
      contact,
    ],
    'H100e idle',
    'No team is known to hold idle chips: all are busy, or nothing is measured.',
    descending=true
  ) + basis.runbook('FleetmeterPoolUnderused');

  local withheld = g.graph(
    'Chips that cannot be used, H100e',
    'The chosen pools cannot use these chips. They are broken or drained (unhealthy), withheld (reserved), held by sources that fell silent (unheard), or not reported any more (unaccounted). Orphaned chips of the whole fleet are held under a pool that the plan does not know. None of these chips is free.',
    [
      g.query(total('fleetmeter_pool_unhealthy_h100e'), 'unhealthy'),
      g.query(total('fleetmeter_pool_reserved_h100e'), 'reserved'),
      g.query(total('fleetmeter_pool_unheard_h100e'), 'unheard'),
      g.query(total('fleetmeter_pool_unaccounted_h100e'), 'unaccounted'),
      g.query('sum(%s)' % basis.fleet('fleetmeter_orphaned_h100e'), 'orphaned, any pool'),
    ],
    g.amount
  ) + basis.runbook('FleetmeterCoverageLow');

  g.dashboard(
    uid='fleetmeter-headroom',
    title='Fleetmeter / Headroom',
    description='For each pool: can I admit this grant now, when do I run out, whom do I ask?',
    config=config,
    runbook=basis.runbookPage,
    from='now-6h',
    variables=basis.variables() + [
      g.textVariable('ask', 'Ask (H100e)', 'The grant that you want to admit, a number of H100e.', std.toString(config.dashboard.defaultAskH100e)),
    ],
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('Which pools?', 9, [admit]),
      g.row('When do I run out?', 9, [headroomGraph, peakGraph]),
      g.row('', 9, [poolTable]),
      g.row('Whom do I ask?', 9, [holders]),
      g.row('What is it used for?', 9, [useGraph, utilizationGraph]),
      g.row('What waits, and what is missing?', 9, [demandGraph, withheld]),
      g.row('', 4, [waits]),
      basis.behind(|||
        - **Headroom** is what a pool can still admit of its allocation. What broken chips and silent hosts may hold is taken away. **Borrowable** is what other pools would lend it.
        - **Allocated** is what the plan grants, **assigned** is what workloads hold, and **busy** is the part of that which is measured to work. Allocation is never utilization, and neither is assignment.
        - **Utilization** is busy as part of the allocation that is heard. Sums are formed before anything is divided.
        - **Heard** is the part of the chips whose hosts report. Below %(coverage)g%% there is no utilization and no answer, and never a 0 in its place.
        - dashboards/METRICS.md has the formula of each word, at the metric of its name.
      ||| % { coverage: config.coverage.ratio * 100 }),
    ],
  )
