// request release: a grant ends before its time.
#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/capacity/told_fields.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class RequestRelease : public Command {
 public:
  explicit RequestRelease(const Connection& connection)
      : Command({"request", "release"},
                "End a grant before its time. It needs the role ask for the team, or decide for "
                "the pool"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddRequestId(flags, &id_);
    AddHour(flags, "--at", "When it ends: a full hour. The default is the end of the present one",
            &at_);
    AddReason(flags, &reason_).Required();
    AddTextOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    v1::ReleaseCapacityRequest request;
    request.set_request_id(id_);
    request.set_reason(reason_);
    request.set_end_unix_seconds(at_.value_or(NextHour()));
    const auto response = QueryClient(connection_).ReleaseCapacity(request);
    if (!response.ok()) return ExitCode(WithFieldsAs(FlagOfRelease, response.status()));
    return PrintAnswer(response, output_, FormatChange);
  }

 private:
  static int64_t NextHour() {
    return (SystemClock().UnixNanos() / kNanosPerHour + 1) * kSecondsPerHour;
  }

  const Connection& connection_;
  std::string id_;
  std::optional<int64_t> at_;
  std::string reason_;
};

}  // namespace

std::unique_ptr<Command> MakeRequestRelease(const Connection& connection) {
  return std::make_unique<RequestRelease>(connection);
}

}  // namespace fleetmeter::ctl
