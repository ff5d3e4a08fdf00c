"""More figures of the stand-in for the daemon: the supply, the framework and the daemon itself. Plausible, not exact."""

import time

START = time.time()
KINDS = [("aws", "trainium2", 6000, 2.25), ("azure", "b200", 8000, 1.17)]
STATES = {"assigned": 0.8, "unassigned": 0.12, "unhealthy": 0.03, "reserved": 0.01, "unheard": 0.03, "unaccounted": 0.01, "orphaned": 0}
PARTS = {"safety": 0.1, "buffer": 0.15, "inference": 0.2, "training": 0.18, "research": 0.37, "unallocated": 0}
HOUR = 3600


def add_supply(add):
    for provider, chip, h100e, usd in KINDS:
        kind = {"provider": provider, "chip": chip}
        add("supply_declared_chips", h100e * 2, **kind)
        add("supply_usd_per_h100e_hour", usd, **kind)
        for state, part in STATES.items():
            add("supply_chips", h100e * 2 * part, **kind, state=state)
            add("supply_h100e", h100e * part, **kind, state=state)
    for state, count in (("live", 1200), ("silent", 3), ("unaccounted", 1), ("rejected", 2)):
        add("sources", count, state=state)


def add_framework(add):
    add("framework_year_seconds", 8760 * HOUR)
    for provider, chip, h100e, _ in KINDS:
        add("framework_supply_h100e", h100e, provider=provider, chip=chip)
    for tokens, usd in (("input", 5), ("output", 25)):
        add("framework_price_usd_per_million_tokens", usd, model="opus", tokens=tokens)
    add("framework_model_usage_ratio", 1, model="opus")
    add("framework_output_tokens_per_second", 370, size="70b")
    for curve, scale in (("linear", 37.4), ("diminishing", 22)):
        for percent in range(5, 101, 5):
            add("framework_revenue_usd_per_h100e_hour", scale * percent / 100, curve=curve, utilization_percent=str(percent))
    add("framework_model_training_h100e_seconds", 84e6 * HOUR, model="opus")
    for step, hours in (("pre_training", 336e6), ("post_training", 67e6), ("run", 538e6), ("year", 1077e6), ("year_with_losses", 2154e6)):
        add("framework_training_h100e_seconds", hours * HOUR, step=step)
    for what, name in (("scenario", "recommendation"), ("case", "baseline")):
        for part, share in PARTS.items():
            add(f"framework_{what}_share_ratio", share, **{what: name}, part=part)
        add(f"framework_{what}_revenue_usd_per_year", 18e9, **{what: name})
        add(f"framework_{what}_training_h100e_seconds_per_year", 2154e6 * HOUR, **{what: name})
        add(f"framework_{what}_research_h100e_seconds_per_year", 4546e6 * HOUR, **{what: name})


def add_daemon(add):
    passed = time.time() - START
    for result, rate in (("accepted", 40), ("rejected", 1)):
        add("ingest_reports_total", rate * passed, result=result)
    add("ingest_rejected_reports_total", passed, reason="unknown_team")
    for name, middle in (("ingest_lag_seconds", "1"), ("ledger_commit_seconds", "0.01")):
        for le, part in ((middle, 30), ("+Inf", 40)):
            add(name + "_bucket", part * passed, le=le)
        add(name + "_sum", passed)
        add(name + "_count", 40 * passed)
    for name, value in (("watchdog_healthy", 1), ("ledger_writable", 1), ("ledger_file_in_place", 1), ("ledger_log_bytes", 4e6),
                        ("ledger_log_unmoved_bytes", 1e6), ("ingest_queue_reports", 2), ("ingest_queue_limit_reports", 1000),
                        ("config_last_reload_successful", 1), ("clock_confirmed", 1), ("clock_unconfirmed_seconds", 0),
                        ("clock_steps_total", 0)):  # fmt: skip
        add(name, value)


def add_requests(add):
    """One pool whose oldest request is critical, and whose only grant is held in part."""
    passed = time.time() - START
    pool = {"pool": "explore"}
    for nature, open_ones in (("critical", 2), ("growth_bet", 3)):
        for state, count in (("submitted", open_ones), ("ranked", 0), ("active", 1), ("expired", 0)):
            add("capacity_requests", count, **pool, state=state, nature=nature)
        add("capacity_requested_h100e", 64 * open_ones, **pool, nature=nature)
        asks = {"team": "explore-a", "request": f"explore-{nature}"}
        add("capacity_oldest_open_request_timestamp_seconds", START - 7200, **pool, nature=nature, **asks)
        for le, part in (("3600", 1), ("86400", 2), ("+Inf", 3)):
            add("capacity_decision_wait_seconds_bucket", part * passed, **pool, nature=nature, le=le)
        add("capacity_decision_wait_seconds_sum", 9000 * passed, **pool, nature=nature)
        add("capacity_decision_wait_seconds_count", 3 * passed, **pool, nature=nature)
    for outcome in ("granted", "granted_in_part", "declined"):
        add("capacity_decisions_total", passed, **pool, outcome=outcome)
    for name, h100e in (("granted", 600), ("committed", 500), ("uncommitted", 1500), ("used", 200)):
        add(f"capacity_{name}_h100e", h100e, **pool)
    add("capacity_week_granted_h100e_seconds", 500 * 604800, **pool)
    add("capacity_week_used_h100e_seconds", 200 * 604800, **pool)
    grant = {**pool, "team": "explore-a", "request": "explore-1"}
    for name, value in (("h100e", 500), ("used_h100e", 200), ("week_used_ratio", 0.4), ("covered_after_h100e", 0),
                        ("end_timestamp_seconds", START + 86400)):  # fmt: skip
        add(f"grant_{name}", value, **grant)


def add_spending(add):
    """A pool and a team with budgets, of which the team's lasts, and a pool that borrows."""
    passed, left = 40 * 86400, 50 * 86400
    for level, budget, used, labels in (("pool", 9e6, 5e6, {"pool": "chat"}), ("team", 1e6, 3e5, {"pool": "chat", "team": "chat"})):
        add(f"{level}_budget_h100e_seconds", HOUR * (budget), **labels)
        add(f"{level}_budget_start_timestamp_seconds", START - passed, **labels)
        add(f"{level}_budget_end_timestamp_seconds", START + left, **labels)
        add(f"{level}_budget_used_h100e_seconds", HOUR * (used), **labels)
        add(f"{level}_budget_left_h100e_seconds", HOUR * (budget - used), **labels)
        projected = used * (passed + left) / passed
        add(f"{level}_budget_projected_h100e_seconds", HOUR * (projected), **labels)
        add(f"{level}_budget_pace_ratio", projected / budget, **labels)
        add(f"{level}_budget_told_ratio", 1, **labels)
        if projected > budget:
            add(f"{level}_budget_gone_timestamp_seconds", START - passed + passed * budget / used, **labels)
    for lender, h100e in (("explore", 450), ("-", 50)):
        add("pool_lent_h100e", h100e, borrower="pretrain", lender=lender)
        add("pool_lent_week_h100e_seconds", 168 * HOUR * h100e, borrower="pretrain", lender=lender)
    add("lending_hour_timestamp_seconds", START - START % HOUR - HOUR)
    add("lending_week_told_ratio", 1)
    add("spending_as_of_timestamp_seconds", START)
    add("spending_refresh_seconds", 0.1)
    add("spending_refresh_failures_total", 0)


def add_all(add):
    add_requests(add)
    add_spending(add)
    add_supply(add)
    add_framework(add)
    add_daemon(add)
