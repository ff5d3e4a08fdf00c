// Recording rules of outcomes: sums, shares and differences of what the daemon works out over its own windows, which
// are labels. Nothing here needs a year of Prometheus. Windows and bases are never added up.
function(config)
  local n = (import 'names.libsonnet')(config);
  local rule(record, expr) = { record: record, expr: expr };
  local of(metric) = metric + n.sel();

  local requests = of('fleetmeter_inference_window_requests');
  local volume = [
    rule(n.modelRequests, 'sum without (customer_tier) (%s)' % requests),
    rule(n.tierRequests, 'sum without (model) (%s)' % requests),
    rule(n.allRequests, 'sum without (model, customer_tier) (%s)' % requests),
    rule(n.requestsShare, '%s / on (job, instance, window) group_left () (%s > 0)' % [requests, of(n.allRequests)]),
    // A model of which no request was told is not one without prices.
    rule(n.modelRequestsRate, 'sum without (customer_tier) (rate(%s[%s]))' % [of('fleetmeter_inference_requests_total'), config.outcomes.rateWindow]),
    rule(n.modelUnpricedRate, 'sum without (customer_tier) (rate(%s[%s]))' % [of('fleetmeter_inference_unpriced_requests_total'), config.outcomes.rateWindow]),
    rule(n.unpricedRatio, '%s / (%s > 0)' % [of(n.modelUnpricedRate), of(n.modelRequestsRate)]),
  ];

  local declined = of('fleetmeter_inference_margin_declined');
  local margin = [
    rule(n.marginAboveAverage, '%s - on (job, instance, window, basis) group_left () %s' % [
      of('fleetmeter_inference_margin_per_request_usd'),
      of('fleetmeter_inference_total_margin_per_request_usd'),
    ]),
    rule(n.totalMarginChange, '%s - %s' % [
      of('fleetmeter_inference_total_margin_per_request_usd'),
      of('fleetmeter_inference_total_margin_per_request_year_ago_usd'),
    ]),
    rule(n.segmentsDeclined, 'sum without (model, customer_tier) (%s)' % declined),
    // Of all requests, those of segments that declined. A segment that is not known in both years counts as none of them.
    rule(n.declinedRequests, 'sum without (model, customer_tier) (%s * on (job, instance, window, model, customer_tier) group_left () %s) / on (job, instance, window) group_left () (%s > 0)' % [
      declined,
      requests,
      of(n.allRequests),
    ]),
    rule(n.segmentsJudged, 'count without (model, customer_tier) (%s)' % declined),
  ];

  local cost = of('fleetmeter_inference_window_cost_usd');
  local unattributed = of('fleetmeter_inference_unattributed_cost_usd');
  local costs = [
    rule(n.modelCost, 'sum without (customer_tier) (%s)' % cost),
    rule(n.allCost, 'sum without (model, customer_tier) (%s)' % cost),
    // Of all that inference's chips cost. No model may have any cost: all of it is unattributed then.
    rule(n.unattributedRatio, '%s / ((%s + %s or %s) > 0)' % [unattributed, unattributed, of(n.allCost), unattributed]),
  ];

  local saturated = of('fleetmeter_benchmark_saturated');
  local capability = [
    rule(n.saturatedRatio, 'sum without (benchmark) (%s) / count without (benchmark) (%s)' % [saturated, saturated]),
  ];

  [
    { name: 'fleetmeter_inference_volume', rules: volume },
    { name: 'fleetmeter_inference_margin', rules: margin },
    { name: 'fleetmeter_inference_cost', rules: costs },
    { name: 'fleetmeter_capability', rules: capability },
  ]
