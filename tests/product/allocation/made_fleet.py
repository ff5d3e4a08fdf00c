"""A daemon for the allocation report: a gRPC server whose fleet, requests and decisions are made up
by a seed, so that a report can be as large as one likes."""
import concurrent.futures
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[2] / "support"))
from ingest_stubs import load_ingest_stubs

HOUR = 3600
DAY = 24 * HOUR
MICRO = 1_000_000
NANO = 1_000_000_000
# Letters of several scripts, marks that turn text around, and what formats would act on.
HOSTILE = "=1+1|<script>alert(1)</script>\"'`\n\u202e\u05e9\u05dc\u05d5\u05dd [a](http://evil.example)"

CATEGORIES = ("inference", "training", "research", "safety")
TEAMS = ("pretraining", "scaling-laws", "api", "evals", "interpretability", "post-training")
WORKLOADS = ("decode", "ablation-sweep", "flagship-run", "red-team", "distillation")
REASONS = ("The flagship run has to end before the quarter does.",
           "It earns more than what inference would make of the same hours.",
           "The last grant of the team was used in full.",
           "No pool can lend so much for so long.")


class Fleet:
    """Messages of a fleet with so many pools and so many undecided requests."""

    def __init__(self, pools=12, requests=14, seed=7, hostile=False, stubs=None):
        self.random = random.Random(seed)
        self.now = int(time.time()) // HOUR * HOUR
        self.hostile = hostile
        self.grpc, *_ = load_ingest_stubs(stubs)
        from fleetmeter.v1 import admin_pb2, capacity_pb2, outcomes_pb2, plan_pb2, query_pb2
        self.query, self.plan, self.capacity = query_pb2, plan_pb2, capacity_pb2
        self.outcomes, self.admin = outcomes_pb2, admin_pb2
        self.pools = [self._pool(i) for i in range(pools)]
        self.open = [self._request(i, beyond=i % 2 == 0) for i in range(requests)]
        self.decided = [self._decided(i) for i in range(max(8, requests // 20))]
        self.asked = []  # names of calls

    def basis(self):
        return self.query.Basis(plan="recommendation", plan_version=4, scenario="Two training runs",
                                catalog_version=12, as_of_unix_nanos=self.now * NANO)

    def _pool(self, i):
        r = self.random
        allocated = r.choice((32, 64, 128, 200, 512)) + r.choice((0, 0.5))
        pool = self.query.Pool(
            pool=HOSTILE if self.hostile and i == 0 else
            f"{CATEGORIES[i % 4]}-{('enterprise', 'flagship', 'scaling', 'api')[i // 4 % 4]}-{i}",
            category=CATEGORIES[i % 4], tier=f"p{i % 3}",
            owner=r.choice(("Pretraining", "Scaling Research", "API Serving", "Safety Evaluations")),
            contact="#" + CATEGORIES[i % 4], allocated_h100e=allocated,
            coverage_ratio=r.choice((1, 1, 0.97, 0.41)))
        if pool.coverage_ratio < 0.5 and i % 8 == 3:
            pool.coverage_ratio = 0
            return pool
        pool.assigned_h100e = allocated * r.uniform(0.1, 1)
        pool.busy_h100e = pool.assigned_h100e * r.uniform(0.1, 0.95)
        pool.idle_h100e = pool.assigned_h100e - pool.busy_h100e
        pool.idle_chips = r.randint(0, 40)
        pool.headroom_h100e = allocated - pool.assigned_h100e
        pool.measured_ratio = 1
        if pool.coverage_ratio > 0.9:
            pool.utilization_ratio = pool.busy_h100e / allocated
        if i % 4 != 1:
            pool.usd_per_h100e_hour = r.choice((1.1, 1.25, 2.5))
        pool.teams.add(team=r.choice(TEAMS), assigned_h100e=pool.assigned_h100e,
                       busy_h100e=pool.busy_h100e)
        if i % 3:
            pool.demand.h100e = r.choice((0, 8, 24, 96))
            pool.demand.requests = int(pool.demand.h100e // 8)
            pool.demand.servable_h100e = min(pool.demand.h100e, pool.headroom_h100e)
            if pool.demand.requests:
                pool.demand.oldest_wait_seconds = r.randint(60, 3 * DAY)
        return pool

    def _form(self, i, beyond):
        r = self.random
        pool = r.choice(self.pools).pool
        form = self.capacity.CapacityForm(
            request_id=f"{r.choice(WORKLOADS)}-{i}", pool=pool, team=r.choice(TEAMS), chip="b200",
            chips=r.choice((8, 16, 64, 256)), start_unix_seconds=self.now + r.randint(1, 30) * DAY,
            hours=r.choice((24, 168, 336, 2160)), workload=r.choice(WORKLOADS),
            nature=r.choice(("critical", "company_goal", "growth_bet", "growth_bet")),
            beyond_allocation=beyond, note="")
        if form.nature == "company_goal":
            form.goal = "ship the next family"
        if beyond or r.random() < 0.5:
            low = r.randint(10_000, 2_000_000)
            form.roi.CopyFrom(self.capacity.Roi(
                gain=r.choice(("revenue", "efficiency")), low_micro_usd=low * MICRO,
                expected_micro_usd=2 * low * MICRO, high_micro_usd=3 * low * MICRO,
                confidence_basis_points=r.choice((5000, 8000, 9000)),
                expected_by_unix_seconds=self.now // DAY * DAY + r.randint(30, 300) * DAY))
            form.trade_off = r.choice(("The ablation sweep starts a week later.",
                                       "Evaluations run at night only until it is done.", ""))
        if self.hostile and i < 3:
            form.request_id = f"hostile-{i}"
            form.team = form.workload = form.trade_off = HOSTILE
        return form

    def _request(self, i, beyond):
        form = self._form(i, beyond)
        h100e = form.chips * 3
        return self.capacity.CapacityRequest(
            form=form, state="submitted", micro_h100e=h100e * MICRO,
            micro_h100e_hours=h100e * form.hours * MICRO, catalog_version=12, revision=1,
            asked_by="spiffe://fleet.example/asker", asked_unix_nanos=(self.now - i * HOUR) * NANO)

    def _decided(self, i):
        r = self.random
        request = self._request(10_000 + i, beyond=i % 3 == 0)
        decided = self.now - r.choice((2, 5, 20, 40)) * DAY
        reason = HOSTILE if self.hostile and i == 0 else r.choice(REASONS)
        if i % 4 == 3:
            request.state = "declined"
            request.ended_by, request.ended_reason = "spiffe://fleet.example/committee", reason
            request.ended_unix_nanos = decided * NANO
            return request
        request.state = "active"
        chips = request.form.chips // (1 + i % 2)
        request.grant.CopyFrom(self.capacity.CapacityGrant(
            chips=chips, micro_h100e=3 * chips * MICRO, start_unix_seconds=decided + HOUR,
            end_unix_seconds=decided + 30 * DAY, decision=i + 1, reason=reason,
            identity="spiffe://fleet.example/committee", decided_unix_nanos=decided * NANO))
        return request

    # --- Answers ------------------------------------------------------------------------------

    def one(self, request_id):
        """Whether an undecided request fits; how long a grant was to last."""
        answer = self.capacity.GetCapacityResponse()
        for request in self.decided:
            if request.form.request_id != request_id or not request.HasField("grant"):
                continue
            answer.events.add(action="grant", request_id=request_id,
                              start_unix_seconds=request.grant.start_unix_seconds,
                              end_unix_seconds=request.grant.end_unix_seconds)
            return answer
        answer.fit.CopyFrom(self.capacity.CapacityFit(
            fits=len(request_id) % 2 == 0, missing_micro_h100e=12_500_000,
            from_unix_seconds=self.now + 9 * DAY,
            lenders=[self.capacity.CapacityLender(pool="research-scaling-2",
                                                  micro_h100e=40 * MICRO)]))
        return answer

    def ranking(self, pool):
        order = {"critical": 0, "company_goal": 1, "growth_bet": 2}
        mine = [one for one in self.open if (one.form.pool == pool and not one.form.beyond_allocation)
                or (not pool and one.form.beyond_allocation)]
        mine.sort(key=lambda one: (order[one.form.nature], one.asked_unix_nanos))
        answer = self.capacity.GetRankingResponse(basis=self.basis())
        for place, request in enumerate(mine, 1):
            ranked = answer.requests.add(
                request=request, place=place, rule="nature",
                why="It comes first." if place == 1 else
                "It comes behind the one before it, because critical work comes first.")
            if request.form.HasField("roi"):
                counted = request.form.roi.low_micro_usd * request.form.roi.confidence_basis_points
                ranked.discounted_micro_usd = counted // 10_000
                ranked.discounted_usd_per_h100e_hour = (
                    counted / 10_000 / request.micro_h100e_hours)
        return answer

    def framework(self):
        answer = self.plan.GetFrameworkResponse()
        answer.basis.framework, answer.basis.version = "allocation-framework", 1
        answer.basis.baseline = "recommendation"
        answer.supply.h100e, answer.supply.h100_hours = 1_386_334.3, 12_144_285_714.3
        for chip, provider, chips, ratio in (("trainium2", "aws", 1e6, 1.5),
                                             ("tpu_v5p", "gcp", 1e6, 4), ("b200", "azure", 156556, 1 / 3)):
            answer.supply.rows.add(chip=chip, provider=provider, chips=chips, chips_per_h100e=ratio,
                                   h100e=chips / ratio, h100_hours=8760 * chips / ratio)
        training = answer.training
        training.based_on, training.growth_factor, training.mfu_ratio = "opus-4", 4, 0.5
        training.training_flop_per_h100_hour, training.pretraining_hours = 1.782e18, 336_700_337
        training.runs_per_year, training.post_training_ratio = 2, 0.2
        training.variants_per_run, training.hours_per_run = 3, 538_720_539
        training.hours_per_year, training.inefficiency_factor = 1_077_441_077, 2
        training.needed_hours = 2_154_882_155
        training.models.add(model="opus-4", title="Opus 4", flop=1.5e26, h100_hours=84_175_084)
        answer.pricing.weighted_usd_per_million_input_tokens = 5.57
        answer.pricing.weighted_usd_per_million_output_tokens = 27.84
        answer.pricing.models.add(model="opus", title="Opus", usage_ratio=0.1,
                                  usd_per_million_input_tokens=5, usd_per_million_output_tokens=25)
        answer.throughput.output_tokens_per_h100_hour = 1_743_833
        answer.throughput.input_tokens_per_h100_hour = 871_916
        answer.revenue.utilization_ratio, answer.revenue.discount_ratio = 0.2, 0.3
        answer.revenue.curve, answer.revenue.usd_per_h100_hour = "linear", 7.4765
        for percent in (20, 30, 40, 50, 60):
            answer.revenue.rows.add(utilization_ratio=percent / 100, curve="linear",
                                    list_usd_per_h100_hour=0.534 * percent,
                                    usd_per_h100_hour=0.3738 * percent)
        for name, title, p1 in (("recommendation", "Scenario 1: recommendation", 0),
                                ("revenue-priority", "Scenario 2: serviceable revenue", 0.35)):
            scenario = answer.scenarios.add(scenario=name, title=title)
            tier = scenario.tiers.add(tier="p1")
            tier.total.share_ratio = p1
            if p1:
                tier.parts.add(category="inference", h100_hours=4.25e9, share_ratio=p1)
            scenario.outcome.serviceable_revenue_usd = 18e9 if not p1 else 31.78e9
            scenario.outcome.training_ratio = 1 if not p1 else 1.35
            scenario.outcome.research_hours = 4_545_912_971
        return answer

    def comparison(self):
        answer = self.plan.CompareResponse(basis=self.basis(), supply_h100e=4000, coverage_ratio=0.97,
                                           buffer_h100e=600, buffer_consumed_h100e=42.5,
                                           p0_shortfall_h100e=0)
        for name, planned, actual in (("inference", 0.2, 0.231), ("training", 0.18, 0.19),
                                      ("research", 0.37, 0.235), ("safety", 0.1, None)):
            row = answer.categories.add(name=name, planned_share_ratio=planned,
                                        planned_h100e=4000 * planned)
            if actual is not None:
                row.actual_share_ratio, row.actual_h100e = actual, 4000 * actual
                row.drift_ratio = actual - planned
        for name, planned in (("p0", 0.1), ("p1", 0.0), ("p2", 0.75)):
            answer.tiers.add(name=name, planned_share_ratio=planned, planned_h100e=4000 * planned,
                             actual_share_ratio=planned * 0.9, actual_h100e=3600 * planned,
                             drift_ratio=-planned * 0.1)
        answer.buffer_consumers.add(pool=self.pools[0].pool, h100e=40)
        answer.buffer_consumers.add(pool="", h100e=2.5)
        return answer

    def history(self):
        answer = self.query.GetPoolHistoryResponse(step_seconds=DAY)
        first = self.now // DAY * DAY - 13 * DAY
        again = random.Random(1)  # the same answer each time
        for pool in self.pools[:60]:
            for day in range(14):
                held = pool.allocated_h100e * again.uniform(0.4, 0.8)
                answer.rows.add(pool=pool.pool, start_unix_seconds=first + day * DAY,
                                assigned_h100e=held, measured_h100e=held, busy_h100e=held * 0.6,
                                allocated_h100e=pool.allocated_h100e * (0.8 if day < 9 else 1),
                                coverage_ratio=0.3 if day in (5, 6) else 1)
        return answer

    def versions(self):
        answer = self.query.ListVersionsResponse()
        catalog = answer.versions.add(kind="catalog", version=12, previous_version=11,
                                      recorded_unix_nanos=(self.now - 2 * DAY) * NANO)
        catalog.chips.add(chip="b200", usd_per_chip_hour_before=3.5, usd_per_chip_hour_now=2.75,
                          chips_per_h100e_before=1 / 3, chips_per_h100e_now=1 / 3)
        catalog.chips.add(chip="trainium3", usd_per_chip_hour_now=1.9, chips_per_h100e_now=0.4)
        answer.versions.add(kind="plan", name="recommendation", version=4, previous_version=3,
                            recorded_unix_nanos=(self.now - 5 * DAY) * NANO,
                            effective_from_unix_nanos=(self.now - 4 * DAY) * NANO)
        answer.versions.add(kind="price book", version=5,
                            recorded_unix_nanos=(self.now - 6 * DAY) * NANO)
        return answer

    def planned(self):
        answer = self.query.GetPlanResponse(basis=self.basis(), supply_h100e=4000)
        for name, share in (("p0", 0.1), ("p1", 0.0), ("p2", 0.75), ("buffer", 0.15)):
            answer.tiers.add(name=name, share_ratio=share, h100e=4000 * share)
        for name, share in (("inference", 0.2), ("training", 0.18), ("research", 0.37)):
            answer.categories.add(name=name, share_ratio=share, h100e=4000 * share)
        for pool in self.pools:
            answer.pools.add(pool=pool.pool, category=pool.category, tier=pool.tier,
                             owner=pool.owner, contact=pool.contact, teams=["team-of-the-committee"],
                             allocated_h100e=pool.allocated_h100e, lendable_ratio=0.5)
        return answer

    def grants(self):
        answer = self.capacity.ListGrantsResponse(basis=self.basis())
        again = random.Random(2)
        for request in self.decided:
            if not request.HasField("grant"):
                continue
            used = again.uniform(0.05, 1)
            hours = request.grant.micro_h100e / MICRO * 100
            answer.grants.add(request=request, used_ratio=used, utilization_ratio=used * 0.9,
                              used_h100e_hours=hours * used, unused_h100e_hours=hours * (1 - used),
                              told_seconds=100 * HOUR)
        return answer

    def results(self):
        answer = self.capacity.GetResultsResponse(basis=self.basis())
        again = random.Random(3)
        for i, request in enumerate(self.decided):
            if not request.HasField("grant"):
                continue
            result = answer.results.add(request=request)
            if i % 2 and request.form.roi.gain == "efficiency":
                result.efficiency_gain_micro_usd = again.randint(-90_000, 900_000) * MICRO
                result.unit = "weighted token"
                result.usd_per_unit_before, result.usd_per_unit_since = 4.32e-5, 3.9e-5
                result.standing = "within"
            elif i % 2:
                result.revenue_micro_usd = again.randint(1_000, 900_000) * MICRO
                result.standing = "below"
            else:
                result.standing = "cannot be told"
                result.why.append("It named no model that served requests since.")
        return answer

    def margin(self):
        answer = self.outcomes.MarginReport(price_book_version=5, review_due=True, basis="allocated",
                                            declined_request_share_ratio=0.72,
                                            from_unix_seconds=self.now - 91 * DAY,
                                            to_unix_seconds=self.now)
        for scope, model, tier, before, after in (
                ("total", "", "", 0.0011, 0.0025), ("segment", "sonnet", "enterprise", 0.004, 0.0036),
                ("segment", "haiku", "free", 0.0002, -0.0001)):
            answer.rows.add(scope=scope, model=model, customer_tier=tier, request_share_ratio=0.5,
                            before=self._figures(before), after=self._figures(after))
        answer.change.mix_usd_per_request = 0.0019
        answer.change.price_usd_per_request = -0.0002
        answer.change.cost_usd_per_request = -0.0003
        return answer

    def _figures(self, usd):
        return self.outcomes.MarginFigures(requests=1000, known_requests=950, usd_per_request=usd,
                                           revenue_micro_usd=1)

    def capability(self):
        answer = self.outcomes.CapabilityReport(
            suite="suite", last_quarter="2026-Q4", verdict="review_due", declining_quarters=3,
            why="Capability per training hour has declined for 3 quarters in a row.",
            last_quarter_is_running=True)
        for quarter, gain in (("2026-Q1", 8.1e-8), ("2026-Q2", 7e-8), ("2026-Q3", 5.8e-8),
                              ("2026-Q4", None)):
            row = answer.quarters.add(quarter=quarter, rests_on=["GPQA", "SWE-bench"],
                                      saturated=["MMLU"], training_h100e_hours=2.1e6)
            if gain:
                row.gain_per_h100e_hour = gain
        return answer


def serve(fleet, refused=()):
    """A server on loopback: (server, address). `refused`: names of calls that are denied."""
    grpc = fleet.grpc
    from fleetmeter.v1 import (admin_pb2_grpc, capacity_pb2_grpc, outcomes_pb2_grpc, plan_pb2_grpc,
                               query_pb2_grpc)
    capacity, outcomes, admin = fleet.capacity, fleet.outcomes, fleet.admin
    answers = {
        "ListPools": lambda _: fleet.query.ListPoolsResponse(basis=fleet.basis(), pools=fleet.pools),
        "GetPlan": lambda _: fleet.planned(), "GetPoolHistory": lambda _: fleet.history(),
        "ListVersions": lambda _: fleet.versions(),
        "GetFramework": lambda _: fleet.framework(), "Compare": lambda _: fleet.comparison(),
        "GetMargin": lambda _: fleet.margin(), "GetCapability": lambda _: fleet.capability(),
        "GetCorrections": lambda _: outcomes.Corrections(),
        "ListEntries": lambda _: admin.ListEntriesResponse(entries=[admin.Entry(
            number=1, action="forget", source="gpu-17", reason="returned to the vendor",
            identity="local", entered_unix_nanos=(fleet.now - DAY) * NANO)]),
        "List": lambda request: capacity.ListCapacityResponse(
            basis=fleet.basis(), requests=fleet.open if request.state == "open" else fleet.decided),
        "GetRanking": lambda request: fleet.ranking(request.pool),
        "Get": lambda request: fleet.one(request.request_id),
        "ListGrants": lambda _: fleet.grants(), "GetResults": lambda _: fleet.results(),
        "ListBudgets": lambda _: capacity.ListBudgetsResponse(budgets=[capacity.CapacityBudget(
            pool="research-scaling-2", h100e_hours=280_000, used_h100e_hours=190_000.5,
            left_h100e_hours=89_999.5, from_unix_seconds=fleet.now - 45 * DAY,
            to_unix_seconds=fleet.now + 45 * DAY, pace_ratio=1.36, projected_h100e_hours=380_001,
            gone_unix_seconds=fleet.now + 21 * DAY, told_seconds=44 * DAY,
            elapsed_seconds=45 * DAY)]),
        "GetLending": lambda _: capacity.GetLendingResponse(
            lent=[capacity.LentCapacity(borrower="training-flagship-1", lender="research-scaling-2",
                                        h100e_hours=1234.5, micro_usd=4_321_000_000)],
            starved=[capacity.StarvedPool(pool="inference-api-4", waiting_h100e=24,
                                          borrower="training-flagship-1", borrowed_h100e=64)],
            untold_seconds=7200),
    }

    def handler(name):
        def answer(request, context):
            fleet.asked.append(name)
            if name in refused:
                context.abort(grpc.StatusCode.PERMISSION_DENIED, f"{name} needs another role")
            return answers[name](request)
        return answer

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    for stubs, service in ((query_pb2_grpc, "Query"), (plan_pb2_grpc, "Plan"),
                           (outcomes_pb2_grpc, "Outcomes"), (admin_pb2_grpc, "Admin"),
                           (capacity_pb2_grpc, "Capacity")):
        servicer = type(service, (getattr(stubs, service + "Servicer"),),
                        {name: staticmethod(handler(name)) for name in answers})()
        getattr(stubs, f"add_{service}Servicer_to_server")(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"
