// request timeline: what a pool has allocated and committed over time.
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/timeline_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class RequestTimeline : public Command {
 public:
  explicit RequestTimeline(const Connection& connection)
      : Command({"request", "timeline"},
                "Show what a pool has allocated, committed to grants, and left over time"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddPool(flags, "The pool", &pool_).Required();
    AddHour(flags, "--from", "The beginning; the default is the present hour", &from_);
    AddHour(flags, "--to", "The end, which is not part of it; the default is 90 days later", &to_);
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    v1::GetTimelineRequest question;
    question.set_pool(pool_);
    question.set_from_unix_seconds(from_.value_or(0));
    question.set_to_unix_seconds(to_.value_or(0));
    return PrintAnswer(QueryClient(connection_).GetTimeline(question), output_, FormatTimeline);
  }

 private:
  const Connection& connection_;
  std::string pool_;
  std::optional<int64_t> from_;
  std::optional<int64_t> to_;
};

}  // namespace

std::unique_ptr<Command> MakeRequestTimeline(const Connection& connection) {
  return std::make_unique<RequestTimeline>(connection);
}

}  // namespace fleetmeter::ctl
