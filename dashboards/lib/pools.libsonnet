// Fleetmeter / Pools: which allocations are unused, by whom, since when, and how much could be reclaimed?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local pools = basis.pools;
  local told = basis.told;
  local colours = basis.colours;
  local u = config.underuse;

  local underused = basis.ofHeard('(%s < %g)' % [pools('fleetmeter_pool_utilization_ratio'), u.utilizationRatio]);
  local ofUnderused(metric) = 'sum(%s and on (%s) %s)' % [pools(metric), n.identity, underused];
  local unheard = '%s < %g' % [pools('fleetmeter_pool_coverage_ratio'), config.coverage.ratio];
  // 0 where there is none, and nothing where no pool is known.
  local count(expr) = 'count(%s) or 0 * count(%s)' % [expr, pools('fleetmeter_pool_info')];

  local answer = g.answer(
    'Which allocations are unused?',
    'The figures are the number of chosen pools that use less than %g of what they are granted, the threshold of FleetmeterPoolUnderused, the H100e of these pools that were unused through %s, and their cost a day at the prices of the catalog. Pools of which less than %g is heard cannot be judged.' % [u.utilizationRatio, u.window, config.coverage.ratio],
    [
      g.figure(told('count(%s) or 0 * count(%s)' % [underused, pools('fleetmeter_pool_utilization_ratio')]), 'allocations are underused', 'none', colours.some, 0),
      g.figure(told(ofUnderused(n.reclaimable)), 'H100e of theirs can be reclaimed', g.amount, g.plain, 0, empty='none'),
      g.figure(told(ofUnderused(n.reclaimableUsd)), 'a day is what they cost', g.usd, g.plain, empty='none, or no price'),
      g.figure(told(count(unheard)), 'pools cannot be judged', 'none', colours.some, 0),
      basis.coverageFigure,
    ]
  ) + basis.runbook('FleetmeterPoolUnderused') + {
    links+: [{ title: 'Requests and grants of these pools', url: basis.url('requests', '&${pool:queryparam}'), targetBlank: false }],
  };

  local top(metric) = 'topk(%d, %s > 0)' % [config.dashboard.holders, pools(metric)];
  local ranked(metric) = g.now('sort_desc(%s)' % top(metric), '{{pool}}');
  local ranking = g.bars(
    'Unused through %s, H100e' % u.window,
    'Each bar is what a pool was granted and was seen not to use for the whole time. Pools of which too little is heard are left out.',
    [ranked(n.reclaimable)],
    g.amount,
    'No allocation is known to be unused. If "pools cannot be judged" above is not 0, some are not known.'
  ) + g.defaults({ color: { mode: 'fixed', fixedColor: g.colour.idle } }) + basis.runbook('FleetmeterPoolUnderused');

  local poolRow(expr) = basis.row(['pool', 'owner', 'contact'], n.withInfo(expr, pools(n.info)));
  local since = 'ALERTS_FOR_STATE' + n.sel('%s="$cluster", alertname="FleetmeterPoolUnderused"' % config.clusterLabel);
  local whom = g.table(
    'What to ask back, and whom',
    'For the same pools, the table says what their unused H100e cost a day, since when each is underused, and whom to ask. A pool that is not underused has no time. A click on a pool shows it alone.',
    [
      g.label('pool', 'Pool', g.link('Only this pool', basis.url('pools', basis.thisOne('pool'))), width=150),
      g.column('H100e unused', poolRow(top(n.reclaimable)), g.amount, g.decimals(0), width=100),
      g.column('A day', poolRow('(%s and on (%s) %s) or NaN * %s' % [pools(n.reclaimableUsd), n.identity, top(n.reclaimable), top(n.reclaimable)]), g.usd, width=80),
      g.column('Underused since', poolRow('(max by (%s) (%s * 1000) and on (%s) %s) or on (%s) NaN * %s' % [n.identity, since, n.identity, top(n.reclaimable), n.identity, top(n.reclaimable)]), 'dateTimeFromNow', g.mapped([g.unknownText('not underused')]), width=130),
      g.label('contact', 'Contact'),
    ],
    'H100e unused',
    'No allocation is known to be unused.',
    descending=true
  ) + basis.runbook('FleetmeterPoolUnderused');

  local borrowed = g.bars(
    'Borrowed, H100e',
    'Each bar is what a pool holds beyond its allocation.',
    [ranked('fleetmeter_pool_borrowed_h100e')],
    g.amount,
    'No chosen pool is known to borrow.'
  );
  local lends = g.bars(
    'Free in allocations, H100e',
    'Each bar is what a pool has left of its allocation. Others can borrow as much of it as its policy lends.',
    [ranked('fleetmeter_pool_headroom_h100e')],
    g.amount,
    'No chosen pool is known to have anything left.'
  );

  // Labels of lending are those of two pools.
  local lending(metric) = fleet(metric, 'borrower=~"$pool"');
  local pair(expr) = basis.row(['borrower', 'lender'], expr);
  local nobody = g.mapped(g.words([
    g.word('-', 'nobody: beyond the plan', 'text'),
    g.word('-untold', 'not told: pools were silent', 'text'),
  ]));
  local lenders = g.table(
    'Borrowing by borrower and lender',
    'What each chosen pool held beyond its allocation is shared out to the pools that held less than theirs in the same hour, in proportion to what each left. The books keep hours, so the table is by the hour.',
    [
      g.label('borrower', 'Borrower', g.link('Only this pool', basis.url('pools', basis.thisOne('pool'))), width=150),
      g.label('lender', 'Lender', nobody, width=150),
      g.column('H100e, last hour', pair('%s or 0 * %s' % [lending('fleetmeter_pool_lent_h100e'), lending('fleetmeter_pool_lent_week_h100e_seconds')]), g.amount, g.decimals(1), width=120),
      g.column('H100e-hours, 7 days', pair('%s / 3600' % lending('fleetmeter_pool_lent_week_h100e_seconds')), g.amount, g.decimals(0)),
    ],
    'H100e-hours, 7 days',
    'No chosen pool has borrowed in 7 days, as far as the books tell.',
    descending=true
  );
  local borrowing = g.graph(
    'Borrowed by the hour, H100e',
    'The curves show what each chosen pool held beyond its allocation, on average over each full hour of the books, whoever left it. An hour is shown when it is over.',
    [g.query('topk(%d, sum by (borrower) (%s))' % [config.dashboard.lines, lending('fleetmeter_pool_lent_h100e')], '{{borrower}}')],
    g.amount,
    'No chosen pool borrowed in this time, as far as the books tell.'
  );

  local budgetOf(name, level) = pools('fleetmeter_%s_budget_%s' % [level, name]);
  local budgets(name) = '%s or %s' % [budgetOf(name, 'pool'), budgetOf(name, 'team')];
  local ofBudget(name) = '%s / %s or %s / %s' % [
    budgetOf(name, 'pool'),
    budgetOf('h100e_seconds', 'pool'),
    budgetOf(name, 'team'),
    budgetOf('h100e_seconds', 'team'),
  ];
  local budgetRow(expr) = basis.row(['pool', 'team'], '(%s) or NaN * (%s)' % [expr, budgets('h100e_seconds')]);
  local overdrawn = g.thresholds('text', [['orange', config.budget.usedRatio], ['red', 1]]);
  local budgetTable = g.table(
    'Budgets of the chosen pools',
    'For each budget of H100e-hours the table says what is used, what will be used at its end at the present pace, and when it is gone at that pace. A budget without a team is that of the whole pool.',
    [
      g.label('pool', 'Pool', g.link('Only this pool', basis.url('pools', basis.thisOne('pool'))), width=200),
      g.label('team', 'Team', width=200),
      g.column('Used', budgetRow(ofBudget('used_h100e_seconds')), g.ratio, g.decimals(1) + g.coloured(overdrawn), width=120),
      g.column('Projected', budgetRow(ofBudget('projected_h100e_seconds')), g.ratio, g.decimals(1) + g.coloured(overdrawn), width=120),
      g.column('Gone', budgetRow('(%s) * 1000' % budgets('gone_timestamp_seconds')), 'dateTimeFromNow', g.mapped([g.unknownText('not before its end, or not known')])),
    ],
    'Projected',
    'The plan gives the chosen pools no budgets.',
    descending=true
  ) + basis.runbook('FleetmeterBudgetEndsEarly');

  local total(metric) = 'sum(%s)' % pools(metric);
  local use = g.graph(
    'Allocated, assigned, busy, H100e',
    'The curves are sums over the chosen pools. Busy is only what is measured.',
    [g.query(total('fleetmeter_pool_allocated_h100e'), 'allocated'), g.query(total(n.assigned), 'assigned'), g.query(total(n.busy), 'busy')],
    g.amount
  ) + g.coloursOf([['allocated', g.colour.planned], ['assigned', g.colour.held], ['busy', g.colour.busy]]);

  local demand = g.graph(
    'What waits for chips, H100e',
    'The curves are the H100e that requests wait for in the chosen pools, as schedulers report, and the part that could start now. 0 means that nothing waits.',
    [
      g.query(total('fleetmeter_pool_demand_h100e'), 'waiting'),
      g.query('sum by (room) (%s)' % pools('fleetmeter_pool_demand_servable_h100e'), 'could start, {{room}}'),
    ],
    g.amount,
    'No scheduler tells of demand for the chosen pools.'
  ) + basis.runbook('FleetmeterDemandServable');

  local teamRow(expr) = basis.row(['pool', 'team'], expr);
  local teams = g.table(
    'Teams of the chosen pools',
    'The table says what each team holds, how much of it is idle, and since when the team has held an idle chip without a break.',
    [
      basis.teamLabel,
      g.label('pool', 'Pool'),
      g.column('H100e held', teamRow(basis.teams('fleetmeter_team_assigned_h100e')), g.amount, g.decimals(1)),
      g.column('H100e idle', teamRow(basis.teams('fleetmeter_team_idle_h100e')), g.amount, g.decimals(1)),
      g.column('Idle since', teamRow('%s * 1000' % basis.teams('fleetmeter_team_idle_since_timestamp_seconds')), 'dateTimeFromNow', g.mapped([g.unknownText('not idle')])),
    ],
    'H100e idle',
    'No team is known to hold chips of the chosen pools.',
    descending=true
  );

  // What was exported of the past is there once a day, which no lookback of Prometheus bridges.
  local ofDay(metric) = 'sum(avg_over_time(%s[1d]))' % basis.past(metric, 'pool=~"$pool"');
  local history = g.graph(
    'Held and busy by day, H100e',
    'The bars are averages over a day for the chosen pools. They include what the ledger exported of the time before Prometheus scraped.',
    [g.query(ofDay('fleetmeter_pool_assigned_h100e'), 'assigned'), g.query(ofDay('fleetmeter_pool_busy_h100e'), 'busy')],
    g.amount
  ) + g.overYears + g.coloursOf([['assigned', g.colour.held], ['busy', g.colour.busy]]);

  g.dashboard(
    uid='fleetmeter-pools',
    title='Fleetmeter / Pools',
    description='Which allocations are unused, by whom and since when, and how much could be reclaimed?',
    config=config,
    runbook=basis.runbookPage,
    from='now-24h',
    variables=basis.variables(),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('Where is it unused, and whom do I ask?', 9, [ranking, whom]),
      g.row('Who borrows, and who has room?', 8, [borrowed, lends]),
      g.row('Who lent to whom?', 8, [lenders, borrowing]),
      g.row('Which budgets run out?', 7, [budgetTable]),
      g.row('What do the chosen pools do?', 9, [use, demand]),
      g.row('Who holds what?', 9, [teams]),
      g.row('What fires?', 7, [basis.firing('Alerts about pools', 'Fleetmeter(Pool|Headroom|Demand|Coverage|Budget).*', 'pool=~"$pool"')]),
      g.row('How was it before?', 9, [history]),
      basis.behind(|||
        - **Unused** is granted and seen not to be used: neither busy, nor held without being measured, nor silent. It can be reclaimed.
        - **Utilization** is busy as part of the allocation that is heard. Below %(coverage)g%% coverage there is none, and a pool cannot be judged.
        - **Borrowed** is held beyond the allocation. Pools that held less than their allocation in the same hour lent it.
        - **Idle** is held, measured, and not busy.
      ||| % { coverage: config.coverage.ratio * 100 }),
    ],
  )
