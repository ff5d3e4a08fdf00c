// Fleetmeter / Executive: how much of what we granted is used, what does the rest cost, and what needs
// a decision?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local told = basis.told;
  local o = config.outcomes;
  local colours = basis.colours;

  local utilization = 'sum(%s) / sum(%s)' % [fleet(n.knownBusy), fleet(n.knownAllocated)];
  local idle = 'sum(%s)' % fleet('fleetmeter_pool_idle_h100e');
  local idleUsd = '24 * sum(%s * on (%s) %s)' % [fleet('fleetmeter_pool_idle_h100e'), n.identity, fleet(n.poolPrice)];
  local drift = fleet('fleetmeter_plan_category_drift_ratio');

  local toPools(part) = g.leading(part, 'Pools: which, whose, since when', basis.url('pools'));
  local answer = g.answer(
    'How is the fleet used?',
    'The figures are the used part of what the plan grants to pools that are heard, the H100e that are held and idle with their cost a day at the prices of the catalog, the category that is furthest off its planned share, and the part of the supply that is heard. Red means below %g, the threshold of FleetmeterPoolUnderused.' % config.underuse.utilizationRatio,
    [
      toPools(g.figure(told(basis.heard(utilization)), 'of what is granted is used', g.ratio, colours.underuse, 0)),
      toPools(g.figure(told(basis.heard(idle)), 'H100e are held and idle', g.amount, g.plain, 0)),
      toPools(g.figure(told(basis.heard(idleUsd)), 'a day is what they cost', g.usd, g.plain, empty='no price')),
      g.leading(g.figure('topk(1, abs(%s)) * 0 + %s' % [drift, drift], '{{category}}: share held less share planned', g.ratio, colours.drift, 1), 'Plan', basis.url('plan')),
      g.leading(basis.coverageFigure, 'Sources: who is silent', basis.url('sources')),
    ]
  ) + basis.runbook('FleetmeterPoolUnderused');

  local stage(expr, name) = g.now(told(expr), name);
  local flow = g.bars(
    'From supply to productive, H100e',
    'The bars show what the plan declares, what of it is heard, what pools are granted, what workloads hold, what works, and what is productive where a source measures that. Each bar is a part of the one above only if all is as planned, since allocation is not utilization.',
    [
      stage('sum(%s)' % fleet('fleetmeter_plan_supply_h100e'), 'supply'),
      stage('sum(%s)' % fleet('fleetmeter_supply_h100e', 'state!~"unheard|unaccounted"'), 'heard'),
      stage('sum(%s)' % fleet('fleetmeter_pool_allocated_h100e'), 'allocated'),
      stage('sum(%s)' % fleet(n.assigned), 'assigned'),
      stage('sum(%s)' % fleet(n.busy), 'busy'),
      stage('sum(%s)' % fleet('fleetmeter_pool_productive_h100e'), 'productive'),
    ],
    g.amount,
    'not measured'
  ) + g.coloursOf([
    ['supply', g.colour.planned], ['heard', g.colour.planned], ['allocated', g.colour.planned],
    ['assigned', g.colour.held], ['busy', g.colour.busy], ['productive', g.colour.productive],
  ]);

  local categories = g.paired(
    'Planned and actual share by category',
    'Planned is the share of the supply that the plan gives. Actual is the share of what is heard. A category without an actual bar is not heard enough.',
    'category',
    [
      basis.row(['category'], fleet('fleetmeter_plan_category_share_ratio')) { legendFormat: 'planned' },
      basis.row(['category'], fleet('fleetmeter_plan_category_actual_share_ratio')) { legendFormat: 'actual' },
    ],
    g.ratio,
    'The daemon is not heard, or too little of its supply is.'
  ) + g.coloursOf([['planned', g.colour.planned], ['actual', g.colour.held]]) + basis.runbook('FleetmeterPlanShareDrift');

  local chosen = 'window="%s", basis="%s"' % [o.window, o.basis];
  local total(metric, matchers='') = 'max(%s)' % fleet('fleetmeter_inference_' + metric, chosen + (if matchers == '' then '' else ', ' + matchers));
  local usd(expr, words, colours=g.plain) = g.figure(told(expr), words, g.usd, colours, 4);
  local signed = g.thresholds('red', [['text', 0]]);
  local effect(name) = total('margin_per_request_change_usd', 'effect="%s"' % name);
  local margin = g.answer(
    'What does a request earn, and why?',
    'The figures are the margin per request of the window %s at %s cost, its change from a year ago, and the parts of that change: requests that moved between models and tiers, prices, and cost. A rise that comes from moved requests alone hides that each segment earns less.' % [o.window, o.basis],
    [
      usd(total('total_margin_per_request_usd'), 'a request, over the last ' + o.window),
      usd('max(%s)' % fleet(n.totalMarginChange, chosen), 'against a year ago', signed),
      usd(effect('mix'), 'of that: requests moved', signed),
      usd(effect('price'), 'of that: prices', signed),
      usd(effect('cost'), 'of that: cost', signed),
    ]
  ) + basis.runbook('FleetmeterMarginPerRequestDeclining') + { links+: [{ title: 'Margin', url: basis.url('margin'), targetBlank: false }] };

  local perMillion = 'max(1e6 * %s)';
  local quarter = fleet('fleetmeter_capability_per_training_h100e_hour');
  local capability = g.answer(
    'What does an hour of training teach?',
    'The figures are the gain of the frontier of benchmarks for each million H100-hours of training in the quarter that gained most, the number of quarters in a row that each brought less than the one before, and the part of the benchmarks that is saturated. When all are saturated, nobody can tell.',
    [
      g.figure(told(perMillion % quarter), 'points per million H100-hours, best quarter', 'none', g.plain, 2),
      g.figure(told('max(%s)' % fleet('fleetmeter_capability_declining_quarters')), 'quarters in a row brought less', 'none', colours.some, 0),
      g.figure(told('max(%s)' % fleet(n.saturatedRatio)), 'of the benchmarks are saturated', g.ratio, g.plain, 0),
    ]
  ) + basis.runbook('FleetmeterCapabilityPerHourDeclining') + { links+: [{ title: 'Capability', url: basis.url('capability'), targetBlank: false }] };

  local before = '7d';
  local against(expr) = '(%s) - (%s)' % [expr, std.strReplace(expr, '"}', '"} offset ' + before)];
  local previous = g.answer(
    'Against a week ago',
    'Each figure is its value now less its value a week ago. It is unknown until Prometheus has seen a week.',
    [
      g.figure(told(against(utilization)), 'used part of what is granted', g.ratio, signed, 1),
      g.figure(told(against(idle)), 'H100e held and idle', g.amount, g.plain, 0),
      g.figure(told(against('max(%s)' % fleet('fleetmeter_supply_coverage_ratio'))), 'heard part of the supply', g.ratio, signed, 1),
    ]
  );

  local worst = 'topk(%d, %s > 0)' % [config.dashboard.lines, fleet(n.reclaimable)];
  local poolRow(expr) = basis.row(['pool', 'owner', 'contact'], n.withInfo(expr, fleet(n.info)));
  local reclaim = g.table(
    'Allocations to look at first',
    'These pools have the most H100e that were granted and seen to be unused through %s. The table also says what that costs a day, and whom to ask.' % config.underuse.window,
    [
      basis.poolLabel,
      g.column('H100e unused', poolRow(worst), g.amount, g.decimals(0), width=100),
      g.column('A day', poolRow('(%s and on (%s) %s) or NaN * %s' % [fleet(n.reclaimableUsd), n.identity, worst, worst]), g.usd, width=90),
      g.label('owner', 'Owner', width=120),
      g.label('contact', 'Contact'),
    ],
    'H100e unused',
    'No allocation is known to be unused. Pools of which too little is heard are not in this table.',
    descending=true
  ) + basis.runbook('FleetmeterPoolUnderused');

  local ofRequests(matchers='') = '(sum(%s) or 0 * count(%s))' % [
    fleet('fleetmeter_capacity_requests', 'state=~"submitted|ranked"' + matchers),
    fleet('fleetmeter_pool_info'),
  ];
  local toRequests(part) = g.leading(part, 'Requests: what waits to be decided', basis.url('requests'));
  local requests = g.answer(
    'Which requests for capacity wait?',
    'The figures are the requests that nobody has decided, the critical ones among them, and the part of what grants promised over the last week that teams held. Grants of whose time too little was reported are left out.',
    [
      toRequests(g.figure(told(ofRequests()), 'requests wait to be decided', 'none', g.thresholds('text', [['orange', 1]]), 0)),
      toRequests(g.figure(told(ofRequests(', nature="critical"')), 'of them are critical', 'none', g.thresholds('text', [['red', 1]]), 0)),
      toRequests(g.figure(told('sum(%s) / sum(%s)' % [fleet('fleetmeter_capacity_week_used_h100e_seconds'), fleet('fleetmeter_capacity_week_granted_h100e_seconds')]), 'of what was promised to requests was held', g.ratio, g.plain, 0)),
    ]
  ) + basis.runbook('FleetmeterCriticalRequestUndecided');

  local trend = g.graph(
    'Used part of what is granted',
    'The curves are busy H100e divided by the allocation that is heard, and the heard part of the supply. A gap means that too little was heard. The line is the threshold of FleetmeterPoolUnderused.',
    [
      g.query(basis.heard(utilization), 'used'),
      g.query('max(%s)' % fleet('fleetmeter_supply_coverage_ratio'), 'heard'),
    ],
    g.ratio
  ) + g.thresholdLine + g.defaults({ min: 0, thresholds: colours.underuse }) + g.coloursOf([['used', g.colour.busy], ['heard', g.colour.unknown]]);

  g.dashboard(
    uid='fleetmeter-executive',
    title='Fleetmeter / Executive',
    description='How much of what we granted is used, what does the rest cost, what did it lead to, and what needs a decision?',
    config=config,
    runbook=basis.runbookPage,
    from='now-30d',
    variables=basis.variables(hidden=['pool', 'team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('What needs a decision?', 8, [basis.firing(wide=false), reclaim]),
      g.row('', 4, [requests]),
      g.row('Is it used as it was planned?', 8, [flow, categories]),
      g.row('What did it lead to?', 5, [margin]),
      g.row('', 5, [capability]),
      g.row('Is it getting better?', 5, [previous]),
      g.row('', 8, [trend]),
      basis.behind(|||
        - **H100e** are H100-equivalents: chips of all kinds, converted by the catalog in force.
        - **Granted** is what the plan allocates to pools. **Held** is what workloads have. **Used**, or busy, is what is measured to work. These are different numbers.
        - **Cannot tell** means that too little is heard: below %(coverage)g%% coverage nothing measured is shown, and nothing is green.
        - **Cost** is the price of the catalog for an hour of a chip. A kind without a price has no cost, and what it is part of has none either.
        - **Share** is the part of the supply. What a category holds less what it was to hold is its drift.
      ||| % { coverage: config.coverage.ratio * 100 }),
    ],
  )
