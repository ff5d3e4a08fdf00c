// request list: requests in the order of their submission.
#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/ctl/capacity/fetch_requests.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/wide_flag.h"

namespace fleetmeter::ctl {
namespace {

class RequestList : public Command {
 public:
  explicit RequestList(const Connection& connection)
      : Command({"request", "list"},
                "Show requests of the pools that we may see, in the order of their submission. The "
                "table has the columns that matter most, as many as fit into the terminal, or into "
                "80 characters where there is no terminal"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override;

 private:
  const Connection& connection_;
  v1::ListCapacityRequest question_;
  std::string pool_;
  std::string team_;
  std::string state_;
  std::string nature_;
  std::optional<int64_t> changed_hours_;
  WideFlag wide_;
};

void RequestList::AddFlags(Flags& flags) {
  AddPool(flags, "Only requests of this pool", &pool_);
  AddText(flags, "--team", "Only requests of this team", &team_).ValueName("TEAM");
  flags.Add("--state", &state_, "Only requests in this state; open are those that are undecided")
      .ValueName("STATE")
      .OneOf({"open", "submitted", "ranked", "granted", "granted_in_part", "declined", "withdrawn",
              "active", "ended", "expired"});
  flags.Add("--nature", &nature_, "Only requests of this nature")
      .ValueName("NATURE")
      .OneOf({"critical", "company_goal", "growth_bet"});
  AddHours(flags, "--changed-within",
           "Only requests that were changed within this time, such as 14d", &changed_hours_);
  wide_.AddTo(flags);
  AddOutput(flags, &output_);
}

int RequestList::Run() {
  question_.set_pool(pool_);
  question_.set_team(team_);
  question_.set_state(state_);
  question_.set_nature(nature_);
  if (changed_hours_) {
    question_.set_since_unix_nanos(SystemClock().UnixNanos() - *changed_hours_ * kNanosPerHour);
  }
  QueryClient client(connection_);
  return PrintAnswer(FetchRequests(client, question_), output_, wide_, FormatRequests);
}

}  // namespace

std::unique_ptr<Command> MakeRequestList(const Connection& connection) {
  return std::make_unique<RequestList>(connection);
}

}  // namespace fleetmeter::ctl
