// Fleetmeter / Training and economics: what does a year of training need, what does an hour earn, and
// where do today's fleet and plan stand?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local fleet = basis.fleet;
  local told = basis.told;
  local perHour = 3600;
  local framework(metric, matchers='') = fleet('fleetmeter_framework_' + metric, matchers);
  local none = 'The daemon has no framework (setting `framework`), or is not heard.';
  local step(name) = 'max(%s) / %d' % [framework('training_h100e_seconds', 'step="%s"' % name), perHour];
  local ofNeed(metric) = 'sum(%s) / (max(%s) > 0)' % [fleet(metric), framework('training_h100e_seconds', 'step="year_with_losses"')];

  local answer = g.answer(
    'What does a year of training need, and does it get it?',
    'The figures are the H100-hours of all runs of a year, with restarts, dead ends and additional runs, what the plan in force gives training of that, what a year like this moment would give it, and the utilization of inference now beside what the framework assumes.',
    [
      g.figure(told(step('year_with_losses')), 'H100-hours are needed a year', g.amount),
      g.figure(told(ofNeed('fleetmeter_pace_planned_training_h100e_seconds_per_year')), 'of that the plan gives', g.ratio, g.plain, 0),
      g.figure(told(ofNeed('fleetmeter_pace_training_h100e_seconds_per_year')), 'of that a year like this gives', g.ratio, g.plain, 0),
      g.figure(told('max(%s)' % fleet('fleetmeter_plan_inference_utilization_ratio')), 'of inference\'s chips work now', g.ratio, g.plain, 0),
      g.figure(told('max(%s)' % framework('utilization_ratio')), 'is what the framework assumes', g.ratio, g.plain, 0),
    ]
  );

  local steps = g.bars(
    'Training need, H100-hours',
    'The bars are the pre-training of the next model, the post-training of one variant, a run with all its variants, all runs of a year, and all runs with restarts, dead ends and additional runs.',
    [
      g.now(told(step(s[0])), s[1])
      for s in [['post_training', 'one variant'], ['pre_training', 'pre-training'], ['run', 'one run'], ['year', 'a year'], ['year_with_losses', 'a year, with losses']]
    ],
    g.amount,
    'no framework'
  );
  local models = g.bars(
    'What training took, H100-hours',
    'Each bar is the FLOP of the training of a model / (peak FLOP of an H100 x MFU), with the figures that the framework lists.',
    [g.now('sort_desc(topk(%d, max by (model) (%s / %d)))' % [config.dashboard.holders, framework('model_training_h100e_seconds'), perHour], '{{model}}')],
    g.amount,
    none
  );

  local curves = g.stacked(
    'What an H100-hour earns, by utilization in percent',
    'The bars are the US dollars that an H100-hour of inference earns after discount, on each curve of the framework. The curves are alternatives. Today\'s utilization is at the top of the page.',
    'utilization_percent',
    'curve',
    g.query('max by (utilization_percent, curve) (%s)' % framework('revenue_usd_per_h100e_hour', 'utilization_percent=~"[1-9]0|100"'), table=true),
    g.usd,
    none
  ) + { options+: { stacking: 'none', orientation: 'vertical' } } + g.defaults({ decimals: 2 });
  local earned = g.graph(
    'Revenue of a year like this',
    'The bars are what a year like this moment would earn on each curve, and what the plan would earn at the utilization that the framework assumes.',
    [
      g.query('sum by (curve) (%s)' % fleet('fleetmeter_pace_serviceable_revenue_usd_per_year'), 'like this, {{curve}}'),
      g.query('max(%s)' % fleet('fleetmeter_pace_planned_revenue_usd_per_year', 'curve="linear"'), 'planned'),
    ],
    g.usd,
    none
  ) + g.coloursOf([['planned', g.colour.planned]]);

  local modelRow(expr) = basis.row(['model'], expr);
  local price(tokens) = modelRow(framework('price_usd_per_million_tokens', 'tokens="%s"' % tokens));
  local prices = g.table(
    'Prices of a million tokens',
    'The table has the list prices of the framework, and the part of all tokens that it assumes for each model.',
    [
      g.label('model', 'Model', g.link('Margin', basis.url('margin')), width=200),
      g.column('Of all tokens', modelRow(framework('model_usage_ratio')), g.ratio, g.decimals(1), width=120),
      g.column('Input', price('input'), g.usd, g.decimals(2), width=110),
      g.column('Output', price('output'), g.usd, g.decimals(2)),
    ],
    'Of all tokens',
    none,
    descending=true
  );
  local throughput = g.bars(
    'Output tokens a second of an H100',
    'Each bar is what one H100 gives in practice for models of a size, as the framework assumes.',
    [g.now('sort_desc(max by (size) (%s))' % framework('output_tokens_per_second'), '{{size}}')],
    g.amount,
    none
  );
  local supply = g.table(
    'Supply that the framework assumes',
    'The table has the H100e of each kind of chip, beside what the plan in force declares of it. It is not known where the plan declares none of the kind.',
    [
      g.label('chip', 'Kind', g.link('Supply', basis.url('supply')), width=180),
      g.label('provider', 'Provider', width=120),
      g.column('Assumed, H100e', basis.row(['chip', 'provider'], framework('supply_h100e')), g.amount, width=140),
      g.column('Of all', basis.row(['chip', 'provider'], '%s / on (job, instance) group_left () sum without (chip, provider) (%s)' % [framework('supply_h100e'), framework('supply_h100e')]), g.ratio, g.decimals(0)),
    ],
    'Assumed, H100e',
    none,
    descending=true
  );

  g.dashboard(
    uid='fleetmeter-training-and-economics',
    title='Fleetmeter / Training and economics',
    description='What does a year of training need, what does an hour earn, and where do the fleet and the plan stand?',
    config=config,
    runbook=basis.runbookPage,
    from='now-7d',
    variables=basis.variables(hidden=['pool', 'team']),
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('What does training need?', 9, [steps, models]),
      g.row('What does an hour of inference earn?', 9, [curves, earned]),
      g.row('At which prices, and how fast?', 9, [prices, throughput]),
      g.row('On which supply?', 7, [supply]),
      basis.behind(|||
        - These tables follow from the assumptions of the framework in force (`fleetmeterctl plan show --plan FILE` prints them all). Nothing in them is measured but what says *now* or *like this*.
        - **Training need** is FLOP over what an H100 does in an hour at the assumed MFU. **With losses** counts restarts, dead ends and a supply that is not there all year.
        - **Revenue of an hour** is list price x tokens an hour x utilization, less the discount. The second curve grows more slowly the busier the chips are.
      |||),
    ],
  )
