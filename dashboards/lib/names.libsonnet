// Names that rules, alerts and dashboards share: recorded series, selectors and the join with pool_info.
function(config) {
  local seconds(duration) =
    local n = std.length(duration);
    std.parseInt(duration[0:n - 1]) * { s: 1, m: 60, h: 3600, d: 86400 }[duration[n - 1]],

  gap: config.scrapeGap,
  horizonSeconds: seconds(config.headroom.horizon),
  seconds:: seconds,

  // A selector of the daemons' series, or of others', with further matchers.
  sel(matchers='', of=config.selector):: '{' + of + (if matchers == '' then '' else ', ' + matchers) + '}',

  // Gauges bridged over failed scrapes: an alert's condition must hold for the worst sample of the gap.
  highest(metric, matchers='', of=config.selector)::
    'max_over_time(%s%s[%s])' % [metric, self.sel(matchers, of), self.gap],
  lowest(metric, matchers='', of=config.selector)::
    'min_over_time(%s%s[%s])' % [metric, self.sel(matchers, of), self.gap],

  // What a counter of events grew by within the window in which they are told.
  happened(metric, matchers='', of=config.selector)::
    'increase(%s%s[%s])' % [metric, self.sel(matchers, of), config.events.window],

  // What identifies a pool of one daemon.
  identity: 'job, instance, pool',
  attributes: ['category', 'tier', 'owner', 'contact'],

  // `expr` (one series a pool) with owner, contact, category and tier.
  withInfo(expr, info=self.info)::
    '(%s) * on (%s) group_left (%s) %s' % [expr, self.identity, std.join(', ', self.attributes), info],

  // Recorded series; a window in a name is the window in its expression.
  info: 'pool:fleetmeter_pool_info:latest' + self.gap,
  assigned: 'pool:fleetmeter_pool_assigned_h100e:sum',
  busy: 'pool:fleetmeter_pool_busy_h100e:sum',
  assignedRatio: 'pool:fleetmeter_pool_assigned_per_allocated:ratio',
  knownBusy: 'pool:fleetmeter_pool_utilization_busy_h100e:sum',
  knownAllocated: 'pool:fleetmeter_pool_utilization_allocated_h100e:covered',
  utilization: 'pool:fleetmeter_pool_utilization:ratio',
  assignedPeak: 'pool:fleetmeter_pool_assigned_h100e:p95_' + config.headroom.peakWindow,
  assignedAverage: 'pool:fleetmeter_pool_assigned_h100e:avg' + config.headroom.peakWindow,
  headroomLow: 'pool:fleetmeter_pool_headroom_h100e:min' + config.headroom.peakWindow,
  reclaimable: 'pool:fleetmeter_pool_unused_h100e:min' + config.underuse.window,
  slope: 'pool:fleetmeter_pool_headroom_h100e:deriv' + config.headroom.trendWindow,
  predicted: 'pool:fleetmeter_pool_headroom_h100e:predict%(horizon)s_linear%(trendWindow)s' % config.headroom,

  // What an H100e costs an hour, and what unused and idle ones cost a day.
  fleetPrice: 'fleet:fleetmeter_supply_usd_per_h100e_hour:mean',
  poolPrice: 'pool:fleetmeter_pool_usd_per_h100e_hour:mean',
  reclaimableUsd: 'pool:fleetmeter_pool_unused_usd_per_day:min' + config.underuse.window,
  teamIdleUsd: 'team:fleetmeter_team_idle_usd_per_day:sum',

  // The buffer of the plan, consumed by everybody together.
  bufferConsumed: 'fleet:fleetmeter_plan_buffer_consumed_h100e:sum',
  bufferRatio: 'fleet:fleetmeter_plan_buffer_consumed:ratio',
  bufferPredicted: 'fleet:fleetmeter_plan_buffer_consumed_h100e:predict%(horizon)s_linear%(trendWindow)s' % config.plan,
  planHorizonSeconds: seconds(config.plan.horizon),
  // The supply is heard from, so that what is measured speaks for it.
  heard: 'and on (job, instance) %s >= %g' % [self.lowest('fleetmeter_supply_coverage_ratio'), config.coverage.ratio],

  // Requests for capacity: the held part of what grants of a pool promised in the last week.
  weekUsedRatio: 'pool:fleetmeter_capacity_week_used:ratio',
  criticalUndecidedSeconds: seconds(config.requests.criticalUndecided),
  endsWithinSeconds: seconds(config.requests.endsWithin),
  expiredToldSeconds: seconds(config.requests.expiredTold),

  // Outcomes. Windows of the daemon are labels; the window in a name is one of Prometheus.
  modelRequestsRate: 'model:fleetmeter_inference_requests:rate' + config.outcomes.rateWindow,
  modelUnpricedRate: 'model:fleetmeter_inference_unpriced_requests:rate' + config.outcomes.rateWindow,
  unpricedRatio: 'model:fleetmeter_inference_unpriced:ratio_rate' + config.outcomes.rateWindow,
  modelRequests: 'model:fleetmeter_inference_window_requests:sum',
  tierRequests: 'customer_tier:fleetmeter_inference_window_requests:sum',
  allRequests: 'fleet:fleetmeter_inference_window_requests:sum',
  requestsShare: 'segment:fleetmeter_inference_window_requests_share:ratio',
  modelCost: 'model:fleetmeter_inference_window_cost_usd:sum',
  allCost: 'fleet:fleetmeter_inference_window_cost_usd:sum',
  unattributedRatio: 'fleet:fleetmeter_inference_unattributed_cost:ratio',
  marginAboveAverage: 'segment:fleetmeter_inference_margin_per_request_usd:above_total',
  totalMarginChange: 'fleet:fleetmeter_inference_total_margin_per_request_usd:above_year_ago',
  segmentsDeclined: 'fleet:fleetmeter_inference_margin_declined:sum',
  declinedRequests: 'fleet:fleetmeter_inference_margin_declined_requests_share:ratio',
  segmentsJudged: 'fleet:fleetmeter_inference_margin_declined:count',
  saturatedRatio: 'fleet:fleetmeter_benchmark_saturated:ratio',

  exhaustion: 'pool:fleetmeter_pool_headroom_exhaustion:seconds' + config.headroom.trendWindow,
}
