// Alerts about the plan and what is measured beside it. All of them are quiet while the supply's coverage is low,
// by their expressions and by the inhibit rule in alertmanager.example.yml: silence is not drift.
function(config)
  local n = (import 'names.libsonnet')(config);
  local build = (import 'alert.libsonnet')(config);
  local p = config.plan;
  local percent(ratio) = '%g%%' % (ratio * 100);

  local told = build.told;
  local ratio(series, labels=[]) = told(series, 'value | humanizePercentage', labels);
  local h100e(series) = told(series, 'value | printf "%.1f"') + ' H100e';
  local basis = 'Plan %s version %s, catalog version %s.' % [
    told('fleetmeter_plan_info', 'label "plan"'),
    told('fleetmeter_plan_info', 'label "version"'),
    told('fleetmeter_catalog_info', 'label "version"'),
  ];

  // The largest borrower, which a template can only find with a query of its own.
  local borrower = build.inline(|||
    {{ with printf "topk(1, fleetmeter_plan_buffer_consumed_h100e{cause=\"borrowed\",job=%q,instance=%q} > 0)" $labels.job $labels.instance | query }}{{ . | first | label "pool" }} with {{ . | first | value | printf "%.1f" }} H100e{{ else }}none{{ end }}
  |||);
  local broken = build.inline(|||
    {{ with printf "fleetmeter_plan_buffer_consumed_h100e{cause=\"unavailable\",job=%q,instance=%q}" $labels.job $labels.instance | query }}{{ . | first | value | printf "%.1f" }}{{ else }}not known{{ end }} H100e
  |||);

  local rules = [
    build.alert(
      'FleetmeterPlanShareDrift',
      'warning',
      p.driftFor,
      '(%s > %g or %s < -%g) %s' % [
        n.lowest('fleetmeter_plan_category_drift_ratio'),
        p.driftRatio,
        n.highest('fleetmeter_plan_category_drift_ratio'),
        p.driftRatio,
        n.heard,
      ],
      'A category has been more than %s of the supply off its planned share for %s.' % [percent(p.driftRatio), p.driftFor],
      'Category {{ $labels.category }} holds %s of the supply, and the plan gives it %s. That is {{ $value | humanizePercentage | reReplaceAll "^-" "" }} of the supply too {{ if lt $value 0.0 }}little{{ else }}much{{ end }}. %s' % [
        ratio('fleetmeter_plan_category_actual_share_ratio', ['category']),
        ratio('fleetmeter_plan_category_share_ratio', ['category']),
        basis,
      ],
      build.view('plan'),
    ),
    build.alert(
      'FleetmeterBufferConsumed',
      'warning',
      p.bufferFor,
      '(%(level)s > %(ratio)g or %(level)s > %(started)g and predict_linear(%(consumed)s%(sel)s[%(window)s], %(horizon)d) >= %(buffer)s) %(heard)s' % {
        level: n.lowest(n.bufferRatio),
        ratio: p.bufferRatio,
        started: p.bufferStartedRatio,
        consumed: n.bufferConsumed,
        sel: n.sel(),
        window: p.trendWindow,
        horizon: n.planHorizonSeconds,
        buffer: n.highest('fleetmeter_plan_buffer_h100e'),
        heard: n.heard,
      },
      'More than %s of the buffer is in use, or all of it will be within %s.' % [percent(p.bufferRatio), p.horizon],
      'The fleet at {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its buffer of %s. Largest borrower: %s. Unhealthy and reserved chips: %s. %s' % [
        h100e('fleetmeter_plan_buffer_h100e'),
        borrower,
        broken,
        basis,
      ],
      build.view('plan'),
    ),
    build.alert(
      'FleetmeterP0BelowGuarantee',
      'critical',
      p.p0For,
      '%s > %g %s' % [n.lowest('fleetmeter_plan_p0_shortfall_h100e'), p.p0ShortfallH100e, n.heard],
      'P0 lacks more than %g H100e of its guarantee, and no free chip could fill it.' % p.p0ShortfallH100e,
      'The fleet at {{ $labels.instance }} could not give P0 {{ $value | printf "%%.1f" }} H100e of the %s that it is guaranteed. Unassigned: %s of the supply. %s' % [
        told('fleetmeter_plan_tier_h100e', 'value | printf "%.1f"', matcher=',tier=\\"p0\\"') + ' H100e',
        ratio('fleetmeter_plan_unassigned_share_ratio'),
        basis,
      ],
      build.view('plan'),
    ),
  ];
  [{ name: 'fleetmeter_plan_alerts', rules: rules }]
