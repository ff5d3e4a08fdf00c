// request check: would this request be taken, and does it fit? Nothing is submitted.
#include <random>

#include "daemon/ctl/capacity/form_flags.h"
#include "daemon/ctl/capacity/request_id.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/request_check_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kCheckExamples[] =
    "Examples:\n"
    "  fleetmeterctl request check --file form.yaml\n"
    "  fleetmeterctl request check --file form.yaml --chips 8 --for 7d\n"
    "  fleetmeterctl request check --pool research --team rl --chip b200 --chips 16 \\\n"
    "      --start 2026-12-01T09:00Z --for 14d --workload rl-rollouts --nature growth_bet \\\n"
    "      --roi-gain revenue --roi-expected 1.5M --roi-low 0.8M --roi-high 2.5M \\\n"
    "      --roi-confidence 90% --roi-by 2027-03-31\n"
    "\n"
    "Exit codes:\n"
    "  0  It may be submitted, and it fits.\n"
    "  1  Something is wrong with it, or there was an error.\n"
    "  2  The command line is wrong.\n"
    "  3  It may be submitted, and it does not fit.";

class RequestCheck : public Command {
 public:
  explicit RequestCheck(const Connection& connection)
      : Command({"request", "check"},
                "Show what is wrong with a request, whether and when it fits, what it would "
                "displace, who could lend, and how the last grants of the team were used. Nothing "
                "is submitted"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.SetFooter(kCheckExamples);
    form_.Add(flags);
    AddTextOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override;

 private:
  const Connection& connection_;
  FormFlags form_;
};

int RequestCheck::Run() {
  const auto form = form_.Read({});
  if (!form.ok()) return ExitCode(form.status());
  v1::CheckCapacityRequest request;
  *request.mutable_form() = *form;
  if (form->request_id().empty()) {  // request ask makes one up, too
    request.mutable_form()->set_request_id(MakeRequestId(*form, std::random_device()()));
  }
  const auto response = QueryClient(connection_).CheckCapacity(request);
  if (!response.ok()) return ExitCode(response.status());
  const absl::Status printed = Print(FormatCheck(*response, output_));
  if (!printed.ok()) return ExitCode(printed);
  if (!response->violations().empty()) return kExitError;
  return response->fit().fits() ? kExitOk : kExitDoesNotFit;
}

}  // namespace

std::unique_ptr<Command> MakeRequestCheck(const Connection& connection) {
  return std::make_unique<RequestCheck>(connection);
}

}  // namespace fleetmeter::ctl
