// The half of Fleetmeter / Outcomes about training: what does an hour of it teach?
local g = import 'grafana.libsonnet';

function(config)
  local n = (import 'names.libsonnet')(config);
  local basis = (import 'basis.libsonnet')(config);
  local cluster = config.clusterLabel;
  local fleet = basis.fleet;
  local models(metric) = metric + n.sel('%s=~"$cluster", model=~"$model"' % cluster);
  local now(expr, legend='') = g.query(expr, legend, instant=true);
  local row(label, expr) = g.query('max by (%s, %s) (%s)' % [cluster, label, expr], table=true);
  local hours = 'suffix:H100-hours';
  local perHour = 'sci';
  local secondsPerHour = 3600;
  local colouredWords(no, yes) = g.mapped(g.words(no, yes)) + [{ id: 'custom.cellOptions', value: { type: 'color-text' } }];

  local daemon = g.label(cluster, 'Daemon', g.link('Plan of this daemon', '/d/fleetmeter-plan?${cluster:queryparam}&${datasource:queryparam}&${__url_time_range}'));

  local quarters = g.table(
    'Capability per training hour by quarter',
    'Gain of the frontier, weighted, on benchmarks that were not saturated / H100-hours of all training in the quarter. No data in the gain: no benchmark was left, or nothing is known to have trained.',
    [
      g.label('quarter', 'Quarter'),
      g.column('Gain an H100-hour', row('quarter', fleet('fleetmeter_capability_per_training_h100e_hour')), perHour, g.decimals(2)),
      g.column('Training', row('quarter', '%s / %d' % [fleet('fleetmeter_training_quarter_h100e_seconds'), secondsPerHour]), hours),
      daemon,
    ],
    'Quarter',
    descending=true
  ) + basis.runbook('FleetmeterCapabilityPerHourDeclining');

  local byModel = g.table(
    'Capability by model',
    'Index: weighted mean of the normalized scores of the benchmarks that the model has. Gain an H100-hour: over its predecessor, on the benchmarks that both have. No data: no predecessor, or no hours are known.',
    [
      g.label('model', 'Model'),
      g.column('Index', row('model', fleet('fleetmeter_capability_index')), 'none', g.decimals(3)),
      g.column('Gain an H100-hour', row('model', fleet('fleetmeter_model_capability_per_training_h100e_hour')), perHour, g.decimals(2)),
      daemon,
    ],
    'Index',
    descending=true
  );

  local benchmarks = g.table(
    'Saturation by benchmark',
    'Best score so far, from the floor (0) to the ceiling (1) of the benchmark. A saturated one is left out of the gain, by the rule of the suite.',
    [
      g.label('benchmark', 'Benchmark'),
      g.column('Frontier', row('benchmark', fleet('fleetmeter_benchmark_saturation_ratio')), g.ratio, g.decimals(1)),
      g.column('Saturated', row('benchmark', fleet('fleetmeter_benchmark_saturated')), 'none', colouredWords(['no', 'green'], ['saturated', 'orange'])),
      daemon,
    ],
    'Frontier',
    descending=true
  ) + basis.runbook('FleetmeterBenchmarkSaturated');

  local phases = g.graph(
    'Training by phase',
    'H100e in training, by phase, of the chosen models: what reports of training and runs in usage reports told. Imports of the past show as peaks.',
    [g.query('sum by (phase) (rate(%s[$__rate_interval]))' % models('fleetmeter_training_h100e_seconds_total'), '{{phase}}')],
    g.h100e
  );

  local declining = g.stat(
    'Declining quarters',
    'Quarters in a row, to the last, that each brought less an hour of training than the one before.',
    [now('max(%s)' % fleet('fleetmeter_capability_declining_quarters'))],
    'none'
  ) + basis.runbook('FleetmeterCapabilityPerHourDeclining');
  local trend = g.stat(
    'Trend',
    'Whether the last quarter has a figure. Not known: every benchmark is saturated, or nothing is known to have trained.',
    [now('min(%s)' % fleet('fleetmeter_capability_trend_known'))],
    'none'
  ) + basis.runbook('FleetmeterBenchmarkSuiteSaturated') + { fieldConfig+: { defaults+: { mappings+: g.words(['not known', 'orange'], ['known', 'green']) } } };
  local saturated = g.stat(
    'Saturated benchmarks',
    'Of those that have results. All of them: there is no trend.',
    [now('max(%s)' % fleet(n.saturatedRatio))],
    g.ratio
  ) + basis.runbook('FleetmeterBenchmarkSuiteSaturated');

  {
    daemon:: daemon,
    rows:: [
      { title: 'What does an hour of training teach?', height: 8, panels: [{ width: 12, panel: quarters }, { width: 12, panel: byModel }] },
      { title: '', height: 8, panels: [{ width: 10, panel: benchmarks }, { width: 10, panel: phases }, { width: 4, panel: declining }] },
      { title: '', height: 4, panels: [{ width: 12, panel: trend }, { width: 12, panel: saturated }] },
    ],
  }
