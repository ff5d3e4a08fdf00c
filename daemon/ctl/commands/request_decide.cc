// request decide: grants or declines requests, one or those of a file, all of them or none.
#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/ctl/capacity/capacity_values.h"
#include "daemon/ctl/capacity/decisions_file.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/capacity/told_fields.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/decisions_output.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kDecideExamples[] =
    "Examples:\n"
    "  fleetmeterctl request decide rl-rollouts-december --grant all --reason 'It fits'\n"
    "  fleetmeterctl request decide rl-rollouts-december --grant 8 --for 7d \\\n"
    "      --reason 'A week of the half' --revision 3\n"
    "  fleetmeterctl request decide wide-sweep-december --decline \\\n"
    "      --reason 'Its last grant was used for a third'\n"
    "  fleetmeterctl request decide --file decisions.yaml --dry-run\n"
    "\n"
    "A file of decisions:\n"
    "  reason: Allocation meeting of 2026-12-01   # of decisions that have no reason of their own\n"
    "  decisions:\n"
    "    - request: rl-rollouts-december\n"
    "      revision: 3      # optional: if it was changed since, nothing is decided\n"
    "      grant: 16        # chips, or all\n"
    "      start: 2026-12-02T00:00Z   # optional; without it, as it was asked\n"
    "      for: 7d                    # optional; without it, as it was asked\n"
    "    - request: wide-sweep-december\n"
    "      decline: true\n"
    "      reason: Its last grant was used for a third";

class RequestDecide : public Command {
 public:
  explicit RequestDecide(const Connection& connection)
      : Command({"request", "decide"},
                "Grant or decline a request, or all that a file names: all of them or none. It "
                "needs the role decide for the pools, and for requests beyond an allocation the "
                "role allocate"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override;

 private:
  void AddOne(Flags& flags);
  absl::StatusOr<PlannedDecisions> Planned() const;
  absl::Status LookAtEach(QueryClient& client, PlannedDecisions* planned,
                          std::vector<v1::CapacityRequest>* requests) const;

  const Connection& connection_;
  std::string file_;
  std::string id_;
  std::string grant_;  // chips or "all"; empty: none
  bool decline_ = false;
  std::optional<int64_t> start_;
  std::optional<int64_t> hours_;
  std::optional<int64_t> revision_;
  std::string reason_;
  bool dry_run_ = false;
};

void RequestDecide::AddFlags(Flags& flags) {
  flags.SetFooter(kDecideExamples);
  AddText(flags, "ID", "The id of the request that is decided; none with --file", &id_);
  AddOne(flags);
  AddReason(flags, &reason_);
  flags
      .Add("--file", &file_,
           "Decide what this YAML file says, all at once. Its form is shown below")
      .ValueName("FILE");
  flags.AddSwitch("--dry-run", &dry_run_,
                  "Only read the decisions and look at their requests. Whether pools, categories "
                  "and the supply suffice is checked when it is decided");
  AddTextOutput(flags, &output_);
}

void RequestDecide::AddOne(Flags& flags) {
  const auto read_grant = [this](const std::string& text) {
    const auto chips = ParseCount(text);
    if (text != "all" && (!chips || *chips == 0)) {
      return absl::InvalidArgumentError(
          fmt::format("{} is not a number of chips from 1 on, nor all", Quoted(text)));
    }
    grant_ = text;
    return absl::OkStatus();
  };
  flags.Add("--grant", read_grant, "Grant so many chips, or all that were asked for")
      .ValueName("CHIPS|all");
  flags.AddSwitch("--decline", &decline_, "Decline it");
  AddHour(flags, "--start", "Grant it from this time on; the default is what was asked", &start_);
  AddHours(flags, "--for", "Grant it for so long; the default is what was asked", &hours_);
  flags
      .Add("--revision", &revision_,
           "The revision that was looked at. If the request was changed since, nothing is decided")
      .ValueName("N");
}

absl::Status RequestDecide::CheckFlags() const {
  const bool one = !grant_.empty() || decline_ || start_ || hours_ || revision_;
  if (!file_.empty()) {
    return id_.empty() && !one ? absl::OkStatus()
                               : absl::InvalidArgumentError(
                                     "--file has the requests and what is decided about each; "
                                     "expected nothing beside it but --reason");
  }
  if (id_.empty()) {
    return absl::InvalidArgumentError(
        "request decide: nothing is to be decided; expected the id of a request, or --file FILE");
  }
  if (grant_.empty() == !decline_) {
    return absl::InvalidArgumentError("request decide: expected one of --grant and --decline");
  }
  if (decline_ && (start_ || hours_)) {
    return absl::InvalidArgumentError("--decline: --start and --for go with --grant");
  }
  return reason_.empty() ? absl::InvalidArgumentError("request decide takes --reason")
                         : absl::OkStatus();
}

absl::StatusOr<PlannedDecisions> RequestDecide::Planned() const {
  if (!file_.empty()) {
    auto planned = ReadDecisionsFile(file_);
    if (planned.ok() && !reason_.empty()) planned->reason = reason_;
    return planned;
  }
  PlannedDecision one;
  one.decision.set_request_id(id_);
  one.whole = grant_ == "all";
  one.decision.set_chips(ParseCount(grant_).value_or(0));
  if (start_) one.decision.set_start_unix_seconds(*start_);
  if (hours_) one.decision.set_hours(*hours_);
  if (revision_) one.decision.set_revision(*revision_);
  return PlannedDecisions{.decisions = {one}, .reason = reason_};
}

// Fills how many chips all of them are. What was looked at is what is decided: such a decision
// holds for the revision that has so many chips.
absl::Status RequestDecide::LookAtEach(QueryClient& client, PlannedDecisions* planned,
                                       std::vector<v1::CapacityRequest>* requests) const {
  for (PlannedDecision& each : planned->decisions) {
    if (!each.whole && !dry_run_) continue;
    v1::GetCapacityRequest question;
    question.set_request_id(each.decision.request_id());
    const auto answer = client.GetCapacity(question);
    if (!answer.ok()) return answer.status();
    requests->push_back(answer->request());
    if (!each.whole) continue;
    each.decision.set_chips(answer->request().form().chips());
    if (!each.decision.has_revision()) each.decision.set_revision(answer->request().revision());
  }
  return absl::OkStatus();
}

int RequestDecide::Run() {
  auto planned = Planned();
  if (!planned.ok()) return ExitCode(planned.status());
  QueryClient client(connection_);
  std::vector<v1::CapacityRequest> requests;
  if (absl::Status looked = LookAtEach(client, &*planned, &requests); !looked.ok()) {
    return ExitCode(looked);
  }
  v1::DecideCapacityRequest question;
  question.set_reason(planned->reason);
  for (const PlannedDecision& each : planned->decisions) {
    *question.add_decisions() = each.decision;
  }
  if (dry_run_) return ExitCode(Print(FormatDecisions(question, requests, output_)));
  const auto response = client.DecideCapacity(question);
  if (response.ok()) return PrintAnswer(response, output_, FormatChange);
  return ExitCode(WithFieldsAs(file_.empty() ? FlagOfDecision : KeyOfDecision, response.status()));
}

}  // namespace

std::unique_ptr<Command> MakeRequestDecide(const Connection& connection) {
  return std::make_unique<RequestDecide>(connection);
}

}  // namespace fleetmeter::ctl
