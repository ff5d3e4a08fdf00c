// admin reload: have the daemon read its files again.
#include <fmt/format.h>

#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class AdminReload : public Command {
 public:
  explicit AdminReload(const Connection& connection)
      : Command({"admin", "reload"},
                "Let the daemon read its configuration, catalog, plans and TLS files again. Exit "
                "code 1 means that some were refused; standard error says why"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override { AddTextOutput(flags, &output_); }
  std::optional<std::string> CalledAddress() const override { return connection_.admin_address; }
  int Run() override;

 private:
  int TellRefusals(const v1::ReloadResponse& response) const;

  const Connection& connection_;
};

int AdminReload::TellRefusals(const v1::ReloadResponse& response) const {
  int code = kExitOk;
  for (const std::string& error : {response.config_error(), response.tls_error()}) {
    if (!error.empty()) code = ExitCode(absl::FailedPreconditionError("refused: " + error));
  }
  return code;
}

int AdminReload::Run() {
  const auto response = AskReload(connection_.admin_address, connection_.timeout, connection_.tls);
  if (!response.ok()) return ExitCode(response.status());
  const int code = TellRefusals(*response);
  if (!response->needs_restart().empty()) Warn(Printable(response->needs_restart()));
  const absl::Status printed =
      Print(output_ == OutputFormat::kJson
                ? Dump(ToJson(*response))
                : fmt::format("in force: plan '{}' version {}\n", Printable(response->plan()),
                              response->plan_version()));
  return printed.ok() ? code : ExitCode(printed);
}

}  // namespace

std::unique_ptr<Command> MakeAdminReload(const Connection& connection) {
  return std::make_unique<AdminReload>(connection);
}

}  // namespace fleetmeter::ctl
