// pools: all pools of the plan in force.
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/wide_flag.h"

namespace fleetmeter::ctl {
namespace {

class Pools : public Command {
 public:
  explicit Pools(const Connection& connection)
      : Command({"pools"}, std::string("Show all pools and how they are used. ") + kTableFits),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    wide_.AddTo(flags);
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    return PrintAnswer(QueryClient(connection_).ListPools(), output_, wide_, FormatPools);
  }

 private:
  const Connection& connection_;
  WideFlag wide_;
};

}  // namespace

std::unique_ptr<Command> MakePools(const Connection& connection) {
  return std::make_unique<Pools>(connection);
}

}  // namespace fleetmeter::ctl
