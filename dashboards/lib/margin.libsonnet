// Fleetmeter / Margin: what does a request earn, why did that change, and what does the average hide?
local g = import 'grafana.libsonnet';

function(config)
  local basis = (import 'basis.libsonnet')(config);
  local n = basis.names;
  local o = config.outcomes;
  local fleet = basis.fleet;
  local told = basis.told;

  local secondsPerDay = 86400;
  local segments(metric, more='') = fleet(metric, 'window="$window", model=~"$model", customer_tier=~"$customer_tier"' + more);
  local models(metric, more='') = fleet(metric, 'window="$window", model=~"$model"' + more);
  local tiers(metric, more='') = fleet(metric, 'window="$window", customer_tier=~"$customer_tier"' + more);
  local total(metric, more='') = fleet(metric, 'window="$window"' + more);
  local onBasis = ', basis="$basis"';
  local row = basis.row;

  local here(variable) = basis.url('margin', '&${window:queryparam}&${basis:queryparam}' + basis.thisOne(variable));
  local modelLabel = g.label('model', 'Model', g.link('This model', here('model')), width=170);
  local tierLabel = g.label('customer_tier', 'Customer tier', g.link('This customer tier', here('customer_tier')), width=130);
  local signed = g.thresholds('red', [['text', 0]]);
  local perRequest = g.decimals(4);
  local usd(expr, words, colours=g.plain) = g.figure(told(expr), words, g.usd, colours, 4);
  local nothing = 'Nothing is known: no requests were reported in this window, or none has both a price and a cost.';

  // ---- the answer

  local effect(name) = 'max(%s)' % total('fleetmeter_inference_margin_per_request_change_usd', onBasis + ', effect="%s"' % name);
  local answer = g.answer(
    'What does a request earn, and why did that change?',
    'The figures are the margin per request over the chosen window and on the chosen basis, of all requests whose margin is known, and its change from the same window a year ago. The parts of that change add up to it: requests that moved between models and tiers, prices, and cost.',
    [
      usd('max(%s)' % total('fleetmeter_inference_total_margin_per_request_usd', onBasis), 'a request'),
      usd('max(%s)' % total(n.totalMarginChange, onBasis), 'against a year ago', signed),
      usd(effect('mix'), 'of that: requests moved', signed),
      usd(effect('price'), 'of that: prices', signed),
      usd(effect('cost'), 'of that: cost', signed),
    ]
  ) + basis.runbook('FleetmeterMarginPerRequestDeclining');
  local trust = g.answer(
    'Is a review of research due, and how far can this be trusted?',
    'By the rule of the framework a review is due when margin per request is lower than a year ago, of all requests or of segments with more than half of them, in the longest window at allocated cost. The other figures are the requests in segments that declined, the requests whose margin is known, the cost that belongs to no model, and the age of these figures.',
    [
      g.figure(told('max(%s)' % fleet('fleetmeter_research_review_due', 'reason="margin_yoy"')), 'of research, by its margin', 'none', mappings=g.words([g.word('0', 'No review is due', 'text'), g.word('1', 'A review is due', 'red')])),
      g.figure(told('max(%s)' % total(n.declinedRequests, onBasis)), 'of the requests are in segments that declined', g.ratio, g.thresholds('text', [['orange', o.hiddenRatio]]), 0),
      g.figure(told('min(%s)' % total('fleetmeter_inference_known_requests_ratio', onBasis)), 'of the requests have a known margin', g.ratio, g.thresholds('orange', [['text', o.knownRatio]]), 0),
      g.figure(told('max(%s)' % total(n.unattributedRatio, onBasis)), 'of the cost is of no model', g.ratio, g.thresholds('text', [['orange', o.unattributedRatio]]), 0),
      g.figure(told('time() - min(%s)' % fleet('fleetmeter_outcomes_as_of_timestamp_seconds')), 'is the age of these figures', 's', g.thresholds('text', [['red', n.seconds(o.staleAfter)]]), 0),
    ]
  ) + basis.runbook('FleetmeterMarginDeclineHidden');

  // ---- what does a request earn?

  local segmentRow(expr) = row(['model', 'customer_tier'], expr);
  local bySegment = g.table(
    'By model and customer tier',
    'The table is over the chosen window and on the chosen basis. A segment has declined where its margin per request is lower than a year ago. It is not known where a request or chip-time has no price, or where nothing is known of the year before.',
    [
      modelLabel,
      tierLabel,
      g.column('Of all requests', segmentRow(segments(n.requestsShare)), g.ratio, g.decimals(1), width=140),
      g.column('Margin a request', segmentRow(segments('fleetmeter_inference_margin_per_request_usd', onBasis)), g.usd, perRequest, width=150),
      g.column('Against a year ago', segmentRow(segments('fleetmeter_inference_margin_declined', onBasis)), 'none', g.mapped(g.words([g.word('0', 'not lower', 'text'), g.word('1', 'declined', 'red')])) + g.coloured(g.plain)),
    ],
    'Of all requests',
    nothing,
    descending=true
  ) + basis.runbook('FleetmeterMarginPerRequestDeclining');

  local byOne(title, label, name, volume, metric, select) = g.table(
    title,
    'The table has volume and margin over the chosen window, on both bases, which are alternatives. Revenue, cost and requests are summed over the segments whose margin is known, and divided last.',
    [
      label,
      g.column('Of all requests', row([name], '%s / on (job, instance, window) group_left () (%s > 0)' % [select(volume), total(n.allRequests)]), g.ratio, g.decimals(1), width=120),
      g.column('At allocated cost', row([name], select(metric, ', basis="allocated"')), g.usd, perRequest, width=130),
      g.column('At used cost', row([name], select(metric, ', basis="used"')), g.usd, perRequest),
    ],
    'Of all requests',
    nothing,
    descending=true
  );
  local byModel = byOne('Margin of a request by model', modelLabel, 'model', n.modelRequests, 'fleetmeter_inference_model_margin_per_request_usd', models);
  local byTier = byOne('Margin of a request by customer tier', tierLabel, 'customer_tier', n.tierRequests, 'fleetmeter_inference_tier_margin_per_request_usd', tiers);

  // ---- what does the average hide?

  local hidden(title, description, condition, empty) =
    local kept(expr) = segmentRow('%s and on (job, instance, window, model, customer_tier) (%s)' % [expr, condition]);
    g.table(
      title,
      description,
      [
        modelLabel,
        tierLabel,
        g.column('Of all requests', kept(segments(n.requestsShare)), g.ratio, g.decimals(1), width=120),
        g.column('Against the average', kept(segments(n.marginAboveAverage, onBasis)), g.usd, perRequest + g.coloured(signed)),
      ],
      'Of all requests',
      empty,
      descending=true
    );
  local muchBelow = hidden(
    'Much volume below average',
    'These segments have at least %g of all requests, and a request of theirs earns less than the average.' % o.muchRatio,
    '%s >= %g and on (job, instance, window, model, customer_tier) %s < 0' % [segments(n.requestsShare), o.muchRatio, segments(n.marginAboveAverage, onBasis)],
    'There is no such segment, or margins are not known.'
  );
  local littleAbove = hidden(
    'High margin, little volume',
    'These segments have at most %g of all requests, and a request of theirs earns more than the average. They add little to the total.' % o.littleRatio,
    '%s <= %g and on (job, instance, window, model, customer_tier) %s > 0' % [segments(n.requestsShare), o.littleRatio, segments(n.marginAboveAverage, onBasis)],
    'There is no such segment, or margins are not known.'
  );

  // ---- why did it change? Of all requests, whatever is chosen.

  local past(metric, more='') = basis.past(metric, 'window="$window"' + more);
  local trend = g.graph(
    'Margin of a request, all models',
    'The curves are over the trailing window chosen above, on both bases, beside the year before. They include what the ledger exported of the past. A gap is a margin that was not known.',
    [
      g.query('max by (basis) (last_over_time(%s[1d]))' % past('fleetmeter_inference_total_margin_per_request_usd'), 'at {{basis}} cost'),
      g.query('max by (basis) (last_over_time(%s[1d]))' % past('fleetmeter_inference_total_margin_per_request_year_ago_usd'), 'a year before, {{basis}}'),
    ],
    g.usd,
    nothing
  ) + g.defaults({ decimals: 4 }) + g.overYears;
  local effects = g.bars(
    'Change of total margin by effect, all models',
    'The bars are US dollars over the chosen window, against a year ago. Volume is what more or fewer requests change at the old margin. Mix is what moved requests change. Price and cost are the changes of revenue and of cost per request. The four add up to the change.',
    [g.now('sort_desc(max by (effect) (%s))' % total('fleetmeter_inference_margin_change_usd', onBasis), '{{effect}}')],
    g.usd,
    'No year before is known.'
  ) + { fieldConfig+: { defaults+: { min:: null, thresholds: g.thresholds('red', [['green', 0]]), color: { mode: 'thresholds' } } } };

  // ---- what does serving cost?

  local costTable = g.table(
    'What serving costs, by model',
    'Allocated is all chip-time that is assigned to what serves the model. Used is its busy chip-time, where chip-time that nobody measured counts in full. Idle is allocated less used.',
    [
      modelLabel,
      g.column('Allocated', row(['model'], models(n.modelCost, ', basis="allocated"')), g.usd, width=120),
      g.column('Used', row(['model'], models(n.modelCost, ', basis="used"')), g.usd, width=120),
      g.column('Idle', row(['model'], '%s - ignoring (basis) %s' % [models(n.modelCost, ', basis="allocated"'), models(n.modelCost, ', basis="used"')]), g.usd),
    ],
    'Allocated',
    'No cost is known: the catalog has no price for the chips that serve, or nothing was served.',
    descending=true
  );
  local costRate = g.graph(
    'What serving costs a day',
    'The curves are what the chip-time that served the chosen models cost a day, in US dollars on both bases, at the prices of the catalog when it was booked.',
    [g.query('%d * sum by (basis) (rate(%s[$__rate_interval]))' % [secondsPerDay, fleet('fleetmeter_inference_serving_cost_usd_total', 'model=~"$model"')], 'at {{basis}} cost')],
    g.usd,
    'No cost was booked in this time.'
  );
  local volume = g.graph(
    'Requests a second by model',
    'The curves count the requests that were reported within %s, for the %d chosen models with most. Reports may come once a day.' % [o.rateWindow, config.dashboard.lines],
    [g.query('topk(%d, sum by (model) (%s))' % [config.dashboard.lines, fleet(n.modelRequestsRate, 'model=~"$model"')], '{{model}}')],
    'reqps',
    'No report told of requests of the chosen models within %s.' % o.rateWindow
  );

  local ofWindow = fleet('fleetmeter_inference_window_requests');
  g.dashboard(
    uid='fleetmeter-margin',
    title='Fleetmeter / Margin',
    description='What does a request earn, why did that change, what does the average hide, and is a review of research due?',
    config=config,
    runbook=basis.runbookPage,
    from='now-90d',
    variables=basis.variables(hidden=['pool', 'team']) + [
      g.oneOfVariable('window', 'Window', 'Trailing window of whole days, today included.', 'label_values(%s, window)' % ofWindow, o.window),
      g.choiceVariable('basis', 'Cost basis', 'Cost of all chip-time allocated to a model, or of what it used.', ['allocated', 'used']),
      g.queryVariable('model', 'Model', 'Models that served requests in the window.', 'label_values(%s, model)' % total('fleetmeter_inference_window_requests')),
      g.queryVariable('customer_tier', 'Customer tier', 'Customer tiers of the chosen models.', 'label_values(%s, customer_tier)' % models('fleetmeter_inference_window_requests')),
    ],
    annotations=basis.annotations,
    rows=[
      g.row('Of all models and customer tiers', 5, [answer]),
      g.row('', 5, [trust]),
      g.row('What does a request earn, of the chosen models and tiers?', 9, [bySegment]),
      g.row('', 8, [byModel, byTier]),
      g.row('What does the average hide, of the chosen models and tiers?', 7, [muchBelow, littleAbove]),
      g.row('Why did it change? Of all models and tiers', 9, [trend, effects]),
      g.row('What does serving the chosen models cost, in all tiers?', 8, [costTable, costRate]),
      g.row('', 8, [volume]),
      basis.behind(|||
        - **Margin per request** is (revenue less cost) / requests, summed first and divided last. Revenue is priced once, when it is booked; corrections are entries of their own.
        - **Basis** says which cost is meant: that of all chip-time *allocated* to a model, or of what it *used*. The two are never added up.
        - **Not known is not 0.** A segment without a price has no margin, a model without a chip price has no cost, and a window without a year before it has no decline.
        - **Mix** is what requests change that moved between models and tiers. If mix is above 0 while price and cost are below, requests moved to what earns more, and each segment earns less.
        - **overflow** has the segments beyond those with series of their own. dashboards/MARGIN.md explains the method.
      |||, basis.inForceOfOutcomes),
    ],
  )
