// supply: what the organisation has.
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/supply_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class Supply : public Command {
 public:
  explicit Supply(const Connection& connection)
      : Command({"supply"}, "Show the chips by provider and kind"), connection_(connection) {}

  void AddFlags(Flags& flags) override { AddOutput(flags, &output_); }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    return PrintAnswer(QueryClient(connection_).GetSupply(), output_, FormatSupply);
  }

 private:
  const Connection& connection_;
};

}  // namespace

std::unique_ptr<Command> MakeSupply(const Connection& connection) {
  return std::make_unique<Supply>(connection);
}

}  // namespace fleetmeter::ctl
