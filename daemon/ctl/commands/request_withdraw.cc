// request withdraw: who asked does not want it any more.
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class RequestWithdraw : public Command {
 public:
  explicit RequestWithdraw(const Connection& connection)
      : Command({"request", "withdraw"},
                "Take back a request that is not decided yet. It needs the role ask for the team"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddRequestId(flags, &id_);
    AddReason(flags, &reason_).Required();
    AddTextOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    v1::WithdrawCapacityRequest request;
    request.set_request_id(id_);
    request.set_reason(reason_);
    return PrintAnswer(QueryClient(connection_).WithdrawCapacity(request), output_, FormatChange);
  }

 private:
  const Connection& connection_;
  std::string id_;
  std::string reason_;
};

}  // namespace

std::unique_ptr<Command> MakeRequestWithdraw(const Connection& connection) {
  return std::make_unique<RequestWithdraw>(connection);
}

}  // namespace fleetmeter::ctl
