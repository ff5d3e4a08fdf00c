// request ask: submits a request, or amends one that is not decided yet.
#include <fmt/format.h>

#include <random>

#include "daemon/ctl/capacity/form_flags.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/capacity/request_id.h"
#include "daemon/ctl/capacity/told_fields.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kAskExamples[] =
    "Examples:\n"
    "  fleetmeterctl request ask --file form.yaml\n"
    "  fleetmeterctl request ask --pool research --team rl --chip b200 --chips 16 \\\n"
    "      --start 2026-12-01T09:00Z --for 14d --workload rl-rollouts \\\n"
    "      --nature company_goal --goal 'Flagship 5'\n"
    "  fleetmeterctl request ask --id rl-rollouts-december --amend --chips 8 \\\n"
    "      --reason 'Half of it has moved to January'\n"
    "\n"
    "The same command with the same id submits nothing twice.";

class RequestAsk : public Command {
 public:
  explicit RequestAsk(const Connection& connection)
      : Command({"request", "ask"},
                "Submit a request for capacity, or amend one that is not decided yet. Without an "
                "id in the form, one is made up and printed. It needs the role ask for the team"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override;

 private:
  absl::StatusOr<v1::SubmitCapacityRequest> Question(QueryClient& client) const;
  absl::StatusOr<v1::SubmitCapacityRequest> Amendment(QueryClient& client) const;

  const Connection& connection_;
  FormFlags form_;
  bool amend_ = false;
  std::optional<int64_t> revision_;
  std::string reason_;
};

void RequestAsk::AddFlags(Flags& flags) {
  flags.SetFooter(kAskExamples);
  form_.Add(flags);
  Flag amend = flags.AddSwitch("--amend", &amend_,
                               "Change the request of --id. Options change what they name, and a "
                               "file takes the place of the "
                               "whole form. It takes --reason");
  flags
      .Add("--revision", &revision_,
           "The revision that is amended. If the request was changed since, it stays as it is. The "
           "default is the present one")
      .ValueName("N")
      .Needs(amend);
  AddReason(flags, &reason_);
  AddTextOutput(flags, &output_);
}

absl::Status RequestAsk::CheckFlags() const {
  if (!form_.given()) {
    return absl::InvalidArgumentError(
        "request ask: there is nothing to ask for; expected --file FILE, or options such as --pool "
        "and --chips");
  }
  if (amend_ && reason_.empty()) return absl::InvalidArgumentError("--amend takes --reason");
  return absl::OkStatus();
}

absl::StatusOr<v1::SubmitCapacityRequest> RequestAsk::Question(QueryClient& client) const {
  if (amend_) return Amendment(client);
  v1::SubmitCapacityRequest request;
  const auto form = form_.Read({});
  if (!form.ok()) return form.status();
  *request.mutable_form() = *form;
  request.set_reason(reason_);
  if (form->request_id().empty()) {
    request.mutable_form()->set_request_id(MakeRequestId(*form, std::random_device()()));
  }
  return request;
}

// What the options do not name stays as the daemon has it.
absl::StatusOr<v1::SubmitCapacityRequest> RequestAsk::Amendment(QueryClient& client) const {
  auto form = form_.Read({});
  if (!form.ok()) return form.status();
  if (form->request_id().empty()) {
    return absl::InvalidArgumentError("--amend: the form has no id; expected --id ID");
  }
  v1::GetCapacityRequest question;
  question.set_request_id(form->request_id());
  const auto present = client.GetCapacity(question);
  if (!present.ok()) return present.status();
  form = form_.Read(present->request().form());
  if (!form.ok()) return form.status();
  v1::SubmitCapacityRequest request;
  *request.mutable_form() = *form;
  request.set_reason(reason_);
  request.set_revision(revision_.value_or(present->request().revision()));
  return request;
}

int RequestAsk::Run() {
  QueryClient client(connection_);
  const auto request = Question(client);
  if (!request.ok()) return ExitCode(request.status());
  const auto response = client.SubmitCapacity(*request);
  if (absl::IsUnavailable(response.status())) {
    // With another id it could be submitted twice.
    return ExitCode(absl::UnavailableError(fmt::format(
        "{}\nWhether it was submitted is not known. Ask again with --id {}, which submits it once",
        std::string(response.status().message()), request->form().request_id())));
  }
  if (!response.ok()) return ExitCode(WithFieldsAs(FlagOfForm, response.status()));
  return ExitCode(Print(FormatChange(*response, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeRequestAsk(const Connection& connection) {
  return std::make_unique<RequestAsk>(connection);
}

}  // namespace fleetmeter::ctl
