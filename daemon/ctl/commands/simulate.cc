// simulate: what if the allocation were another, from a framework's file or the daemon's fleet.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/framework_flags.h"
#include "daemon/ctl/framework_source.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/parse_utilization.h"
#include "daemon/ctl/print/simulation_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kSimulateExamples[] =
    "Examples:\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --share research=70%\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --utilization 60 \\\n"
    "      --curve diminishing\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --utilization 40 \\\n"
    "      --mode free-capacity\n"
    "  fleetmeterctl simulate --from-live 127.0.0.1:7444 --utilization 60";

const std::vector<std::string> kCategories = {"inference", "training", "research"};

absl::Status ReadUtilization(const std::string& text, v1::SimulateRequest* request) {
  const auto ratio = ParseUtilization(text);
  if (!ratio.ok()) return ratio.status();
  request->set_utilization_ratio(*ratio);
  return absl::OkStatus();
}

absl::Status ReadRevenue(const std::string& text, v1::SimulateRequest* request) {
  const auto usd = ParseAmount(text);
  if (!usd || *usd < 0) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not a sum; expected US dollars a year such as 25B or 25e9", Quoted(text)));
  }
  request->set_revenue_usd(*usd);
  return absl::OkStatus();
}

absl::Status ReadShare(const std::string& text, v1::SimulateRequest* request) {
  const size_t equals = std::min(text.find('='), text.size());
  std::string category = text.substr(0, equals);
  const auto share = ParseShare(std::string_view(text).substr(std::min(equals + 1, text.size())));
  const bool known =
      std::find(kCategories.begin(), kCategories.end(), category) != kCategories.end();
  if (!known || !share || *share < 0 || *share > 1) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not CATEGORY=SHARE; expected inference, training or research, and 0% to "
                    "100% of the supply, such as research=70%",
                    Quoted(text)));
  }
  if (!request->mutable_share_ratios()->insert({category, *share}).second) {
    return absl::InvalidArgumentError(fmt::format("{} is given twice; expected once", category));
  }
  return absl::OkStatus();
}

class Simulate : public Command {
 public:
  explicit Simulate(const Connection& connection)
      : Command({"simulate"},
                "Show what a change of the allocation would earn, train, free and forgo"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override {
    return from_live_ ? std::optional(LiveAddress()) : std::nullopt;
  }
  int Run() override { return PrintAnswer(Ask(), output_, FormatSimulation); }

 private:
  void AddStart(Flags& flags);
  void AddGoals(Flags& flags);
  void AddShares(Flags& flags);
  void AddRules(Flags& flags);
  std::string LiveAddress() const {
    return live_address_.empty() ? connection_.address : live_address_;
  }
  v1::SimulateRequest Request() const;
  absl::StatusOr<v1::SimulateResponse> Ask() const;

  const Connection& connection_;
  std::string framework_;  // its file
  std::string scenario_;   // empty: the baseline
  std::vector<std::string> set_;
  bool from_live_ = false;
  std::string live_address_;     // empty: that of all commands
  v1::SimulateRequest changes_;  // without what is above
};

void Simulate::AddFlags(Flags& flags) {
  flags.SetFooter(kSimulateExamples);
  AddStart(flags);
  AddGoals(flags);
  AddShares(flags);
  AddRules(flags);
  AddOutput(flags, &output_);
}

void Simulate::AddStart(Flags& flags) {
  AddPlanFile(flags, "The file of the framework", &framework_);
  AddScenario(flags, "The scenario to start from; the default is the baseline", &scenario_);
  AddSet(flags, &set_);
  const auto read = [this](const std::string& address) {
    from_live_ = true;
    live_address_ = address;
    return address.empty() ? absl::OkStatus() : CheckAddress(address);
  };
  flags
      .Add("--from-live", read,
           "Start from the fleet as a daemon sees it, with the assumptions of that daemon. "
           "HOST:PORT is its listen.query; the default is --address")
      .ValueName("[HOST:PORT]")
      .ValueIsOptional();
}

void Simulate::AddGoals(Flags& flags) {
  flags
      .Add(
          "--utilization",
          [this](const std::string& text) { return ReadUtilization(text, &changes_); },
          "The utilization of the hours that serve inference: 60, 60% or 0.6")
      .ValueName("PERCENT");
  flags
      .Add(
          "--curve",
          [this](const std::string& name) {
            changes_.set_curve(name);
            return absl::OkStatus();
          },
          "How revenue grows with utilization, before and after the change. This sets "
          "revenue.curve. A curve of points runs straight from 0 to its first point and from point "
          "to point, and stays level behind the last")
      .ValueName("NAME");
  flags
      .Add(
          "--revenue", [this](const std::string& text) { return ReadRevenue(text, &changes_); },
          "Give inference the hours that earn this many US dollars a year, such as 25B")
      .ValueName("USD");
}

void Simulate::AddShares(Flags& flags) {
  const auto read_shares = [this](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (absl::Status status = ReadShare(text, &changes_); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
  flags
      .AddList("--share", read_shares,
               "Give a category a share of the supply, such as research=70%")
      .ValueName("CATEGORY=SHARE")
      .OneValueEach();
  const auto read_held = [this](const std::vector<std::string>& held) {
    for (const std::string& category : held) changes_.add_hold(category);
    return absl::OkStatus();
  };
  flags.AddList("--hold", read_held, "Let a category keep the hours that it has in the baseline")
      .ValueName("CATEGORY")
      .OneOf(kCategories)
      .OneValueEach();
}

void Simulate::AddRules(Flags& flags) {
  flags
      .Add(
          "--mode",
          [this](const std::string& mode) {
            changes_.set_mode(mode);
            return absl::OkStatus();
          },
          "What a change of utilization leaves as it was: grow-revenue keeps the hours of "
          "inference; free-capacity keeps its revenue and leaves the freed hours unallocated")
      .ValueName("MODE")
      .OneOf({"grow-revenue", "free-capacity"})
      .Default("grow-revenue");
  flags
      .Add(
          "--rest",
          [this](const std::string& rest) {
            changes_.set_rest(rest);
            return absl::OkStatus();
          },
          "How the other categories divide what is left when research is given a share: in equal "
          "parts, or in proportion to what they had")
      .ValueName("RULE")
      .OneOf({"equal", "proportional"})
      .Default("equal");
}

absl::Status Simulate::CheckFlags() const {
  if (!from_live_) {
    return !framework_.empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "simulate: there is nothing to start from; expected --plan FILE, or "
                     "--from-live to start from the daemon's fleet");
  }
  if (framework_.empty() && scenario_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} does not go with --from-live, which uses the assumptions and the fleet of "
                  "the daemon; expected one of the two",
                  framework_.empty() ? "--scenario" : "--plan"));
}

// The same for a daemon and for a file.
v1::SimulateRequest Simulate::Request() const {
  v1::SimulateRequest request = changes_;
  request.set_from_live(from_live_);
  request.set_scenario(scenario_);
  for (const std::string& set : set_) request.add_set(set);
  return request;
}

absl::StatusOr<v1::SimulateResponse> Simulate::Ask() const {
  if (!from_live_) return SimulateFile(framework_, Request());
  return QueryClient(LiveAddress(), connection_.timeout, connection_.tls).Simulate(Request());
}

}  // namespace

std::unique_ptr<Command> MakeSimulate(const Connection& connection) {
  return std::make_unique<Simulate>(connection);
}

}  // namespace fleetmeter::ctl
