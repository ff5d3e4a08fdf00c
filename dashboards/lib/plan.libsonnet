// Fleetmeter / Plan: is the fleet used as planned, who takes the buffer, and what is a year like this worth?
local g = import 'grafana.libsonnet';

function(config)
  local n = (import 'names.libsonnet')(config);
  local basis = (import 'basis.libsonnet')(config);
  local cluster = config.clusterLabel;
  local fleet = basis.fleet;
  local p = config.plan;
  local secondsPerHour = 3600;

  local usd = 'currencyUSD';
  local hours = 'suffix:H100-hours';

  local colours = {
    drift: g.thresholds('red', [['green', -p.driftRatio], ['red', p.driftRatio]]),
    buffer: g.thresholds('green', [['orange', p.bufferStartedRatio], ['red', p.bufferRatio]]),
    p0: g.thresholds('green', [['red', p.p0ShortfallH100e]]),
  };
  local coloured(thresholds) = { fieldConfig+: { defaults+: { thresholds: thresholds } } };

  local elsewhere(title, more='') = g.link(title, '/d/fleetmeter-headroom?${cluster:queryparam}&${datasource:queryparam}%s&${__url_time_range}' % more);
  local daemon = g.label(cluster, 'Daemon', elsewhere('Pools of this daemon'));

  // ---- stats: one number each, the worst of the chosen daemons

  local now(expr, legend='') = g.query(expr, legend, instant=true);

  local stats = [
    g.stat(
      'Furthest off its plan',
      'The category whose actual share of the supply differs most from its planned share. Red from %g of the supply either way, as FleetmeterPlanShareDrift.' % p.driftRatio,
      [now('topk(1, abs(%s)) * 0 + %s' % [fleet('fleetmeter_plan_category_drift_ratio'), fleet('fleetmeter_plan_category_drift_ratio')], '{{category}}')],
      g.ratio,
      'value_and_name'
    ) + basis.runbook('FleetmeterPlanShareDrift') + coloured(colours.drift),
    g.stat(
      'Buffer in use',
      'The part of the buffer that borrowers and unhealthy or reserved chips take. Orange from %g, red from %g, as FleetmeterBufferConsumed.' % [p.bufferStartedRatio, p.bufferRatio],
      [now('max(%s)' % fleet(n.bufferRatio))],
      g.ratio
    ) + basis.runbook('FleetmeterBufferConsumed') + coloured(colours.buffer),
    g.stat(
      'P0 lacks',
      'What P0 lacks of its guarantee and no free chip could fill. Red from %g H100e, as FleetmeterP0BelowGuarantee.' % p.p0ShortfallH100e,
      [now('max(%s)' % fleet('fleetmeter_plan_p0_shortfall_h100e'))],
      g.h100e
    ) + basis.runbook('FleetmeterP0BelowGuarantee') + coloured(colours.p0),
    g.stat(
      'Inference utilization',
      'Busy / assigned of what inference holds and is measured, beside what the framework assumes. Of what is held, not of what is granted.',
      [
        now('max(%s)' % fleet('fleetmeter_plan_inference_utilization_ratio'), 'now'),
        now('max(%s)' % fleet('fleetmeter_framework_utilization_ratio'), 'assumed'),
      ],
      g.ratio
    ),
    g.stat(
      'Forgone revenue a year',
      'What a year like this moment earns less than planned, by curve. 0 where it earns more.',
      [now('max by (curve) (%s)' % fleet('fleetmeter_pace_forgone_revenue_usd_per_year'), '{{curve}}')],
      usd
    ),
    g.stat(
      'Supply coverage',
      'H100e heard from recently / expected. Below %g nothing measured is shown here.' % config.coverage.ratio,
      [now('min(%s)' % fleet('fleetmeter_supply_coverage_ratio'))],
      g.ratio
    ) + basis.runbook('FleetmeterSupplyCoverageLow') + coloured(g.thresholds('red', [['green', config.coverage.ratio]])),
  ];

  // ---- is it used as planned?

  local shares(what, title, description) =
    local row(metric) = g.query('max by (%s, %s) (%s)' % [cluster, what, fleet('fleetmeter_plan_%s_%s' % [what, metric])], table=true);
    g.table(
      title,
      description,
      [
        g.label(what, if what == 'tier' then 'Tier' else 'Category'),
        g.column('Planned', row('share_ratio'), g.ratio, g.decimals(1)),
        g.column('Actual', row('actual_share_ratio'), g.ratio, g.decimals(1)),
        g.column('Drift', row('drift_ratio'), g.ratio, g.decimals(1) + g.coloured(colours.drift)),
        g.column('Planned H100e', row('h100e'), g.h100e, g.decimals(1)),
        daemon,
      ],
      'Planned',
      descending=true
    );
  local categories = shares('category', 'Planned and actual share by category', 'Planned is the share of the supply that the plan gives, and actual the share of what is heard from (fleetmeter_plan_category_actual_share_ratio). Drift is the difference. No data in Actual means that too little of the fleet or of these pools is heard from.') + basis.runbook('FleetmeterPlanShareDrift');
  local tiers = shares('tier', 'Planned and actual share by tier', 'The same by tier. No pool may hold the buffer, so it has no actual share: see below who takes it.');

  local drift = g.graph(
    'Drift by category',
    'Drift of each category (fleetmeter_plan_category_drift_ratio): above 0 a category holds more of the supply than planned. The lines are the thresholds of FleetmeterPlanShareDrift. Gaps are missing data.',
    [g.query('max by (category) (%s)' % fleet('fleetmeter_plan_category_drift_ratio'), '{{category}}')],
    g.ratio
  ) + g.thresholdLine + basis.runbook('FleetmeterPlanShareDrift') + coloured(colours.drift);

  local rest = g.graph(
    'Where the supply is',
    'Parts of all that is heard from; together they are 1. Held by pools of the plan, free, unhealthy or reserved, and held by pools that the plan does not know.',
    [
      g.query('max(%s)' % fleet('fleet:fleetmeter_plan_actual_share_ratio:sum'), 'assigned to planned pools'),
      g.query('max(%s)' % fleet('fleetmeter_plan_unassigned_share_ratio'), 'unassigned'),
      g.query('max(%s)' % fleet('fleetmeter_plan_unavailable_share_ratio'), 'unavailable'),
      g.query('max(%s)' % fleet('fleetmeter_plan_unplanned_share_ratio'), 'unplanned'),
    ],
    g.ratio
  );

  // ---- who takes the buffer?

  local buffer = g.graph(
    'Buffer',
    'What the plan holds back, what of it is in use, and what will be in %s on the line through the last %s.' % [p.horizon, p.trendWindow],
    [
      g.query('sum(%s)' % fleet('fleetmeter_plan_buffer_h100e'), 'planned'),
      g.query('sum(%s)' % fleet(n.bufferConsumed), 'in use'),
      g.query('sum(%s)' % fleet(n.bufferPredicted), 'in ' + p.horizon),
    ],
    g.h100e
  ) + basis.runbook('FleetmeterBufferConsumed');

  local consumerRow(expr) = g.query('max by (%s, cause, pool) (%s)' % [cluster, expr], table=true);
  local consumed = fleet('fleetmeter_plan_buffer_consumed_h100e');
  local consumers = g.table(
    'Who takes the buffer',
    'Pools by what they hold beyond their allocation, and unhealthy or reserved chips (cause unavailable, no pool), in proportion. While others leave as much unused, nobody takes anything: all rows are 0.',
    [
      g.label('cause', 'Cause'),
      g.label('pool', 'Pool', elsewhere('This pool', '&var-pool=${__value.raw}')),
      g.column('Takes', consumerRow(consumed), g.h100e, g.decimals(1)),
      g.column('Of the buffer', consumerRow('%s / on (job, instance) group_left () (%s > 0)' % [consumed, fleet('fleetmeter_plan_buffer_h100e')]), g.ratio, g.decimals(1) + g.coloured(colours.buffer)),
      daemon,
    ],
    'Takes',
    descending=true
  ) + basis.runbook('FleetmeterBufferConsumed');

  // ---- what is a year like this worth?

  local byCurve(what) = 'sum by (curve) (%s)' % fleet('fleetmeter_pace_%s_revenue_usd_per_year' % what);
  local revenue = g.graph(
    'Revenue of a year like this',
    'Serviceable: inference H100-hours of a year like this moment x what an hour earns at the utilization now, on each of the curves of the framework. Planned: the plan at the utilization that the framework assumes. The curves are alternatives, not parts of a sum.',
    [
      g.query(byCurve('serviceable'), 'serviceable, {{curve}}'),
      g.query(byCurve('planned'), 'planned, {{curve}}'),
    ],
    usd
  );
  local training = g.graph(
    'Training hours of a year like this',
    'H100-hours that training would get in a year like this moment, beside what the plan gives it.',
    [
      g.query('sum(%s) / %d' % [fleet('fleetmeter_pace_training_h100e_seconds_per_year'), secondsPerHour], 'now'),
      g.query('sum(%s) / %d' % [fleet('fleetmeter_pace_planned_training_h100e_seconds_per_year'), secondsPerHour], 'planned'),
    ],
    hours
  );
  local paceRow(what) = g.query('max by (%s, curve) (%s)' % [cluster, fleet('fleetmeter_pace_%s_revenue_usd_per_year' % what)], table=true);
  local paceTable = g.table(
    'Planned, serviceable and forgone revenue',
    'US dollars a year at this moment, on each curve. Forgone is what the serviceable revenue lacks of the planned. No data means that too little of inference is heard from or measured.',
    [
      g.label('curve', 'Curve'),
      g.column('Planned', paceRow('planned'), usd),
      g.column('Serviceable', paceRow('serviceable'), usd),
      g.column('Forgone', paceRow('forgone'), usd),
      daemon,
    ],
    'Curve'
  );

  // ---- what stands behind it?

  local definitions = g.text('What the words mean', 'The words of this dashboard, as the plan, the framework and the daemon use them.', |||
    - **Planned share** is what the plan in force gives a tier or category of its supply. **Actual share** is what its pools hold of the supply that is heard from. **Drift** says how much more the second is than the first.
    - **Heard from** is the supply that live sources report. Below %(coverage)g%% coverage nothing measured is shown: silence is not idleness, and missing is never 0.
    - **Buffer in use** is the part of the buffer that is held or unavailable. It is split between the pools that hold more than their allocation and the chips that are unhealthy or reserved.
    - **P0 lacks** what is missing from its guarantee and could not be filled with free chips.
    - **Serviceable revenue** is what a year like this moment would earn, and **forgone** is what that is less than the plan would earn. Silent chips are taken to be shared out like those that are heard.
    - **Inference utilization** is the busy part of what inference holds. A list price of the framework, not an invoice, turns it into revenue.
    - dashboards/METRICS.md has the formula of each word, in the sections *Plan beside fleet* and *A year like this moment*.
  ||| % { coverage: config.coverage.ratio * 100 });

  g.dashboard(
    uid='fleetmeter-plan',
    title='Fleetmeter / Plan',
    description='Is the fleet used as planned, who takes the buffer, and what is a year like this worth?',
    config=config,
    from='now-7d',
    // Pools and teams are not chosen here; the variables keep what was chosen elsewhere.
    variables=[if std.member(['pool', 'team'], v.name) then v { hide: 2 } else v for v in basis.variables],
    annotations=[basis.planChange],
    rows=[
      { title: '', height: 4, panels: [{ width: 4, panel: s } for s in stats] },
      { title: 'Is the fleet used as planned?', height: 8, panels: [{ width: 12, panel: categories }, { width: 12, panel: tiers }] },
      { title: '', height: 9, panels: [{ width: 12, panel: drift }, { width: 12, panel: rest }] },
      { title: 'Who takes the buffer?', height: 9, panels: [{ width: 12, panel: buffer }, { width: 12, panel: consumers }] },
      { title: 'What is a year like this worth?', height: 9, panels: [{ width: 12, panel: revenue }, { width: 12, panel: training }] },
      { title: '', height: 6, panels: [{ width: 24, panel: paceTable }] },
      { title: 'What stands behind these numbers?', height: 8, panels: [{ width: 12, panel: definitions }] + [{ width: 4, panel: s } for s in [basis.plan, basis.catalog, basis.framework]] },
    ],
  )
