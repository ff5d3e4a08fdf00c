// lending: who borrowed from whom.
#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/results_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kLendingDays = 14;  // the time between two meetings

class Lending : public Command {
 public:
  explicit Lending(const Connection& connection)
      : Command(
            {"lending"},
            "Show which pools held more than their allocations, and who lent it to them, as the "
            "books tell. It needs the right to see all pools"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddHour(flags, "--from", "The beginning; the default is 14 days before the end", &from_);
    AddHour(flags, "--to", "The end, which is not part of it; the default is the present hour",
            &to_);
    flags.Add("--step", &step_, "A row for each hour or day; the default is one sum of all of it")
        .ValueName("1h|1d")
        .OneOf({"1h", "1d"});
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    const int64_t hour = SystemClock().UnixNanos() / kNanosPerHour * kSecondsPerHour;
    v1::GetLendingRequest question;
    question.set_to_unix_seconds(to_.value_or(hour));
    question.set_from_unix_seconds(
        from_.value_or(question.to_unix_seconds() - kLendingDays * kSecondsPerDay));
    question.set_step(step_);
    return PrintAnswer(QueryClient(connection_).GetLending(question), output_, FormatLending);
  }

 private:
  const Connection& connection_;
  std::optional<int64_t> from_;
  std::optional<int64_t> to_;
  std::string step_;
};

}  // namespace

std::unique_ptr<Command> MakeLending(const Connection& connection) {
  return std::make_unique<Lending>(connection);
}

}  // namespace fleetmeter::ctl
