// Fleetmeter / Capability: what does an hour of training teach, is it less each quarter, and can the
// benchmarks still tell?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local told = basis.told;
  local row(label, expr) = basis.row([label], expr);
  local perHour = 3600;
  // A gain an hour is a number with eight zeros; a million hours make it one that people say.
  local million(metric) = '1e6 * %s' % fleet(metric);
  local quarter = 'fleetmeter_capability_per_training_h100e_hour';
  local nothing = 'No benchmark suite is in force, no results were reported, or nothing is known to have trained.';

  local answer = g.answer(
    'What does an hour of training teach?',
    'The first figure says whether the framework calls for a review of research, because consecutive quarters each brought less for an hour of training. The others are how many quarters in a row did, the gain of the best quarter for each million H100-hours, and the part of the benchmarks that is saturated. When all are saturated, or nothing is known to have trained, nobody can tell.',
    [
      g.figure(told('max(%s)' % fleet('fleetmeter_research_review_due', 'reason="capability_per_hour"')), 'of research, by its training', 'none', mappings=g.words([g.word('0', 'No review is due', 'text'), g.word('1', 'A review is due', 'red')])),
      g.figure(told('max(%s)' % fleet('fleetmeter_capability_declining_quarters')), 'quarters in a row brought less', 'none', basis.colours.some, 0),
      g.figure('topk(1, %s)' % million(quarter), 'points per million H100-hours in {{quarter}}, the best', 'none', g.plain, 2),
      g.figure(told('max(%s)' % fleet(n.saturatedRatio)), 'of the benchmarks are saturated', g.ratio, g.plain, 0),
    ]
  ) + basis.runbook('FleetmeterCapabilityPerHourDeclining');

  local quarters = g.bars(
    'Gain per million H100-hours, by quarter',
    'Each bar is the weighted gain of the frontier on benchmarks that were not saturated / H100-hours of all training in the quarter x a million. A quarter without a bar has no figure, because no benchmark was left or nothing is known to have trained.',
    [g.now('max by (quarter) (%s)' % million(quarter), '{{quarter}}')],
    'none',
    nothing
  ) + g.defaults({ decimals: 2 }) + basis.runbook('FleetmeterCapabilityPerHourDeclining');
  local hours = g.bars(
    'Training by quarter, H100-hours',
    'Each bar is what all training of the quarter took.',
    [g.now('max by (quarter) (%s / %d)' % [fleet('fleetmeter_training_quarter_h100e_seconds'), perHour], '{{quarter}}')],
    g.amount,
    'No training was reported.'
  );

  local models = g.table(
    'Models on one scale',
    'The index is the weighted mean of the normalized scores of the benchmarks that the model has. The gain is that over its predecessor, on the benchmarks that both have, for each million H100-hours that trained it.',
    [
      g.label('model', 'Model', g.link('What serving it earns', basis.url('margin', basis.thisOne('model')))),
      g.column('Index', row('model', fleet('fleetmeter_capability_index')), 'none', g.decimals(3)),
      g.column('Gain per million H100-hours', row('model', million('fleetmeter_model_capability_per_training_h100e_hour')), 'none', g.decimals(2)),
    ],
    'Index',
    nothing,
    descending=true
  );
  local benchmarks = g.table(
    'Benchmarks, and which are saturated',
    'Each bar is the best score so far, from the floor (0) to the ceiling (1) of the benchmark. By the rule of the suite, a saturated benchmark no longer tells models apart and is left out of the gain.',
    [
      g.label('benchmark', 'Benchmark', g.link('Training and economics', basis.url('training-and-economics'))),
      g.column('Best score', row('benchmark', fleet('fleetmeter_benchmark_saturation_ratio')), g.ratio, g.decimals(0)),
      g.column('State', row('benchmark', fleet('fleetmeter_benchmark_saturated')), 'none', g.mapped(g.words([g.word('0', 'tells apart', 'text'), g.word('1', 'saturated', 'orange')])) + g.coloured(g.plain)),
    ],
    'Best score',
    nothing,
    descending=true
  ) + basis.runbook('FleetmeterBenchmarkSaturated');

  local phases = g.graph(
    'H100e in training, by phase',
    'The curves are the H100e in training by phase, from reports of training and from usage reports that name a run.',
    [g.query('sum by (phase) (rate(%s[$__rate_interval]))' % fleet('fleetmeter_training_h100e_seconds_total'), '{{phase}}')],
    g.amount,
    'No training was reported in this time. What was imported as history is in no counter.'
  );
  local frontier = g.graph(
    'Best score by benchmark',
    'The curves go from the floor (0) to the ceiling (1) of each benchmark. They include what the ledger exported of the past.',
    [g.query('topk(%d, max by (benchmark) (last_over_time(%s[1d])))' % [config.dashboard.lines, basis.past('fleetmeter_benchmark_saturation_ratio')], '{{benchmark}}')],
    g.ratio,
    nothing
  ) + g.overYears + g.defaults({ min: 0, max: 1 });

  g.dashboard(
    uid='fleetmeter-capability',
    title='Fleetmeter / Capability',
    description='What does an hour of training teach, is it less each quarter, and can the benchmarks still tell?',
    config=config,
    runbook=basis.runbookPage,
    from='now-90d',
    variables=basis.variables(hidden=['pool', 'team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('Is it less each quarter?', 9, [quarters, hours]),
      g.row('Which models, on which benchmarks?', 9, [models, benchmarks]),
      g.row('How has it developed?', 9, [frontier, phases]),
      g.row('What fires?', 7, [basis.firing('Alerts about capability', 'Fleetmeter(Capability|Benchmark).*')]),
      basis.behind(|||
        - **Capability per training hour** is the gain of the frontier of benchmarks that are not saturated / H100-hours of the quarter. When all are saturated, there is no figure, and no verdict.
        - **Saturated** means that the benchmark no longer tells models apart, by the rule of the suite.
        - **Index** is the place of a model on one scale. It leaves out benchmarks of which the model has no score.
        - dashboards/CAPABILITY.md explains the method and its limits.
      |||, basis.inForceOfOutcomes),
    ],
  )
