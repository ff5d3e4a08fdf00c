// budgets: how far budgets of H100e-hours go.
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/results_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class Budgets : public Command {
 public:
  explicit Budgets(const Connection& connection)
      : Command({"budgets"},
                "Show the budgets of H100e-hours that pools and teams have in the plan: what is "
                "used and left, the pace, and the projected end"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddPool(flags, "Only budgets of this pool", &pool_);
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    v1::ListBudgetsRequest question;
    question.set_pool(pool_);
    return PrintAnswer(QueryClient(connection_).ListBudgets(question), output_, FormatBudgets);
  }

 private:
  const Connection& connection_;
  std::string pool_;
};

}  // namespace

std::unique_ptr<Command> MakeBudgets(const Connection& connection) {
  return std::make_unique<Budgets>(connection);
}

}  // namespace fleetmeter::ctl
