// request show: one request with everything that was decided about it.
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class RequestShow : public Command {
 public:
  explicit RequestShow(const Connection& connection)
      : Command({"request", "show"},
                "Show a request: what was asked, where it stands and why, whether it fits, and all "
                "that was decided about it"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddRequestId(flags, &id_);
    AddTextOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    v1::GetCapacityRequest request;
    request.set_request_id(id_);
    return PrintAnswer(QueryClient(connection_).GetCapacity(request), output_, FormatRequest);
  }

 private:
  const Connection& connection_;
  std::string id_;
};

}  // namespace

std::unique_ptr<Command> MakeRequestShow(const Connection& connection) {
  return std::make_unique<RequestShow>(connection);
}

}  // namespace fleetmeter::ctl
