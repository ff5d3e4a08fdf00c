// A request that is submitted or amended, and the order that an owner gives to workloads.
#include <algorithm>
#include <set>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/form_changes.h"
#include "daemon/domain/capacity/people_text.h"
#include "daemon/domain/capacity/prepare_order.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::capacity {
namespace {

constexpr size_t kMostRanked = 1'000;
constexpr size_t kMostPoolsNamed = 8;

CapacityAnswer TakeCheckedForm(const Preparation& preparation, const SubmitOrder& submit,
                               CapacityEvent event) {
  const CapacityForm& form = submit.form;
  const Catalog& catalog = preparation.context.reference.catalog;
  std::vector<Violation> violations =
      CheckForm(form, {.plan = preparation.plan(),
                       .catalog = catalog,
                       .now_unix_seconds = preparation.now_unix_seconds(),
                       .knows_supply = submit.knows_supply});
  CheckReason(preparation.order.reason,
              event.action == Action::kAmend ? ReasonIs::kRequired : ReasonIs::kOptional, "reason",
              &violations);
  if (!violations.empty()) return Refused(InvalidOrder(violations));
  event.request_id = form.request_id;
  event.form = form;
  event.worth =
      WorthOf(catalog, form.chip, form.chips, form.workload_type, form.start_unix_seconds);
  return {.status = absl::OkStatus(), .events = {std::move(event)}};
}

CapacityAnswer SubmitNew(const Preparation& preparation, const SubmitOrder& submit) {
  CapacityEvent event = NewEvent(preparation, Action::kSubmit);
  event.revision = 1;
  return TakeCheckedForm(preparation, submit, std::move(event));
}

// What another team has asked for is not told to who guesses ids.
absl::Status IdIsTaken(const CapacityForm& known, const CapacityForm& form) {
  std::vector<std::string> parts;
  const bool own = known.team == form.team && known.pool == form.pool;
  for (const FormChange& change : ChangesOf(known, form)) {
    parts.push_back(
        own ? fmt::format("{} is {} there and {} here", change.field, change.from, change.to)
            : change.field);
  }
  return absl::AlreadyExistsError(
      fmt::format("request '{}' is there and says something else: {}; expected another id, or the "
                  "revision that is amended",
                  form.request_id, fmt::join(parts, ", ")));
}

CapacityAnswer SubmitAgain(const CapacityRequest& known, const CapacityForm& form) {
  if (known.withdrawn && known.form == form) {
    return Refused(DecidedBefore(known, "another id is needed to ask again"));
  }
  return known.form == form ? NothingToDo() : Refused(IdIsTaken(known.form, form));
}

CapacityAnswer Amend(const Preparation& preparation, const CapacityRequest& known,
                     const SubmitOrder& submit) {
  if (submit.form.team != known.form.team) {
    return Refused(InvalidOrder(
        {{"team", fmt::format("is {}; expected the team that asked, whose request it stays",
                              Quoted(submit.form.team))}}));
  }
  if (known.form == submit.form && !known.withdrawn) return NothingToDo();
  if (known.decided()) {
    return Refused(DecidedBefore(known, "another request is needed to ask for something else"));
  }
  if (*submit.revision != known.revision) {
    return Refused(ChangedMeanwhile(known, *submit.revision));
  }
  return TakeCheckedForm(preparation, submit, NewEvent(preparation, Action::kAmend, known));
}

void CheckRankedPool(const Plan& plan, const std::string& pool,
                     std::vector<Violation>* violations) {
  if (plan.FindPool(pool) != nullptr) return;
  std::vector<std::string> names;
  for (const Pool& each : plan.pools) names.push_back(each.name);
  violations->push_back(
      {"pool", fmt::format("{} is not a pool of plan '{}' version {}{}", Quoted(pool), plan.name,
                           plan.version, NamesHint(pool, names, kMostPoolsNamed))});
}

void CheckRankedWorkloads(const std::vector<std::string>& workloads,
                          std::vector<Violation>* violations) {
  if (workloads.size() > kMostRanked) {
    violations->push_back(
        {"workloads", fmt::format("are {}; expected at most {}", workloads.size(), kMostRanked)});
    return;
  }
  std::set<std::string_view> seen;
  for (size_t i = 0; i < workloads.size(); ++i) {
    const std::string field = fmt::format("workloads[{}]", i);
    if (IsBlank(workloads[i])) {
      violations->push_back({field, "is empty; expected the name of a workload"});
    } else if (auto fault = FaultOfLabel(workloads[i])) {
      violations->push_back({field, *std::move(fault)});
    } else if (!seen.insert(workloads[i]).second) {
      violations->push_back({field, fmt::format("is {} for the second time; expected each once",
                                                Quoted(workloads[i]))});
    }
  }
}

// Whether an order says what its owner has said before, and of no request that came since.
bool IsRankedSo(const CapacityBook& book, const RankOrder& rank) {
  const auto found = book.orders().find({rank.pool, rank.nature});
  if (found == book.orders().end()) return rank.workloads.empty();
  if (found->second.workloads != rank.workloads) return false;
  return std::none_of(book.requests().begin(), book.requests().end(), [&](const auto& entry) {
    const CapacityRequest& request = *entry.second;
    const bool concerned = !request.decided() && !request.form.beyond_allocation &&
                           request.form.pool == rank.pool && request.form.nature == rank.nature;
    return concerned && !request.ranked &&
           std::find(rank.workloads.begin(), rank.workloads.end(), request.form.workload) !=
               rank.workloads.end();
  });
}

}  // namespace

CapacityAnswer PrepareSubmit(const Preparation& preparation, const SubmitOrder& submit) {
  const CapacityRequest* known = preparation.book.Find(submit.form.request_id);
  if (known != nullptr) {
    return submit.revision ? Amend(preparation, *known, submit) : SubmitAgain(*known, submit.form);
  }
  if (!submit.revision) return SubmitNew(preparation, submit);
  return Refused(NoSuchRequest(preparation.book, submit.form.request_id));
}

CapacityAnswer PrepareRank(const Preparation& preparation, const RankOrder& rank) {
  std::vector<Violation> violations;
  CheckRankedPool(preparation.plan(), rank.pool, &violations);
  CheckRankedWorkloads(rank.workloads, &violations);
  CheckReason(preparation.order.reason, ReasonIs::kRequired, "reason", &violations);
  if (!violations.empty()) return Refused(InvalidOrder(violations));
  if (IsRankedSo(preparation.book, rank)) return NothingToDo();
  CapacityEvent event = NewEvent(preparation, Action::kRank);
  event.pool = rank.pool;
  event.nature = rank.nature;
  event.workloads = rank.workloads;
  return {.status = absl::OkStatus(), .events = {std::move(event)}};
}

}  // namespace fleetmeter::capacity
