// request rank: in which order requests are served, and the owner's order of workloads.
#include <sstream>

#include "daemon/ctl/capacity/fetch_requests.h"
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/ranking_output.h"
#include "daemon/ctl/print/request_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kRankExamples[] =
    "Examples:\n"
    "  fleetmeterctl request rank\n"
    "  fleetmeterctl request rank --pool research\n"
    "  fleetmeterctl request rank --pool research --nature critical \\\n"
    "      --order incident-evals,nightly-evals --reason 'The incident comes first'";

class RequestRank : public Command {
 public:
  explicit RequestRank(const Connection& connection)
      : Command(
            {"request", "rank"},
            "Show the undecided requests of a pool, best first, and why each stands where it "
            "stands. Without a pool, show those beyond allocations, of all pools. With --order, "
            "put the workloads of a nature into an order, which needs the role decide"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override { return order_.empty() ? Show() : Order(); }

 private:
  int Show() const;
  int Order() const;

  const Connection& connection_;
  std::string pool_;
  std::string order_;  // empty: only to be shown
  std::string nature_;
  std::string reason_;
};

void RequestRank::AddFlags(Flags& flags) {
  flags.SetFooter(kRankExamples);
  AddPool(flags, "The pool whose requests are ranked", &pool_);
  Flag order = AddText(flags, "--order",
                       "Serve these workloads in this order, and the others after them. It takes "
                       "--pool, --nature and --reason",
                       &order_)
                   .ValueName("A,B,...");
  flags.Add("--nature", &nature_, "The nature whose workloads are put into the order")
      .ValueName("NATURE")
      .OneOf({"critical", "company_goal", "growth_bet"})
      .Needs(order);
  AddReason(flags, &reason_).Needs(order);
  AddOutput(flags, &output_);
}

absl::Status RequestRank::CheckFlags() const {
  if (order_.empty()) return absl::OkStatus();
  if (pool_.empty() || nature_.empty() || reason_.empty()) {
    return absl::InvalidArgumentError("--order takes --pool, --nature and --reason");
  }
  if (output_ == OutputFormat::kCsv) {
    return absl::InvalidArgumentError("--output: a decision is no rows; expected table or json");
  }
  return absl::OkStatus();
}

int RequestRank::Show() const {
  v1::GetRankingRequest request;
  request.set_pool(pool_);
  QueryClient client(connection_);
  return PrintAnswer(FetchRanking(client, request), output_, FormatRanking);
}

int RequestRank::Order() const {
  v1::RankCapacityRequest request;
  request.set_pool(pool_);
  request.set_nature(nature_);
  request.set_reason(reason_);
  std::istringstream workloads(order_);
  for (std::string workload; std::getline(workloads, workload, ',');) {
    request.add_workloads(workload);
  }
  return PrintAnswer(QueryClient(connection_).RankCapacity(request), output_, FormatChange);
}

}  // namespace

std::unique_ptr<Command> MakeRequestRank(const Connection& connection) {
  return std::make_unique<RequestRank>(connection);
}

}  // namespace fleetmeter::ctl
