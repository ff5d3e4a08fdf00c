#include "daemon/serve/query/holder_answers.h"

#include "daemon/view/holder_review.h"

namespace fleetmeter {
namespace {

void FillSince(const HeldSince& from, v1::HeldSince& to) {
  if (from.since) to.set_since_unix_seconds(*from.since);
  to.set_at_least_since_unix_seconds(from.at_least_since);
  to.set_unknown_because(Name(from.unknown_because));
  if (from.not_before) to.set_not_before_unix_seconds(*from.not_before);
  if (from.last_known) to.set_last_known_unix_seconds(*from.last_known);
}

void FillHolder(const HoldingTeam& from, v1::TeamHolder& to) {
  to.set_team(from.team);
  for (const auto& [chip, micro_chips] : from.micro_chips) {
    v1::HeldChips& held = *to.add_chips();
    held.set_chip(chip);
    held.set_micro_chips(micro_chips);
  }
  FillSince(from.since, *to.mutable_since());
  for (const HoldingWorkload& workload : from.workloads) {
    v1::WorkloadHolder& holder = *to.add_workloads();
    holder.set_workload(workload.workload);
    holder.set_chip(workload.chip);
    FillSince(workload.since, *holder.mutable_since());
  }
}

}  // namespace

absl::Status AnswerHolders(Database& ledger, int64_t now_unix_nanos,
                           const v1::ListHoldersRequest& request,
                           v1::ListHoldersResponse* response) {
  const auto teams = ReviewHolders(ledger, request.pool(), now_unix_nanos);
  if (!teams.ok()) return teams.status();
  response->set_pool(request.pool());
  for (const HoldingTeam& team : *teams) FillHolder(team, *response->add_teams());
  return absl::OkStatus();
}

}  // namespace fleetmeter
