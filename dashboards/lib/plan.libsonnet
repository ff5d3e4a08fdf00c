// Fleetmeter / Plan: is the fleet used as planned, who takes the buffer, what is a year like this
// worth, and what would another plan be?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local fleet = basis.fleet;
  local told = basis.told;
  local colours = basis.colours;
  local p = config.plan;
  local perHour = 3600;
  local framework(metric, matchers='') = fleet('fleetmeter_framework_' + metric, matchers);

  // ---- the answer

  local drift = fleet('fleetmeter_plan_category_drift_ratio');
  local serviceable = 'max(%s)' % fleet('fleetmeter_pace_serviceable_revenue_usd_per_year', 'curve="linear"');
  local answer = g.answer(
    'Is the fleet used as planned?',
    'The first figure is the category that is furthest off its planned share. It is red from %g of the supply on, in either direction. The others are the part of the buffer that is in use, what P0 lacks of its guarantee, and what a year like this moment earns on the straight line. Nothing measured is shown while less than %g of the supply is heard.' % [p.driftRatio, config.coverage.ratio],
    [
      g.figure('topk(1, abs(%s)) * 0 + %s' % [drift, drift], '{{category}}: share held less share planned', g.ratio, colours.drift, 1),
      g.figure(told(basis.heard('max(%s)' % fleet(n.bufferRatio))), 'of the buffer is in use', g.ratio, colours.buffer, 0),
      g.figure(told('max(%s)' % fleet('fleetmeter_plan_p0_shortfall_h100e')), 'H100e are missing from P0', g.amount, colours.p0, 0),
      g.figure(told(serviceable), 'a year like this moment earns', g.usd, empty='no framework, or not heard'),
      basis.coverageFigure,
    ]
  ) + basis.runbook('FleetmeterPlanShareDrift');

  // ---- is it used as planned?

  local shares(what, title, description) = g.paired(
    title,
    description,
    what,
    [
      basis.row([what], fleet('fleetmeter_plan_%s_share_ratio' % what)) { legendFormat: 'planned' },
      basis.row([what], fleet('fleetmeter_plan_%s_actual_share_ratio' % what)) { legendFormat: 'actual' },
    ],
    g.ratio,
    'The daemon is not heard, or too little of its supply is.'
  ) + g.coloursOf([['planned', g.colour.planned], ['actual', g.colour.held]]) + basis.runbook('FleetmeterPlanShareDrift');
  local categories = shares('category', 'Planned and actual share by category', 'Planned is the share of the supply that the plan gives, and actual the share of what is heard. A category without an actual bar is not heard enough.');
  local tiers = shares('tier', 'Planned and actual share by tier', 'These are the same shares by tier. No pool may hold the buffer, so it has no actual bar. The panel "Who takes the buffer" shows who uses it.');

  local driftGraph = g.graph(
    'Drift by category',
    'Drift is the actual share of a category less its planned share. Above 0 a category holds more of the supply than planned. The lines are the thresholds of FleetmeterPlanShareDrift. Gaps are missing data.',
    [g.query('max by (category) (%s)' % drift, '{{category}}')],
    g.ratio
  ) + g.thresholdLine + basis.runbook('FleetmeterPlanShareDrift') + g.defaults({ thresholds: colours.drift });

  local part(expr, name) = g.now(told('max(%s)' % expr), name);
  local rest = g.bars(
    'Where the supply is',
    'All that is heard is held by pools of the plan, free, broken or withheld, or held by pools that the plan does not know. The parts add up to 1.',
    [
      part(fleet('fleet:fleetmeter_plan_actual_share_ratio:sum'), 'held by pools'),
      part(fleet('fleetmeter_plan_unassigned_share_ratio'), 'free'),
      part(fleet('fleetmeter_plan_unavailable_share_ratio'), 'broken or withheld'),
      part(fleet('fleetmeter_plan_unplanned_share_ratio'), 'of no planned pool'),
    ],
    g.ratio,
    'not heard'
  );

  // ---- who takes the buffer?

  local buffer = g.graph(
    'Buffer, H100e',
    'The curves are what the plan holds back, what of it is in use, and what will be in use in %s if it goes on as in the last %s.' % [p.horizon, p.trendWindow],
    [
      g.query('sum(%s)' % fleet('fleetmeter_plan_buffer_h100e'), 'planned'),
      g.query('sum(%s)' % fleet(n.bufferConsumed), 'in use'),
      g.query('sum(%s)' % fleet(n.bufferPredicted), 'in ' + p.horizon),
    ],
    g.amount
  ) + basis.runbook('FleetmeterBufferConsumed') + g.coloursOf([['planned', g.colour.planned], ['in use', g.colour.idle]]);

  local consumed = fleet('fleetmeter_plan_buffer_consumed_h100e') + ' > 0';
  local consumers = g.table(
    'Who takes the buffer',
    'The part of the buffer that is in use is divided in proportion. Pools take part by what they hold beyond their allocation (borrowed), and broken or withheld chips take part as unavailable.',
    [
      basis.poolLabel,
      g.label('cause', 'Cause', width=120),
      g.column('H100e', basis.row(['pool', 'cause'], consumed), g.amount, g.decimals(1), width=100),
      g.column('Of the buffer', basis.row(['pool', 'cause'], '%s / on (job, instance) group_left () (%s > 0)' % ['(%s)' % consumed, fleet('fleetmeter_plan_buffer_h100e')]), g.ratio, g.decimals(0) + g.coloured(colours.buffer)),
    ],
    'H100e',
    'Nobody takes anything from the buffer: others leave as much unused. If "of the buffer is in use" above cannot tell, it is not known.',
    descending=true
  ) + basis.runbook('FleetmeterBufferConsumed');

  // ---- what is a year like this worth?

  local byCurve(what) = 'sum by (curve) (%s)' % fleet('fleetmeter_pace_%s_revenue_usd_per_year' % what);
  local revenue = g.graph(
    'Revenue of a year like this',
    'Serviceable revenue is the inference H100-hours of a year like this moment x what an hour earns at the utilization now, on each curve of the framework. Planned revenue is that of the plan at the utilization that the framework assumes. The curves are alternatives and not parts of a sum.',
    [
      g.query(byCurve('serviceable'), 'serviceable, {{curve}}'),
      g.query(byCurve('planned'), 'planned, {{curve}}'),
    ],
    g.usd,
    'The daemon has no framework, or is not heard.'
  );
  local training = g.graph(
    'Training of a year like this, H100-hours',
    'The bars are the H100-hours that training would get in a year like this moment, what the plan gives it, and what the framework needs.',
    [
      g.query('sum(%s) / %d' % [fleet('fleetmeter_pace_training_h100e_seconds_per_year'), perHour], 'now'),
      g.query('sum(%s) / %d' % [fleet('fleetmeter_pace_planned_training_h100e_seconds_per_year'), perHour], 'planned'),
      g.query('max(%s) / %d' % [framework('training_h100e_seconds', 'step="year_with_losses"'), perHour], 'needed'),
    ],
    g.amount,
    'The daemon has no framework, or is not heard.'
  ) + g.coloursOf([['planned', g.colour.planned], ['now', g.colour.held]]);

  // ---- what would another plan be?

  local none = 'The daemon has no framework (setting `framework`), or is not heard.';
  local scenarios = g.stacked(
    'Scenarios: who gets which share',
    'Each bar is what a scenario of the framework gives to safety, inference, training, research and the buffer. The parts of a scenario add up to the whole supply.',
    'scenario',
    'part',
    basis.row(['scenario', 'part'], framework('scenario_share_ratio')),
    g.ratio,
    none
  ) + g.defaults({ max: 1 });
  local outcome(by, metric, scale=1) = basis.row([by], '%s / %d' % [framework('%s_%s' % [by, metric]), scale]);
  local outcomes(by, title, description) = g.table(
    title,
    description,
    [
      g.label(by, if by == 'case' then 'Case' else 'Scenario', g.link('Training and economics', basis.url('training-and-economics')), width=180),
      g.column('Revenue a year', outcome(by, 'revenue_usd_per_year'), g.usd, width=120),
      g.column('Training, H100-hours', outcome(by, 'training_h100e_seconds_per_year', perHour), g.amount, width=150),
      g.column('Research, H100-hours', outcome(by, 'research_h100e_seconds_per_year', perHour), g.amount),
    ],
    'Revenue a year',
    none,
    descending=true
  );
  local outcomesOfScenarios = outcomes('scenario', 'Scenarios: what each brings', 'The table has the revenue of each scenario on the curve and at the utilization that the framework assumes, and its hours for training and research.');
  local tornado = g.bars(
    'Sensitivity: revenue of each case, least first',
    'Each bar is what a case of the sensitivity analysis earns a year. The framework file says what sets the cases apart.',
    [g.now('sort(%s)' % framework('case_revenue_usd_per_year'), '{{case}}')],
    g.usd,
    none
  );
  local cases = outcomes('case', 'Sensitivity: what each case brings', 'The table shows the baseline scenario under other assumptions.');

  // The text boxes give shares in percent. P0 and buffer are those of the baseline, and research
  // takes the rest.
  local ofBaseline(name) = 'max(%s * on (job, instance, scenario) label_replace(%s, "scenario", "$1", "baseline", "(.*)"))' % [framework('scenario_share_ratio', 'part="%s"' % name), framework('info')];
  local research = '1 - %s - %s - ($inference_percent + $training_percent) / 100' % [ofBaseline('safety'), ofBaseline('buffer')];
  local hours = 'sum(%s) * max(%s) / %d' % [framework('supply_h100e'), framework('year_seconds'), perHour];
  local simulated = g.answer(
    'What if inference has $inference_percent%, training $training_percent%?',
    'The shares are of the supply that the framework assumes. P0 and buffer stay as in the baseline scenario, and research takes the rest. Below 0 the shares do not fit. The revenue is at $utilization_percent% utilization on each curve. `fleetmeterctl simulate` does the same and more.',
    [
      g.figure('$inference_percent / 100 * %s * on () group_right () max by (curve) (%s)' % [hours, framework('revenue_usd_per_h100e_hour', 'utilization_percent="$utilization_percent"')], 'a year, {{curve}}', g.usd),
      g.figure(told('$training_percent / 100 * %s / (max(%s) / %d)' % [hours, framework('training_h100e_seconds', 'step="year_with_losses"'), perHour]), 'of the training that is needed', g.ratio, g.plain, 0),
      g.figure(told(research), 'of the supply is left for research', g.ratio, g.thresholds('red', [['text', 0]]), 1),
      g.figure(told('(%s) * %s' % [research, hours]), 'H100-hours for research', g.amount),
    ]
  );

  g.dashboard(
    uid='fleetmeter-plan',
    title='Fleetmeter / Plan',
    description='Is the fleet used as planned, who takes the buffer, what is a year like this worth, and what would another plan be?',
    config=config,
    runbook=basis.runbookPage,
    from='now-7d',
    // Pools and teams are not chosen here; the variables keep what was chosen elsewhere.
    variables=basis.variables(hidden=['pool', 'team']) + [
      g.textVariable('inference_percent', 'What if: inference, %', 'Share of the supply for inference, in percent, for the row "What if".', '20'),
      g.textVariable('training_percent', 'training, %', 'Share of the supply for training, in percent, for the row "What if".', '18'),
      g.oneOfVariable('utilization_percent', 'utilization, %', 'Utilization of inference, in percent, for the row "What if".', 'label_values(%s, utilization_percent)' % framework('revenue_usd_per_h100e_hour'), '20') { sort: 3 },
    ],
    annotations=basis.annotations,
    rows=[
      g.row('', 5, [answer]),
      g.row('Is the fleet used as planned?', 8, [categories, tiers]),
      g.row('', 9, [driftGraph, rest]),
      g.row('Who takes the buffer?', 9, [buffer, consumers]),
      g.row('What is a year like this worth?', 9, [revenue, training]),
      g.row('What if? The fields above choose the shares.', 5, [simulated]),
      g.row('What would another scenario bring?', 8, [scenarios, outcomesOfScenarios]),
      g.row('How sensitive is it?', 9, [tornado, cases]),
      basis.behind(|||
        - **Planned share** is what the plan in force gives a tier or category of its supply. **Actual share** is what its pools hold of the supply that is heard. **Drift** is the second less the first.
        - **Heard** is what live sources report. Below %(coverage)g%% coverage nothing measured is shown, since silence is not idleness and missing is never 0.
        - **Buffer in use** is split between the pools that hold more than their allocation and the chips that are broken or withheld.
        - **Serviceable revenue** is what a year like this moment would earn. A list price of the framework, not an invoice, turns hours into revenue.
        - **Scenarios, cases and what-if** follow from the framework's assumptions. Nothing in them is measured.
      ||| % { coverage: config.coverage.ratio * 100 }),
    ],
  )
