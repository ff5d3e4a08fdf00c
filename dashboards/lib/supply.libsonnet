// Fleetmeter / Supply: what is there, what of it is heard, and what is broken?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local told = basis.told;
  local supply = 'fleetmeter_supply_h100e';
  local sum(matchers='') = 'sum(%s)' % fleet(supply, matchers);
  local ofAll(state) = '%s / (%s > 0)' % [sum('state=~"%s"' % state), sum()];

  local answer = g.answer(
    'What is there, and what of it is heard?',
    'The figures are the H100e that the plan declares, the part of the expected supply whose hosts report, and the parts of all known chips that are broken, that fell silent, and that are unaccounted for.',
    [
      g.figure(told('max(%s)' % fleet('fleetmeter_plan_supply_h100e')), 'H100e are declared', g.amount, decimals=0),
      basis.coverageFigure,
      g.figure(told(ofAll('unhealthy')), 'is broken or drained', g.ratio, g.plain, 1),
      g.figure(told(ofAll('unheard')), 'has fallen silent', g.ratio, g.thresholds('text', [['orange', config.sources.silentRatio]]), 1),
      g.figure(told(ofAll('unaccounted')), 'is unaccounted for', g.ratio, g.thresholds('text', [['orange', config.sources.silentRatio]]), 1),
    ]
  ) + basis.runbook('FleetmeterSupplyCoverageLow');

  local none = 'Nothing is known of the supply: the daemon is not heard.';
  local byKind = g.stacked(
    'By kind of chip and state, H100e',
    'The bars are the chips of each kind by state: those that sources report, those of silent hosts (unheard), and those that nobody reports any more (unaccounted). The bars of a kind are all that is known of it.',
    'chip',
    'state',
    basis.row(['chip', 'state'], 'sum without (provider) (%s)' % fleet(supply)),
    g.amount,
    none
  );
  local byProvider = g.stacked(
    'By provider and state, H100e',
    'The bars are the same chips by provider.',
    'provider',
    'state',
    g.query('sum by (provider, state) (%s)' % fleet(supply), table=true),
    g.amount,
    none
  );

  local kindRow(expr) = basis.row(['chip', 'provider'], expr);
  local heardChips = 'sum without (state) (%s)' % fleet('fleetmeter_supply_chips', 'state!~"unheard|unaccounted"');
  local declared = fleet('fleetmeter_supply_declared_chips');
  local heard = g.table(
    'Heard against declared, chips',
    'The table has what the plan declares of each kind, and what live sources report. Missing is declared less heard. Below 0, more is heard than declared.',
    [
      g.label('chip', 'Kind', g.link('Sources', basis.url('sources')), width=150),
      g.label('provider', 'Provider', width=110),
      g.column('Declared', kindRow(declared), g.amount, g.decimals(0), width=100),
      g.column('Heard', kindRow(heardChips), g.amount, g.decimals(0), width=100),
      g.column('Missing', kindRow('%s - %s' % [declared, heardChips]), g.amount, g.decimals(0)),
    ],
    'Declared',
    none,
    descending=true
  ) + basis.runbook('FleetmeterMoreHeardThanDeclared');
  local prices = g.table(
    'What an H100e costs',
    'The price is that of the catalog, for each kind of chip that has one. Beside it is the worth of all that is known of the kind.',
    [
      g.label('chip', 'Kind', g.link('Sources', basis.url('sources')), width=150),
      g.label('provider', 'Provider', width=110),
      g.column('An hour', kindRow(fleet('fleetmeter_supply_usd_per_h100e_hour')), g.usd, g.decimals(2), width=100),
      g.column('H100e known', kindRow('sum without (state) (%s)' % fleet(supply)), g.amount, g.decimals(0)),
    ],
    'An hour',
    'No kind of chip has a price in the catalog (usd_per_chip_hour), so nothing here can cost anything.',
  );

  local states = g.graph(
    'What cannot be used, H100e',
    'These chips of the whole fleet are broken, withheld, unheard, unaccounted for, or held under a pool that the plan does not know.',
    [
      g.query(sum('state="%s"' % state), state)
      for state in ['unhealthy', 'reserved', 'unheard', 'unaccounted', 'orphaned']
    ],
    g.amount
  ) + basis.runbook('FleetmeterChipsUnaccounted');
  local coverage = g.graph(
    'Coverage',
    'The curve is the heard part of the supply. The line is the threshold below which nothing measured is shown.',
    [g.query('max(%s)' % fleet('fleetmeter_supply_coverage_ratio'), 'heard')],
    g.ratio
  ) + g.thresholdLine + g.defaults({ min: 0, max: 1, thresholds: basis.colours.coverage }) + basis.runbook('FleetmeterSupplyCoverageLow');
  local growth = g.graph(
    'Granted and held by day, H100e',
    'The bars are averages over a day of what the plans granted to all pools and of what the pools held. They include what the ledger exported of the time before Prometheus scraped.',
    [
      g.query('sum(avg_over_time(%s[1d]))' % basis.past('fleetmeter_pool_allocated_h100e'), 'granted'),
      g.query('sum(avg_over_time(%s[1d]))' % basis.past('fleetmeter_pool_assigned_h100e'), 'held'),
    ],
    g.amount
  ) + g.overYears + g.coloursOf([['granted', g.colour.planned], ['held', g.colour.held]]);

  g.dashboard(
    uid='fleetmeter-supply',
    title='Fleetmeter / Supply',
    description='What is there, what of it is heard, what is broken, and how has it grown?',
    config=config,
    runbook=basis.runbookPage,
    from='now-7d',
    variables=basis.variables(hidden=['pool', 'team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('What is where?', 9, [byKind, byProvider]),
      g.row('Is all of it heard, and what does it cost?', 8, [heard, prices]),
      g.row('What is lost?', 9, [states, coverage]),
      g.row('How has it grown?', 9, [growth]),
      g.row('What fires?', 7, [basis.firing('Alerts about the supply', 'Fleetmeter(Supply|Silent|Chips|MoreHeard|Sources).*')]),
      basis.behind(|||
        - **Declared** is what the plan says there is. **Heard** is what live sources report. **Coverage** is heard over expected.
        - **Unheard** chips are held by sources that fell silent. **Unaccounted** chips were reported once, and nobody says what became of them. Neither is free.
        - **Orphaned** chips are held under a pool that the plan does not know.
        - **H100e** here are at the general ratio of the kind of chip.
      |||),
    ],
  )
