// Alerts about what allocations led to: margin per request, capability per training hour, and whether both can be
// told. A number that is not known fires nothing; that it is not known is told by alerts of its own.
function(config)
  local n = (import 'names.libsonnet')(config);
  local build = (import 'alert.libsonnet')(config);
  local o = config.outcomes;
  local told = build.told;
  local percent(ratio) = '%g%%' % (ratio * 100);
  local alert(name, severity, duration, expr, summary, description, view='margin') =
    build.alert(name, severity, duration, expr, summary, description, build.view(view));
  local due(reason) = '%s == 1' % n.lowest('fleetmeter_research_review_due', 'reason="%s"' % reason);

  // What the description quotes: one window, one basis, named beside the figures.
  local chosen = ',window=\\"%s\\",basis=\\"%s\\"' % [o.window, o.basis];
  local usd(series) = told(series, 'value | printf "%.6f"', matcher=chosen);
  local count(series, matcher='') = told(series, 'value | printf "%.0f"', matcher=matcher);

  local review = [
    alert(
      'FleetmeterMarginPerRequestDeclining',
      'warning',
      o.reviewFor,
      due('margin_yoy'),
      'Margin per inference request has declined year over year: a review of research is due.',
      'The daemon at {{ $labels.instance }} finds a review due. Margin of a request over the window %s, at %s cost, in US dollars: %s. A year ago: %s. Segments that declined: %s of %s. Part of the requests whose margin is known: %s. Price book version %s.' % [
        o.window,
        o.basis,
        usd('fleetmeter_inference_total_margin_per_request_usd'),
        usd('fleetmeter_inference_total_margin_per_request_year_ago_usd'),
        count(n.segmentsDeclined, chosen),
        count(n.segmentsJudged, chosen),
        told('fleetmeter_inference_known_requests_ratio', 'value | humanizePercentage', matcher=chosen),
        told('fleetmeter_price_book_info', 'label "version"'),
      ],
    ),
    alert(
      'FleetmeterMarginDeclineHidden',
      'info',
      o.reviewFor,
      '%(declined)s{window="%(window)s", basis="%(basis)s", %(selector)s} > %(ratio)g and on (job, instance, window, basis) (%(now)s >= %(ago)s)' % {
        declined: n.declinedRequests,
        window: o.window,
        basis: o.basis,
        selector: config.selector,
        ratio: o.hiddenRatio,
        now: n.lowest('fleetmeter_inference_total_margin_per_request_usd'),
        ago: n.lowest('fleetmeter_inference_total_margin_per_request_year_ago_usd'),
      },
      'Most requests earn less than a year ago, and the total hides it.',
      '{{ $value | humanizePercentage }} of the requests to {{ $labels.instance }} are in segments whose margin per request declined (%s of %s segments, window %s, %s cost), while that of all requests together did not: from %s to %s US dollars. The part of this change that comes from requests in other segments: %s.' % [
        count(n.segmentsDeclined, chosen),
        count(n.segmentsJudged, chosen),
        o.window,
        o.basis,
        usd('fleetmeter_inference_total_margin_per_request_year_ago_usd'),
        usd('fleetmeter_inference_total_margin_per_request_usd'),
        told('fleetmeter_inference_margin_per_request_change_usd', 'value | printf "%.6f"', matcher=chosen + ',effect=\\"mix\\"'),
      ],
    ),
    alert(
      'FleetmeterCapabilityPerHourDeclining',
      'warning',
      o.reviewFor,
      '%s and on (job, instance) %s' % [n.lowest('fleetmeter_capability_declining_quarters'), due('capability_per_hour')],
      'An hour of training has brought less capability for consecutive quarters: a review of research is due.',
      'At {{ $labels.instance }}, {{ $value | printf "%%.0f" }} quarters in a row each brought less capability an H100-hour of training than the one before. Part of the benchmarks that is saturated and left out: %s. Suite %s version %s.' % [
        told(n.saturatedRatio, 'value | humanizePercentage'),
        told('fleetmeter_benchmark_suite_info', 'label "suite"'),
        told('fleetmeter_benchmark_suite_info', 'label "version"'),
      ],
      view='capability',
    ),
  ];

  local known = [
    alert(
      'FleetmeterBenchmarkSaturated',
      'info',
      o.reviewFor,
      '%s and on (job, instance, benchmark) %s == 1' % [
        n.highest('fleetmeter_benchmark_saturation_ratio'),
        n.lowest('fleetmeter_benchmark_saturated'),
      ],
      'A benchmark is saturated, so it no longer tells models apart.',
      'The best score on {{ $labels.benchmark }} at {{ $labels.instance }} has come {{ $value | humanizePercentage }} of the way from its floor to its ceiling. It is left out of capability per training hour.',
      view='capability',
    ),
    alert(
      'FleetmeterBenchmarkSuiteSaturated',
      'warning',
      o.reviewFor,
      'sum without (benchmark) (%(saturated)s) / count without (benchmark) (%(saturated)s) == 1' % { saturated: n.lowest('fleetmeter_benchmark_saturated') },
      'Every benchmark is saturated: whether training hours bring less cannot be told.',
      '{{ $value | humanizePercentage }} of the benchmarks with results at {{ $labels.instance }} are saturated (suite %s version %s). Capability per training hour has no figure until harder ones are added.' % [
        told('fleetmeter_benchmark_suite_info', 'label "suite"'),
        told('fleetmeter_benchmark_suite_info', 'label "version"'),
      ],
      view='capability',
    ),
    alert(
      'FleetmeterRequestsUnpriced',
      'warning',
      o['for'],
      '%s%s > %g' % [n.unpricedRatio, n.sel(), o.unpricedRatio],
      "More than %s of a model's requests have no price." % percent(o.unpricedRatio),
      'Of the requests to {{ $labels.model }} that {{ $labels.instance }} was told of within %s, {{ $value | humanizePercentage }} have no known revenue: neither the report nor price book version %s names one. Their segments have no margin.' % [
        o.rateWindow,
        told('fleetmeter_price_book_info', 'label "version"'),
      ],
    ),
    alert(
      'FleetmeterOutcomesStale',
      'warning',
      o['for'],
      'time() - %s > %d' % [n.highest('fleetmeter_outcomes_as_of_timestamp_seconds'), n.seconds(o.staleAfter)],
      'What is shown of outcomes was worked out more than %s ago.' % o.staleAfter,
      'Margins and capability of {{ $labels.instance }} are {{ $value | humanizeDuration }} old. Attempts that failed since it started: %s.' % count('fleetmeter_outcomes_refresh_failures_total'),
    ),
    alert(
      'FleetmeterOutcomesRefreshFailing',
      'warning',
      config.events['for'],
      n.happened('fleetmeter_outcomes_refresh_failures_total') + ' > 0',
      'Outcomes could not be worked out from the ledger.',
      '{{ $labels.instance }} failed {{ $value | printf "%%.0f" }} times in %s to work out margins and capability. The last known figures are still shown. The log says why it failed.' % config.events.window,
    ),
    alert(
      'FleetmeterCustomerTiersOverflow',
      'warning',
      o['for'],
      n.highest('fleetmeter_outcome_segments_overflow') + ' > 0',
      'There are more segments of model and customer tier than have series of their own.',
      '{{ $value | printf "%%.0f" }} segments of {{ $labels.instance }} are shown as one, overflow, beside %s of their own. Totals are whole.' % count('fleetmeter_outcome_segments'),
    ),
  ];

  [
    { name: 'fleetmeter_review_alerts', rules: review },
    { name: 'fleetmeter_outcomes_alerts', rules: known },
  ]
