// Fleetmeter / Outcomes: what did the allocation lead to, and is a review of research due?
local g = import 'grafana.libsonnet';

function(config)
  local n = (import 'names.libsonnet')(config);
  local basis = (import 'basis.libsonnet')(config);
  local capability = (import 'outcomes_capability.libsonnet')(config);
  local cluster = config.clusterLabel;
  local o = config.outcomes;

  local usd = 'currencyUSD';
  local secondsPerDay = 86400;
  local perRequest = g.decimals(6);
  local chosen = '%s=~"$cluster", window="$window"' % cluster;
  local segments(metric, more='') = metric + n.sel('%s, model=~"$model", customer_tier=~"$customer_tier"%s' % [chosen, more]);
  local models(metric, more='') = metric + n.sel('%s, model=~"$model"%s' % [chosen, more]);
  local tiers(metric, more='') = metric + n.sel('%s, customer_tier=~"$customer_tier"%s' % [chosen, more]);
  local total(metric, more='') = metric + n.sel(chosen + more);
  local onBasis = ', basis="$basis"';
  local now(expr, legend='') = g.query(expr, legend, instant=true);
  local row(labels, expr) = g.query('max by (%s) (%s)' % [std.join(', ', [cluster] + labels), expr], table=true);

  local here = '/d/fleetmeter-outcomes?${cluster:queryparam}&${datasource:queryparam}&${window:queryparam}&${basis:queryparam}&${__url_time_range}';
  local modelLabel = g.label('model', 'Model', g.link('This model', here + '&var-model=${__value.raw}'));
  local tierLabel = g.label('customer_tier', 'Customer tier', g.link('This customer tier', here + '&var-customer_tier=${__value.raw}'));
  local daemon = capability.daemon;
  local coloured(thresholds) = { fieldConfig+: { defaults+: { thresholds: thresholds } } };
  local decimals(count) = { fieldConfig+: { defaults+: { decimals: count } } };
  local averageColours = g.coloured(g.thresholds('red', [['text', 0]]));

  // ---- stats: the two rules, and how far they can be trusted

  local verdict(title, reason, alert, description) = g.stat(
    title,
    description + ' No data: it cannot be told.',
    [now('max(fleetmeter_research_review_due%s)' % n.sel('%s=~"$cluster", reason="%s"' % [cluster, reason]))],
    'none'
  ) + basis.runbook(alert) + { fieldConfig+: { defaults+: { mappings+: g.words(['not due', 'green'], ['due', 'red']) } } };

  local stats = [
    verdict('Review for margin', 'margin_yoy', 'FleetmeterMarginPerRequestDeclining', 'Due when margin per request is lower than a year ago, of all requests or of segments with more than half of them, in the longest window at allocated cost.'),
    verdict('Review for training', 'capability_per_hour', 'FleetmeterCapabilityPerHourDeclining', 'Due when an hour of training has brought less capability for consecutive quarters.'),
    g.stat(
      'Margin per request',
      'Of all requests whose margin is known, over the chosen window and on the chosen basis, beside the same window a year ago. No data a year ago: nothing is known of that window.',
      [
        now('max(%s)' % total('fleetmeter_inference_total_margin_per_request_usd', onBasis), 'now'),
        now('max(%s)' % total('fleetmeter_inference_total_margin_per_request_year_ago_usd', onBasis), 'a year ago'),
      ],
      usd
    ) + basis.runbook('FleetmeterMarginPerRequestDeclining') + decimals(6),
    g.stat(
      'In declining segments',
      'Requests in segments whose margin per request is lower than a year ago / all requests. Orange above %g: a total that rises hides it. No data: no segment is known in both years.' % o.hiddenRatio,
      [now('max(%s)' % total(n.declinedRequests, onBasis))],
      g.ratio
    ) + basis.runbook('FleetmeterMarginDeclineHidden') + coloured(g.thresholds('green', [['orange', o.hiddenRatio]])),
    g.stat(
      'Margin is known for',
      'Requests whose revenue and cost are both known / requests. What every margin here speaks for; orange below %g.' % o.knownRatio,
      [now('min(%s)' % total('fleetmeter_inference_known_requests_ratio', onBasis))],
      g.ratio
    ) + basis.runbook('FleetmeterRequestsUnpriced') + coloured(g.thresholds('orange', [['green', o.knownRatio]])),
    g.stat(
      'Worked out',
      'How long ago the daemon worked out what is shown here from its books. Red from %s, as FleetmeterOutcomesStale.' % o.staleAfter,
      [now('time() - min(%s)' % basis.fleet('fleetmeter_outcomes_as_of_timestamp_seconds'))],
      's'
    ) + basis.runbook('FleetmeterOutcomesStale') + coloured(g.thresholds('green', [['red', n.seconds(o.staleAfter)]])),
  ];

  // ---- what does a request earn?

  local bySegment = g.table(
    'Margin per request by model and customer tier',
    'Over the chosen window, on the chosen basis. Against all: margin per request less that of all requests. Declined: lower than a year ago. No data in Revenue: some requests have no price; in Cost: some chip-time has no price or no known model; in Declined: not known in both years.',
    [
      modelLabel,
      tierLabel,
      g.column('Requests', row(['model', 'customer_tier'], segments('fleetmeter_inference_window_requests')), 'short', g.decimals(1)),
      g.column('Of all', row(['model', 'customer_tier'], segments(n.requestsShare)), g.ratio, g.decimals(1)),
      g.column('Revenue', row(['model', 'customer_tier'], segments('fleetmeter_inference_window_revenue_usd')), usd),
      g.column('Cost', row(['model', 'customer_tier'], segments('fleetmeter_inference_window_cost_usd', onBasis)), usd),
      g.column('Margin per request', row(['model', 'customer_tier'], segments('fleetmeter_inference_margin_per_request_usd', onBasis)), usd, perRequest),
      g.column('Against all', row(['model', 'customer_tier'], segments(n.marginAboveAverage, onBasis)), usd, perRequest + averageColours),
      g.column('Declined', row(['model', 'customer_tier'], segments('fleetmeter_inference_margin_declined', onBasis)), 'none', g.mapped(g.words(['no', 'green'], ['declined', 'red'])) + [{ id: 'custom.cellOptions', value: { type: 'color-text' } }]),
      daemon,
    ],
    'Requests',
    descending=true
  ) + basis.runbook('FleetmeterMarginPerRequestDeclining');

  local byOne(title, label, name, volume, metric, select) = g.table(
    title,
    'Over the chosen window, volume beside margin, on both bases beside one another: they are alternatives. Summed over the segments whose margin is known, then divided. No data: none of them is known.',
    [
      label,
      g.column('Requests', row([name], select(volume)), 'short', g.decimals(1)),
      g.column('Of all', row([name], '%s / on (job, instance, window) group_left () (%s > 0)' % [select(volume), total(n.allRequests)]), g.ratio, g.decimals(1)),
      g.column('Margin, allocated', row([name], select(metric, ', basis="allocated"')), usd, perRequest),
      g.column('Margin, used', row([name], select(metric, ', basis="used"')), usd, perRequest),
      daemon,
    ],
    'Requests',
    descending=true
  );
  local byModel = byOne('Margin per request by model', modelLabel, 'model', n.modelRequests, 'fleetmeter_inference_model_margin_per_request_usd', models);
  local byTier = byOne('Margin per request by customer tier', tierLabel, 'customer_tier', n.tierRequests, 'fleetmeter_inference_tier_margin_per_request_usd', tiers);

  local volume = g.graph(
    'Requests by model',
    'Requests a second that reports told of within %s, of the %d models with most. Reports may come once a day; imports of the past show as peaks.' % [o.rateWindow, config.dashboard.lines],
    [g.query('topk(%d, sum by (model) (%s))' % [config.dashboard.lines, n.modelRequestsRate + n.sel('%s=~"$cluster", model=~"$model"' % cluster)], '{{model}}')],
    'reqps'
  );

  // ---- what does the average hide?

  local hidden(title, description, condition) =
    local kept(expr) = row(['model', 'customer_tier'], '%s and on (job, instance, window, model, customer_tier) (%s)' % [expr, condition]);
    g.table(
      title,
      description + ' No rows: there is no such segment, or margins are not known.',
      [
        modelLabel,
        tierLabel,
        g.column('Of all requests', kept(segments(n.requestsShare)), g.ratio, g.decimals(1)),
        g.column('Requests', kept(segments('fleetmeter_inference_window_requests')), 'short', g.decimals(1)),
        g.column('Against all', kept(segments(n.marginAboveAverage, onBasis)), usd, perRequest + averageColours),
        daemon,
      ],
      'Of all requests',
      descending=true
    );
  local muchBelow = hidden(
    'Much volume below average',
    'Segments with at least %g of all requests that earn less each than all requests do together.' % o.muchRatio,
    '%s >= %g and on (job, instance, window, model, customer_tier) %s < 0' % [segments(n.requestsShare), o.muchRatio, segments(n.marginAboveAverage, onBasis)]
  );
  local littleAbove = hidden(
    'High margin, little volume',
    'Segments with at most %g of all requests that earn more each than all requests do together: a fine figure that carries little.' % o.littleRatio,
    '%s <= %g and on (job, instance, window, model, customer_tier) %s > 0' % [segments(n.requestsShare), o.littleRatio, segments(n.marginAboveAverage, onBasis)]
  );

  // ---- why did it change?

  local trend = g.graph(
    'Total margin per request, and a year ago',
    'Over the trailing window chosen above, on both bases. A gap is a margin that was not known.',
    [
      g.query('max by (basis) (%s)' % total('fleetmeter_inference_total_margin_per_request_usd'), 'now, {{basis}}'),
      g.query('max by (basis) (%s)' % total('fleetmeter_inference_total_margin_per_request_year_ago_usd'), 'a year ago, {{basis}}'),
    ],
    usd
  ) + decimals(6);
  local effects = g.graph(
    'Change per request by effect',
    'Parts of the change of total margin per request year over year, on the chosen basis; they add up to it. Mix: requests that moved between segments. Price: revenue per request. Cost: cost per request, less of it is above 0.',
    [g.query('max by (effect) (%s)' % total('fleetmeter_inference_margin_per_request_change_usd', onBasis), '{{effect}}')],
    usd
  ) + decimals(6);

  local basisLabel = g.label('basis', 'Cost basis');
  local effectOf(metric, effect) = row(['basis'], total(metric, ', effect="%s"' % effect));
  local perRequestChange = g.table(
    'Change per request, year over year',
    'US dollars a request over the chosen window. Now less a year ago is mix and price and cost together, of the segments known in both years. Mix above 0 with price and cost below: requests moved to what earns more, and each segment earns less.',
    [
      basisLabel,
      g.column('Now', row(['basis'], total('fleetmeter_inference_total_margin_per_request_usd')), usd, perRequest),
      g.column('A year ago', row(['basis'], total('fleetmeter_inference_total_margin_per_request_year_ago_usd')), usd, perRequest),
      g.column('Change', row(['basis'], total(n.totalMarginChange)), usd, perRequest + averageColours),
    ] + [
      g.column(e[0], effectOf('fleetmeter_inference_margin_per_request_change_usd', e[1]), usd, perRequest + averageColours)
      for e in [['Mix', 'mix'], ['Price', 'price'], ['Cost', 'cost']]
    ] + [daemon],
    'Cost basis'
  ) + basis.runbook('FleetmeterMarginPerRequestDeclining');
  local totalChange = g.table(
    'Change of total margin, year over year',
    'US dollars over the chosen window. Volume: as many more requests at the margin there was. The four add up to the change.',
    [basisLabel] + [
      g.column(e[0], effectOf('fleetmeter_inference_margin_change_usd', e[1]), usd, averageColours)
      for e in [['Volume', 'volume'], ['Mix', 'mix'], ['Price', 'price'], ['Cost', 'cost']]
    ] + [daemon],
    'Cost basis'
  );

  // ---- what does serving cost?

  local costTable = g.table(
    'Cost by model, allocated and used',
    'Allocated: all chip-time assigned to what serves the model. Used: its busy chip-time; what nobody measured counts in full. Idle: allocated less used. Alternatives, never parts of a sum. No data: chip-time without a price in the catalog.',
    [
      modelLabel,
      g.column('Allocated', row(['model'], models(n.modelCost, ', basis="allocated"')), usd),
      g.column('Used', row(['model'], models(n.modelCost, ', basis="used"')), usd),
      g.column('Idle', row(['model'], '%s - ignoring (basis) %s' % [models(n.modelCost, ', basis="allocated"'), models(n.modelCost, ', basis="used"')]), usd),
      daemon,
    ],
    'Allocated',
    descending=true
  );
  local unattributed = g.table(
    'Cost that no model answers for',
    "Chip-time of inference's pools without a model, or with one that served no request in the window. It is in no margin above. Of all: of what inference's chips cost; red from %g." % o.unattributedRatio,
    [
      basisLabel,
      g.column('Unattributed', row(['basis'], total('fleetmeter_inference_unattributed_cost_usd')), usd),
      g.column('Of all', row(['basis'], total(n.unattributedRatio)), g.ratio, g.decimals(1) + g.coloured(g.thresholds('text', [['red', o.unattributedRatio]]))),
      daemon,
    ],
    'Cost basis'
  );
  local costRate = g.graph(
    'What serving costs a day',
    'US dollars a day of the chip-time that served the chosen models, on both bases, at the prices of the catalog when it was booked.',
    [g.query('%d * sum by (basis) (rate(%s[$__rate_interval]))' % [secondsPerDay, 'fleetmeter_inference_serving_cost_usd_total' + n.sel('%s=~"$cluster", model=~"$model"' % cluster)], '{{basis}}')],
    usd
  );

  // ---- what stands behind it?

  local definitions = g.text('What the words mean', 'The words of this dashboard, and what a missing number says.', |||
    - **No data is not 0.** A segment without a price has no margin, a model without a chip price no cost, a window without a year before it no decline. What is unknown is left out of both sides, and *Margin is known for* says of how much the rest speaks.
    - **Margin per request**: (revenue less cost) / requests, summed first and divided last. Revenue is priced once, when it is booked; corrections are entries of their own.
    - **Basis**: cost of all chip-time *allocated* to a model, or of what it *used*. Two answers to two questions; never added up.
    - **A year ago**: the same window a year earlier by the calendar. **Mix, price, cost, volume**: parts of the change that add up to it.
    - **Capability per training hour**: gain of the frontier of benchmarks that are not saturated / H100-hours of the quarter. When all are saturated there is no figure, and no verdict.
    - **overflow**: segments beyond those with series of their own. The method: dashboards/MARGIN.md and CAPABILITY.md.
  |||);
  local named(title, description, metric, labels, format) =
    g.stat(title, description, [now('max by (%s) (%s)' % [std.join(', ', labels), basis.fleet(metric)], format)], 'none', 'name');
  local behind = [
    named('Price book in force', 'Version of the prices of tokens and subscriptions. No data: the daemon has none.', 'fleetmeter_price_book_info', ['version'], 'v{{version}}'),
    named('Benchmark suite in force', 'Suite and version that capability is measured by. No data: the daemon has none.', 'fleetmeter_benchmark_suite_info', ['suite', 'version'], '{{suite}} v{{version}}'),
    g.stat(
      'Segments',
      'Models and customer tiers with series of their own, and those merged into overflow.',
      [now('sum(%s)' % basis.fleet('fleetmeter_outcome_segments'), 'shown'), now('sum(%s)' % basis.fleet('fleetmeter_outcome_segments_overflow'), 'in overflow')],
      'none'
    ) + basis.runbook('FleetmeterCustomerTiersOverflow'),
  ];

  local ofWindow = 'fleetmeter_inference_window_requests' + n.sel('%s=~"$cluster"' % cluster);
  g.dashboard(
    uid='fleetmeter-outcomes',
    title='Fleetmeter / Outcomes',
    description='What did the allocation lead to: does a request earn less than a year ago, does an hour of training teach less, and is a review of research due?',
    config=config,
    from='now-90d',
    variables=[if std.member(['pool', 'team'], v.name) then v { hide: 2 } else v for v in basis.variables] + [
      g.oneOfVariable('window', 'Window', 'Trailing window of whole UTC days, today included.', 'label_values(%s, window)' % ofWindow, o.window),
      g.choiceVariable('basis', 'Cost basis', 'Cost of all chip-time allocated to a model, or of what it used.', ['allocated', 'used']),
      g.queryVariable('model', 'Model', 'Models that served requests in the window.', 'label_values(%s, model)' % total('fleetmeter_inference_window_requests')),
      g.queryVariable('customer_tier', 'Customer tier', 'Customer tiers of the chosen models.', 'label_values(%s, customer_tier)' % models('fleetmeter_inference_window_requests')),
    ],
    annotations=[basis.planChange],
    rows=[
      { title: '', height: 4, panels: [{ width: 4, panel: s } for s in stats] },
      { title: 'What does a request earn?', height: 9, panels: [{ width: 24, panel: bySegment }] },
      { title: '', height: 8, panels: [{ width: 12, panel: byModel }, { width: 12, panel: byTier }] },
      { title: 'What does the average hide?', height: 7, panels: [{ width: 12, panel: muchBelow }, { width: 12, panel: littleAbove }] },
      { title: 'Why did it change?', height: 6, panels: [{ width: 12, panel: perRequestChange }, { width: 12, panel: totalChange }] },
      { title: '', height: 9, panels: [{ width: 12, panel: trend }, { width: 12, panel: effects }] },
      { title: 'What does serving cost, and how much is served?', height: 7, panels: [{ width: 12, panel: costTable }, { width: 12, panel: unattributed }] },
      { title: '', height: 9, panels: [{ width: 12, panel: costRate }, { width: 12, panel: volume }] },
    ] + capability.rows + [
      { title: 'What stands behind these numbers?', height: 8, panels: [{ width: 12, panel: definitions }] + [{ width: 4, panel: s } for s in behind] },
    ],
  )
