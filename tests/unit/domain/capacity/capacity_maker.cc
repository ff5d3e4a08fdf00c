#include "tests/unit/domain/capacity/capacity_maker.h"

#include <cstdlib>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/check_form.h"

namespace fleetmeter::capacity {
namespace {

PoolDocument MakePool(const std::string& name, Category category, double h100e,
                      std::vector<std::string> teams, double lendable) {
  return {.name = name,
          .category = category,
          .tier = Tier::kP2,
          .owner = "Owner of " + name,
          .contact = "#" + name,
          .teams = std::move(teams),
          .allocation = AbsoluteAllocation{h100e},
          .policy = {.lendable_ratio = lendable, .borrowing_limit_h100e = {}}};
}

ChipKind MakeKind(const std::string& name, Conversion conversion) {
  ChipKind kind;
  kind.name = name;
  kind.conversions = {std::move(conversion)};
  return kind;
}

Conversion MakeConversion(Ratio ratio) {
  Conversion conversion;
  conversion.chips_per_h100e = ratio;
  return conversion;
}

}  // namespace

PlanDocument MakePlanDocument(uint32_t version) {
  PlanDocument plan;
  plan.name = "small";
  plan.version = version;
  plan.supply = {{"h100", 700}, {"trainium2", 450}};
  plan.tier_shares = {{Tier::kP2, 0.9}, {Tier::kBuffer, 0.1}};
  plan.category_shares = {
      {Category::kInference, 0.4}, {Category::kTraining, 0.3}, {Category::kResearch, 0.2}};
  plan.pools = {MakePool("serving", Category::kInference, 300, {"api", "batch"}, 0.5),
                MakePool("chat", Category::kInference, 50, {"chat"}, 0),
                MakePool("pretraining", Category::kTraining, 250, {"flagship"}, 0.25),
                MakePool("scaling", Category::kResearch, 100, {"laws"}, 1),
                MakePool("safety-lab", Category::kResearch, 50, {"evals", "laws"}, 0)};
  return plan;
}

Catalog MakeCatalog() {
  Conversion trainium = MakeConversion({3, 2});
  trainium.by_workload_type["decode"] = {2, 1};
  return Catalog(7, {MakeKind("h100", MakeConversion({1, 1})), MakeKind("trainium2", trainium)});
}

ReferenceData MakeReference() { return MakeReference({MakePlanDocument(3)}); }

ReferenceData MakeReference(const std::vector<PlanDocument>& plans) {
  ReferenceData reference = {.catalog = MakeCatalog(), .plans = {}};
  for (const PlanDocument& document : plans) {
    Plan plan;
    if (!CompilePlan(document, reference.catalog, &plan).empty()) std::abort();
    reference.plans.push_back(std::move(plan));
  }
  return reference;
}

CapacityForm MakeForm(const std::string& request_id) {
  CapacityForm form;
  form.request_id = request_id;
  form.pool = "serving";
  form.team = "api";
  form.chip = "h100";
  form.chips = 10;
  form.start_unix_seconds = At(10);
  form.hours = 5;
  form.workload = "completions";
  form.nature = Nature::kGrowthBet;
  return form;
}

Roi MakeRoi() {
  return {.gain = Gain::kRevenue,
          .expected_micro_usd = 1'000'000 * kMicro,
          .low_micro_usd = 500'000 * kMicro,
          .high_micro_usd = 2'000'000 * kMicro,
          .confidence_basis_points = 8'000,
          .expected_by_unix_seconds = 1'800'057'600};  // 2027-01-16
}

CapacityForm Beyond(CapacityForm form) {
  form.beyond_allocation = true;
  form.roi = MakeRoi();
  form.trade_off = "The evaluations of March wait.";
  return form;
}

Decision Granting(const std::string& request_id, int64_t chips) {
  Decision decision;
  decision.request_id = request_id;
  decision.chips = chips;
  return decision;
}

BookMaker::BookMaker(ReferenceData reference) : reference_(std::move(reference)) {}

CapacityEvent BookMaker::Next(Action action, const std::string& request_id) {
  CapacityEvent event;
  event.number = book_.last_number() + 1;
  event.at_unix_nanos = (kPresent + event.number) * kNanosPerSecond;
  event.action = action;
  event.identity = "alice";
  event.reason = "because";
  event.request_id = request_id;
  const CapacityRequest* known = book_.Find(request_id);
  event.revision = known == nullptr ? 1 : known->revision + 1;
  return event;
}

BookMaker& BookMaker::Submit(const CapacityForm& form) {
  return SubmitAt(form, (kPresent + book_.last_number() + 1) * kNanosPerSecond);
}

BookMaker& BookMaker::SubmitAt(const CapacityForm& form, int64_t at_unix_nanos) {
  CapacityEvent event = Next(Action::kSubmit, form.request_id);
  event.at_unix_nanos = at_unix_nanos;
  event.form = form;
  event.worth = WorthOf(reference_.catalog, form.chip, form.chips, form.workload_type,
                        form.start_unix_seconds);
  book_.Apply(event);
  return *this;
}

BookMaker& BookMaker::Grant(const std::string& request_id) {
  const CapacityForm& form = Get(request_id).form;
  return Grant(request_id, form.chips, form.start_unix_seconds, form.end_unix_seconds());
}

BookMaker& BookMaker::Grant(const std::string& request_id, int64_t chips, int64_t start,
                            int64_t end) {
  const CapacityForm form = Get(request_id).form;
  CapacityEvent event = Next(Action::kGrant, request_id);
  event.granted_chips = chips;
  event.start_unix_seconds = start;
  event.end_unix_seconds = end;
  event.decision = book_.last_decision() + 1;
  event.worth = WorthOf(reference_.catalog, form.chip, chips, form.workload_type, start);
  book_.Apply(event);
  return *this;
}

BookMaker& BookMaker::Rank(const std::string& pool, Nature nature,
                           std::vector<std::string> workloads) {
  CapacityEvent event = Next(Action::kRank, "");
  event.revision = 0;
  event.pool = pool;
  event.nature = nature;
  event.workloads = std::move(workloads);
  book_.Apply(event);
  return *this;
}

CapacityAnswer BookMaker::Order(CapacityOrder order, int64_t now_unix_seconds) {
  CapacityAnswer answer =
      Prepare(order, book_,
              {.reference = reference_, .now_unix_nanos = now_unix_seconds * kNanosPerSecond});
  for (const CapacityEvent& event : answer.events) book_.Apply(event);
  return answer;
}

CapacityAnswer BookMaker::Submit(const CapacityForm& form, std::optional<int64_t> revision,
                                 const std::string& reason) {
  return Order({.identity = "bob", .reason = reason, .what = SubmitOrder{form, revision}});
}

CapacityAnswer BookMaker::Decide(std::vector<Decision> decisions, int64_t now_unix_seconds) {
  return Order({.identity = "carol",
                .reason = "the meeting decided",
                .what = DecideOrder{std::move(decisions)}},
               now_unix_seconds);
}

Fit BookMaker::FitOf(const CapacityForm& form, int64_t now_unix_seconds) const {
  const Worth worth = WorthOf(reference_.catalog, form.chip, form.chips, form.workload_type,
                              form.start_unix_seconds);
  return DoesItFit(book_, reference_, form, worth, now_unix_seconds);
}

const CapacityRequest& BookMaker::Get(const std::string& request_id) const {
  const CapacityRequest* request = book_.Find(request_id);
  if (request == nullptr) std::abort();
  return *request;
}

}  // namespace fleetmeter::capacity
