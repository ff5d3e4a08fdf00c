// Fleetmeter / Requests: what waits to be decided and since when, and is what was promised used?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local pools = basis.pools;
  local told = basis.told;
  local r = config.requests;

  // ---- what waits?

  local isOpen = 'state=~"submitted|ranked"';
  local open(matchers='') = 'sum(%s)' % pools('fleetmeter_capacity_requests', isOpen + matchers);
  // 0 where nothing was ever asked, and nothing where no pool is known.
  local counted(expr) = '%s or 0 * count(%s)' % [expr, pools('fleetmeter_pool_info')];
  local requested = pools('fleetmeter_capacity_requested_h100e');
  local oldest = pools('fleetmeter_capacity_oldest_open_request_timestamp_seconds');
  local uncommitted = pools('fleetmeter_capacity_uncommitted_h100e');

  local answer = g.answer(
    'What waits to be decided?',
    'The figures are the requests for capacity of the chosen pools that nobody has decided, the critical ones among them, what they ask for together, what of the allocations is promised to nobody, and how long the oldest request has waited.',
    [
      g.figure(told(counted(open())), 'requests wait to be decided', 'none', g.thresholds('text', [['orange', 1]]), 0),
      g.figure(told(counted(open(', nature="critical"'))), 'of them are critical', 'none', g.thresholds('text', [['red', 1]]), 0),
      g.figure(told(counted('sum(%s)' % requested)), 'H100e are asked', g.amount, g.plain, 0),
      g.figure(told('sum(clamp_min(%s, 0))' % uncommitted), 'H100e are promised to nobody', g.amount, g.plain, 0),
      g.figure(told('time() - min(%s)' % oldest), 'has the oldest waited', 's', g.plain, 1, empty='nothing waits'),
    ]
  ) + basis.runbook('FleetmeterCriticalRequestUndecided');

  local requestRow(expr) = basis.row(['nature', 'pool', 'request', 'team'], expr);
  local queue = g.table(
    'The oldest open request of each pool and nature',
    'The table says who asks, and since when. Critical work goes first, then goals of the company, then growth bets. `fleetmeterctl request rank` shows all requests in their order, with the reason for each place.',
    [
      g.label('nature', 'Nature', width=115),
      g.label('pool', 'Pool', g.link('Only this pool', basis.url('requests', basis.thisOne('pool'))), width=150),
      g.label('team', 'Team', width=100),
      g.column('Waits since', requestRow(oldest + ' * 1000'), 'dateTimeFromNow', width=120),
      g.label('request', 'Request'),
    ],
    'Waits since',
    'No request of the chosen pools waits to be decided.'
  ) + basis.runbook('FleetmeterCriticalRequestUndecided');

  local poolRow(expr) = basis.row(['pool'], expr);
  local askedOf = 'sum by (%s) (%s) > 0' % [n.identity, requested];
  local beside = g.paired(
    'Asked beside uncommitted, H100e',
    'The bars are what open requests of a pool ask for, each for a time of its own, and what of its allocation is promised to nobody now. A negative bar means that grants promise more than the plan allocates.',
    'pool',
    [
      poolRow(askedOf) { legendFormat: 'asked' },
      poolRow('%s and on (%s) %s' % [uncommitted, n.identity, askedOf]) { legendFormat: 'uncommitted' },
    ],
    g.amount,
    'No request of the chosen pools waits to be decided.'
  ) + g.coloursOf([['asked', g.colour.idle], ['uncommitted', g.colour.planned]]) + basis.runbook('FleetmeterPoolOvercommitted');

  // ---- is what was promised used?

  local weekSeconds = n.seconds('7d');
  local weekly(metric) = poolRow('%s / %d' % [pools(metric), weekSeconds]);
  local promised = g.paired(
    'Promised and held over the last week, H100e',
    'The bars are what grants of a pool promised on average over the seven days before the present hour, and what their teams held of it. Grants of whose time too little was reported are in neither bar.',
    'pool',
    [
      weekly('fleetmeter_capacity_week_granted_h100e_seconds') { legendFormat: 'promised' },
      weekly('fleetmeter_capacity_week_used_h100e_seconds') { legendFormat: 'held' },
    ],
    g.amount,
    'No grant of the chosen pools is known for a day, or the daemon keeps its ledger in memory.'
  ) + g.coloursOf([['promised', g.colour.planned], ['held', g.colour.held]]) + basis.runbook('FleetmeterGrantUsedInPart');

  local granted = pools('fleetmeter_grant_h100e');
  local held = pools('fleetmeter_grant_week_used_ratio');
  // Those of which most H100e were not held.
  local least = 'topk(%d, (1 - %s) * %s > 0)' % [config.dashboard.holders, held, granted];
  local grantRow(expr) = basis.row(['request', 'team'], '(%s) and on (%s, team, request) %s' % [expr, n.identity, least]);
  local ends = pools('fleetmeter_grant_end_timestamp_seconds');
  local holders = g.table(
    'Who holds less than was granted?',
    'The table has the %d active grants of which most was not held over the last week. Red means below %g, the threshold of FleetmeterGrantUsedInPart. A team may hold little because others hold the chips of the pool: the dashboard Pools shows what waits.' % [config.dashboard.holders, r.usedRatio],
    [
      g.label('team', 'Team', g.link('Pools of this team', basis.url('pools', basis.thisOne('team'))), width=120),
      g.column('Granted, H100e', grantRow(granted), g.amount, g.decimals(0), width=120),
      g.column('Held of it', grantRow(held), g.ratio, g.decimals(0) + g.coloured(g.thresholds('red', [['text', r.usedRatio]])), width=90),
      g.column('Ends', grantRow('%s * 1000 or NaN * %s' % [ends, granted]), 'dateTimeFromNow', g.mapped([g.unknownText('several')]), width=110),
      g.label('request', 'Request'),
    ],
    'Held of it',
    'No active grant is known to be held in part: see "Promised and held" for whether any is known.'
  ) + basis.runbook('FleetmeterGrantUsedInPart');

  // ---- over time

  local total(metric) = 'sum(%s)' % pools(metric);
  local commitments = g.graph(
    'Allocated, committed, held under grants, H100e',
    'The curves are sums over the chosen pools: what the plan allocates, what grants promise, and what teams held under them in the hour before. What is held under no grant is not included.',
    [
      g.query(total('fleetmeter_pool_allocated_h100e'), 'allocated'),
      g.query(total('fleetmeter_capacity_committed_h100e'), 'committed'),
      g.query(total('fleetmeter_capacity_used_h100e'), 'held under grants'),
    ],
    g.amount
  ) + g.coloursOf([['allocated', g.colour.planned], ['held under grants', g.colour.held]]) + basis.runbook('FleetmeterPoolOvercommitted');

  local queueGraph = g.graph(
    'Open requests, by nature',
    'The curves are the requests of the chosen pools that nobody has decided.',
    [g.query('sum by (nature) (%s)' % pools('fleetmeter_capacity_requests', isOpen), '{{nature}}')],
    'none',
    'Nothing was ever asked of the chosen pools.'
  ) + basis.runbook('FleetmeterRequestExpired');

  // ---- decisions

  local decided(outcome) = told('sum(increase(%s[$__range]))' % pools('fleetmeter_capacity_decisions_total', 'outcome="%s"' % outcome));
  // Of no decision it is not a number, which the comparison leaves out.
  local within(part) = told('histogram_quantile(%g, sum by (le) (increase(%s[$__range]))) >= 0' % [part, pools('fleetmeter_capacity_decision_wait_seconds_bucket')]);
  local decisions = g.answer(
    'How was it decided, and how fast?',
    'The figures are the decisions about the chosen pools within the time range, by what came of them, and the wait for a decision that half of the requests, and nine in ten, did not exceed.',
    [
      g.figure(decided('granted'), 'granted as it was asked', 'none', g.plain, 0),
      g.figure(decided('granted_in_part'), 'granted in part', 'none', g.plain, 0),
      g.figure(decided('declined'), 'declined', 'none', g.plain, 0),
      g.figure(within(0.5), 'half were decided within', 's', g.plain, 1, empty='nothing was decided'),
      g.figure(within(0.9), 'nine in ten within', 's', g.plain, 1, empty='nothing was decided'),
    ]
  ) + basis.runbook('FleetmeterCriticalRequestUndecided');

  g.dashboard(
    uid='fleetmeter-requests',
    title='Fleetmeter / Requests',
    description='What waits to be decided and since when, and is what was promised used?',
    config=config,
    runbook=basis.runbookPage,
    from='now-14d',
    variables=basis.variables(hidden=['team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('What is to be decided?', 8, [queue, beside]),
      g.row('Is what was promised used?', 9, [promised, holders]),
      g.row('What is committed, and what waits?', 9, [commitments, queueGraph]),
      g.row('How was it decided?', 5, [decisions]),
      g.row('What fires?', 7, [basis.firing('Alerts about requests and grants', 'Fleetmeter(CriticalRequest|Grant|PoolOver|RequestExpired).*', 'pool=~"$pool"')]),
      basis.behind(|||
        - **Request** is what a team asks for with the request form. A job or pod that waits in a scheduler is demand, and not meant here.
        - **Open** is submitted, or put into an order by the pool's owner, and not decided. **Expired** is open after its time was over.
        - **Committed** is what grants promise now, and **uncommitted** is allocated less committed. Both are promises: what is free is the headroom.
        - **Held** under a grant are chips of its kind that its team has in its pool, up to what was granted, by full hours of the ledger. Where less than %(coverage)g%% of that was told, nothing is said.
      ||| % { coverage: config.coverage.ratio * 100 }),
    ],
  )
