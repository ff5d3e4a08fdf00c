// source rename: a person says that a host came back under another name.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class SourceRename : public Command {
 public:
  explicit SourceRename(const Connection& connection)
      : Command({"source", "rename"},
                "State that a host reports under another name now. What it held under the old name "
                "is not counted beside the new one. Chips that the new name does not list are "
                "unaccounted for under it. Both names stand for one source from then on: time that "
                "was counted under either is not counted again, whichever name a late report has. "
                "The old name must not be live, and the new one must have reported. The books keep "
                "who said it, when and why"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.Add("old", &source_, "The name that it had").ValueName("OLD").Required();
    flags.Add("new", &new_source_, "The name that it has now").ValueName("NEW").Required();
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
  std::string new_source_;
  std::string reason_;
};

int SourceRename::Run() {
  v1::RenameSourceRequest request;
  request.set_source(source_);
  request.set_new_source(new_source_);
  request.set_reason(reason_);
  const auto response = AskRename(connection_, request);
  if (!response.ok()) return ExitCode(response.status());
  return ExitCode(Print(FormatDecision(*response, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeSourceRename(const Connection& connection) {
  return std::make_unique<SourceRename>(connection);
}

}  // namespace fleetmeter::ctl
