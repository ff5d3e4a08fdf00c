// supply: what the organisation has.
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/supply_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/wide_flag.h"

namespace fleetmeter::ctl {
namespace {

class Supply : public Command {
 public:
  explicit Supply(const Connection& connection)
      : Command({"supply"}, std::string("Show the chips by provider and kind. ") + kTableFits),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    wide_.AddTo(flags);
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    return PrintAnswer(QueryClient(connection_).GetSupply(), output_, wide_, FormatSupply);
  }

 private:
  const Connection& connection_;
  WideFlag wide_;
};

}  // namespace

std::unique_ptr<Command> MakeSupply(const Connection& connection) {
  return std::make_unique<Supply>(connection);
}

}  // namespace fleetmeter::ctl
