// holders: who holds chips of a pool, and since when without a break.
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/holders_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kHoldersExamples[] =
    "A daemon with a ledger knows the hours in which a workload held chips. An hour without any "
    "is\n"
    "a break if the hosts of the pool told of it. Where they were silent, nobody knows.\n"
    "\n"
    "Examples:\n"
    "  fleetmeterctl holders research-scaling\n"
    "  fleetmeterctl holders research-scaling --output csv";

class Holders : public Command {
 public:
  explicit Holders(const Connection& connection)
      : Command({"holders"}, "Show who holds chips of a pool, and since when without a break"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    flags.Add("POOL", &pool_, "The name of the pool").Required();
    AddOutput(flags, &output_);
    flags.SetFooter(kHoldersExamples);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    return PrintAnswer(QueryClient(connection_).ListHolders(pool_), output_, FormatHolders);
  }

 private:
  const Connection& connection_;
  std::string pool_;
};

}  // namespace

std::unique_ptr<Command> MakeHolders(const Connection& connection) {
  return std::make_unique<Holders>(connection);
}

}  // namespace fleetmeter::ctl
