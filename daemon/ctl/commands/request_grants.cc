// request grants: what was granted, and how it was used.
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/grants_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/wide_flag.h"

namespace fleetmeter::ctl {
namespace {

class RequestGrants : public Command {
 public:
  explicit RequestGrants(const Connection& connection)
      : Command({"request", "grants"},
                "Show grants and how they were used up to the last full hour, as the books tell: "
                "the part that was held, how busy it was, and what was left unused"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddPool(flags, "Only grants of this pool", &pool_);
    AddText(flags, "--team", "Only grants of this team", &team_).ValueName("TEAM");
    AddText(flags, "--request", "Only the grant of this request", &request_).ValueName("ID");
    flags.AddSwitch("--ended", &ended_, "Also those that are over");
    wide_.AddTo(flags);
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override;

 private:
  const Connection& connection_;
  std::string pool_;
  std::string team_;
  std::string request_;
  bool ended_ = false;
  WideFlag wide_;
};

int RequestGrants::Run() {
  v1::ListGrantsRequest question;
  question.set_pool(pool_);
  question.set_team(team_);
  question.set_request_id(request_);
  question.set_ended(ended_);
  return PrintAnswer(QueryClient(connection_).ListGrants(question), output_, wide_, FormatGrants);
}

}  // namespace

std::unique_ptr<Command> MakeRequestGrants(const Connection& connection) {
  return std::make_unique<RequestGrants>(connection);
}

}  // namespace fleetmeter::ctl
