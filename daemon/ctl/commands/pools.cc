// pools: all pools of the plan in force.
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class Pools : public Command {
 public:
  explicit Pools(const Connection& connection)
      : Command({"pools"},
                "Show all pools and how they are used. The table has as many columns as fit into "
                "the terminal, or into 80 columns where there is none, those first that matter "
                "most"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.AddSwitch("--wide", &wide_, "Show all columns of the table");
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    return PrintAnswer(QueryClient(connection_).ListPools(), output_,
                       [width = Width()](const v1::ListPoolsResponse& pools, OutputFormat format) {
                         return FormatPools(pools, format, width);
                       });
  }

 private:
  size_t Width() const {
    if (wide_) return 0;
    const auto terminal = TerminalSize();
    return terminal ? terminal->columns : kUsualColumns;
  }

  const Connection& connection_;
  bool wide_ = false;
};

}  // namespace

std::unique_ptr<Command> MakePools(const Connection& connection) {
  return std::make_unique<Pools>(connection);
}

}  // namespace fleetmeter::ctl
