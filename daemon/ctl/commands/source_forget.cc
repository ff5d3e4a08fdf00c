// source forget: a person says that a host is gone.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class SourceForget : public Command {
 public:
  explicit SourceForget(const Connection& connection)
      : Command({"source", "forget"},
                "State that a host is gone. The chips that it held leave the numbers: they are no "
                "longer taken from headroom. Of a live source, only those chips leave that it does "
                "not list any more. What was counted stays in the books, and if the host reports "
                "again it is back. The books keep who said it, when and why"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.Add("source", &source_, "Its name, as source list shows it")
        .ValueName("SOURCE")
        .Required();
    flags.Add("--reason", &reason_, "Why, for whoever reads the entry later")
        .ValueName("TEXT")
        .Required();
    AddTextOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.admin_address; }
  int Run() override;

 private:
  const Connection& connection_;
  std::string source_;
  std::string reason_;
};

int SourceForget::Run() {
  v1::ForgetSourceRequest request;
  request.set_source(source_);
  request.set_reason(reason_);
  const auto response = AskForget(connection_, request);
  if (!response.ok()) return ExitCode(response.status());
  return ExitCode(Print(FormatDecision(*response, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeSourceForget(const Connection& connection) {
  return std::make_unique<SourceForget>(connection);
}

}  // namespace fleetmeter::ctl
