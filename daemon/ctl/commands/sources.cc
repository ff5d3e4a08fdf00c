// sources: who reports, and who has fallen silent.
#include "daemon/base/clock.h"
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/sources_output.h"
#include "daemon/ctl/print_answer.h"

namespace fleetmeter::ctl {
namespace {

constexpr uint32_t kMostSourcesAsked = 10'000;

class Sources : public Command {
 public:
  explicit Sources(const Connection& connection)
      : Command({"sources"},
                "Show which sources of usage are silent, rejected or unaccounted for, and for how "
                "long. It needs the role admin"),
        connection_(connection) {}

  bool CallsAdmin() const override { return true; }
  void AddFlags(Flags& flags) override {
    flags.AddSwitch("--all", &all_, "Show those that are live, too");
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.admin_address; }
  int Run() override {
    v1::ListSourcesRequest request;
    request.set_most(kMostSourcesAsked);
    const int64_t now = SystemClock().UnixNanos();
    return PrintAnswer(AskSources(connection_, request), output_,
                       [&](const v1::ListSourcesResponse& response, OutputFormat format) {
                         return FormatSilence(response, all_, now, format);
                       });
  }

 private:
  const Connection& connection_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeSources(const Connection& connection) {
  return std::make_unique<Sources>(connection);
}

}  // namespace fleetmeter::ctl
