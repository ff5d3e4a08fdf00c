// source move: a person says whose a source is.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class SourceMove : public Command {
 public:
  explicit SourceMove(const Connection& connection)
      : Command({"source", "move"},
                "State that a source belongs to another identity. A source belongs to the identity "
                "that reported it first, and reports of other identities for it are rejected. From "
                "then on the reports of the new identity are counted, and those of the old one are "
                "rejected. If a rule of the configuration names the source, the rule decides. The "
                "books keep who said it, when and why"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.Add("source", &source_, "Its name, as source list shows it")
        .ValueName("SOURCE")
        .Required();
    flags.Add("identity", &identity_, "The SPIFFE ID that it belongs to from now on")
        .ValueName("IDENTITY")
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
  std::string identity_;
  std::string reason_;
};

int SourceMove::Run() {
  v1::MoveSourceRequest request;
  request.set_source(source_);
  request.set_identity(identity_);
  request.set_reason(reason_);
  const auto response = AskMove(connection_, request);
  if (!response.ok()) return ExitCode(response.status());
  return ExitCode(Print(FormatDecision(*response, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeSourceMove(const Connection& connection) {
  return std::make_unique<SourceMove>(connection);
}

}  // namespace fleetmeter::ctl
