// Recording rules. Names are level:metric:operations. Numerator and denominator are summed first and
// divided then. Where a number is not known no series is recorded, so that nothing is taken for 0.
function(config)
  local n = (import 'names.libsonnet')(config);
  local h = config.headroom;
  local rule(record, expr) = { record: record, expr: expr };

  local pools = [
    // The newest row of each pool: it outlives a failed scrape, and a plan that changes the owner
    // leaves one row to join with, not two. Any number to the power of 0 is 1.
    rule(n.info, 'topk without (%s) (1, max_over_time(timestamp(fleetmeter_pool_info%s)[%s:15s])) ^ 0' % [
      std.join(', ', n.attributes),
      n.sel(),
      n.gap,
    ]),
    rule(n.assigned, 'sum without (chip) (fleetmeter_pool_assigned_h100e%s)' % n.sel()),
    rule(n.busy, 'sum without (chip, signal) (fleetmeter_pool_busy_h100e%s)' % n.sel()),
    rule(n.assignedRatio, '%s%s / (fleetmeter_pool_allocated_h100e%s > 0)' % [n.assigned, n.sel(), n.sel()]),

    // Both sides of the utilization, for pools whose utilization is known and no others. A pool that
    // is known to use nothing has no busy series: its 0 comes from the utilization itself.
    rule(n.knownBusy, '(%s%s and fleetmeter_pool_utilization_ratio%s) or 0 * fleetmeter_pool_utilization_ratio%s' % [
      n.busy,
      n.sel(),
      n.sel(),
      n.sel(),
    ]),
    rule(n.knownAllocated, 'fleetmeter_pool_allocated_h100e%s * fleetmeter_pool_coverage_ratio%s and fleetmeter_pool_utilization_ratio%s' % [
      n.sel(),
      n.sel(),
      n.sel(),
    ]),
    rule(n.utilization, '%s%s / %s%s' % [n.knownBusy, n.sel(), n.knownAllocated, n.sel()]),

    rule(n.assignedPeak, 'quantile_over_time(0.95, %s%s[%s])' % [n.assigned, n.sel(), h.peakWindow]),
    rule(n.assignedAverage, 'avg_over_time(%s%s[%s])' % [n.assigned, n.sel(), h.peakWindow]),
    rule(n.headroomLow, 'min_over_time(fleetmeter_pool_headroom_h100e%s[%s])' % [n.sel(), h.peakWindow]),

    // Reclaimable: what stayed unused through the whole window.
    rule(n.reclaimable, 'min_over_time(fleetmeter_pool_unused_h100e%s[%s])' % [n.sel(), config.underuse.window]),

    rule(n.slope, 'deriv(fleetmeter_pool_headroom_h100e%s[%s])' % [n.sel(), h.trendWindow]),
    rule(n.predicted, 'predict_linear(fleetmeter_pool_headroom_h100e%s[%s], %d)' % [n.sel(), h.trendWindow, n.horizonSeconds]),
    // Absent while headroom does not shrink: there is no such time then. 0 once it is gone.
    rule(n.exhaustion, 'clamp_min(fleetmeter_pool_headroom_h100e%s, 0) / -(%s%s < 0) or clamp_min(fleetmeter_pool_headroom_h100e%s <= 0, 0)' % [
      n.sel(),
      n.slope,
      n.sel(),
      n.sel(),
    ]),
  ];

  // The mean price of what is there, by kind of chip. Where one kind has no price, the mean is not
  // known: a part of it would be taken for 0.
  local price = 'fleetmeter_supply_usd_per_h100e_hour%s' % n.sel();
  local supply = 'sum without (state) (fleetmeter_supply_h100e%s)' % n.sel();
  local held = 'fleetmeter_pool_assigned_h100e%s' % n.sel();
  local ofKind = 'on (job, instance, chip) group_left () sum without (provider) (%s)' % price;
  local hoursPerDay = 24;
  local costs = [
    rule(n.fleetPrice, 'sum without (provider, chip) (%(supply)s * %(price)s) / (sum without (provider, chip) (%(supply)s) > 0) unless sum without (provider, chip) (%(supply)s > 0 unless %(price)s)' % {
      supply: supply,
      price: price,
    }),
    // A pool that holds nothing would be given chips of the fleet's mean price.
    rule(n.poolPrice, '(sum without (chip) (%(held)s * %(ofKind)s) / (%(assigned)s > 0) unless sum without (chip) (%(held)s > 0 unless on (job, instance, chip) %(price)s)) or 0 * (%(assigned)s == 0) + on (job, instance) group_left () %(fleet)s' % {
      held: held,
      ofKind: ofKind,
      assigned: n.assigned + n.sel(),
      price: price,
      fleet: n.fleetPrice + n.sel(),
    }),
    rule(n.reclaimableUsd, '%d * %s * %s' % [hoursPerDay, n.reclaimable + n.sel(), n.poolPrice + n.sel()]),
    rule(n.teamIdleUsd, '%d * fleetmeter_team_idle_h100e%s * on (%s) group_left () %s' % [hoursPerDay, n.sel(), n.identity, n.poolPrice + n.sel()]),
  ];

  local plan = [
    rule(n.bufferConsumed, 'sum without (cause, pool) (fleetmeter_plan_buffer_consumed_h100e%s)' % n.sel()),
    rule(n.bufferRatio, '%s%s / (fleetmeter_plan_buffer_h100e%s > 0)' % [n.bufferConsumed, n.sel(), n.sel()]),
    rule(n.bufferPredicted, 'predict_linear(%s%s[%s], %d)' % [n.bufferConsumed, n.sel(), config.plan.trendWindow, n.planHorizonSeconds]),
    // Together with the categories' (or the tiers') actual shares these are 1: all that is heard from.
    rule('fleet:fleetmeter_plan_actual_share_ratio:sum', 'sum without (category) (fleetmeter_plan_category_actual_share_ratio%s)' % n.sel()),
  ];

  local requests = [
    rule(n.weekUsedRatio, 'fleetmeter_capacity_week_used_h100e_seconds%s / (fleetmeter_capacity_week_granted_h100e_seconds%s > 0)' % [n.sel(), n.sel()]),
  ];

  // The same questions for a category, a tier and the fleet.
  local level(name, gone) =
    local joined(expr) = if name == 'fleet' then expr else n.withInfo(expr, n.info + n.sel());
    local sum(expr) = 'sum without (%s) (%s)' % [std.join(', ', gone), joined(expr)];
    local record(metric) = '%s:fleetmeter_pool_%s' % [name, metric];
    [
      rule(record('allocated_h100e:sum'), sum('fleetmeter_pool_allocated_h100e' + n.sel())),
      rule(record('assigned_h100e:sum'), sum(n.assigned + n.sel())),
      rule(record('busy_h100e:sum'), sum(n.busy + n.sel())),
      rule(record('headroom_h100e:sum'), sum('fleetmeter_pool_headroom_h100e' + n.sel())),
      rule(record('headroom_h100e:sum_min' + h.peakWindow),
           'min_over_time(%s%s[%s])' % [record('headroom_h100e:sum'), n.sel(), h.peakWindow]),
      rule(record('assigned_h100e:sum_p95_' + h.peakWindow),
           'quantile_over_time(0.95, %s%s[%s])' % [record('assigned_h100e:sum'), n.sel(), h.peakWindow]),
      rule(record('unused_h100e:min%s_sum' % config.underuse.window), sum(n.reclaimable + n.sel())),
      rule(record('assigned_per_allocated:ratio'),
           '%s%s / (%s%s > 0)' % [record('assigned_h100e:sum'), n.sel(), record('allocated_h100e:sum'), n.sel()]),
      rule(record('utilization:ratio'), '%s / %s' % [sum(n.knownBusy + n.sel()), sum(n.knownAllocated + n.sel())]),
      // The part of the allocation that the utilization speaks for.
      rule(record('utilization_known:ratio'), '%s / (%s%s > 0)' % [
        sum(n.knownAllocated + n.sel()),
        record('allocated_h100e:sum'),
        n.sel(),
      ]),
    ];

  [
    { name: 'fleetmeter_pools', rules: pools },
    { name: 'fleetmeter_costs', rules: costs },
    { name: 'fleetmeter_categories', rules: level('category', ['pool', 'tier', 'owner', 'contact']) },
    { name: 'fleetmeter_tiers', rules: level('tier', ['pool', 'category', 'owner', 'contact']) },
    { name: 'fleetmeter_plan', rules: plan },
    { name: 'fleetmeter_requests', rules: requests },
    { name: 'fleetmeter_fleet', rules: level('fleet', ['pool']) },
  ] + (import 'outcomes_rules.libsonnet')(config)
