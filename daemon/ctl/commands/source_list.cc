// source list: which hosts report, and which need a statement.
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class SourceList : public Command {
 public:
  explicit SourceList(const Connection& connection)
      : Command({"source", "list"},
                "Show the sources, and what people have decided about them. Sources of usage come "
                "first, and among them those whose chips are unaccounted for; sources of outcomes "
                "follow"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.Add("--state", &state_, "Show only sources in this state")
        .OneOf({"live", "silent", "unaccounted", "rejected", "history", "forgotten", "outcomes"});
    flags.Add("--most", &most_, "Show at most this many, up to 10,000").Default("1000");
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.admin_address; }
  int Run() override;

 private:
  const Connection& connection_;
  std::string state_;
  uint32_t most_ = 0;
};

int SourceList::Run() {
  v1::ListSourcesRequest request;
  request.set_state(state_);
  request.set_most(most_);
  const auto sources = AskSources(connection_, request);
  if (!sources.ok()) return ExitCode(sources.status());
  const auto entries = AskEntries(connection_);
  if (!entries.ok()) return ExitCode(entries.status());
  return ExitCode(Print(FormatSources(*sources, *entries, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeSourceList(const Connection& connection) {
  return std::make_unique<SourceList>(connection);
}

}  // namespace fleetmeter::ctl
