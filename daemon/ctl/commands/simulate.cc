// simulate: what if the allocation were another, from a framework's file or the daemon's fleet.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
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

constexpr char kExamples[] =
    "Examples:\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --share research=70%\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --utilization 60 \\\n"
    "      --curve diminishing\n"
    "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --utilization 40 \\\n"
    "      --mode free-capacity\n"
    "  fleetmeterctl simulate --from-live 127.0.0.1:7444 --utilization 60";

const CLI::IsMember kCategories({"inference", "training", "research"});

void ReadUtilization(const std::string& text, v1::SimulateRequest* request) {
  const auto ratio = ParseUtilization(text);
  if (!ratio.ok()) {
    throw CLI::ValidationError("--utilization: " + std::string(ratio.status().message()));
  }
  request->set_utilization_ratio(*ratio);
}

void ReadRevenue(const std::string& text, v1::SimulateRequest* request) {
  const auto usd = ParseAmount(text);
  if (!usd || *usd < 0) {
    throw CLI::ValidationError(
        fmt::format("--revenue: {} is not a sum; expected US dollars a year such as 25B or 25e9",
                    Quoted(text)));
  }
  request->set_revenue_usd(*usd);
}

void ReadShare(const std::string& text, v1::SimulateRequest* request) {
  const size_t equals = std::min(text.find('='), text.size());
  std::string category = text.substr(0, equals);
  const auto share = ParseShare(std::string_view(text).substr(std::min(equals + 1, text.size())));
  if (!kCategories(category).empty() || !share || *share < 0 || *share > 1) {
    throw CLI::ValidationError(fmt::format(
        "--share: {} is not CATEGORY=SHARE; expected inference, training or research, and 0% to "
        "100% of the supply, such as research=70%",
        Quoted(text)));
  }
  if (!request->mutable_share_ratios()->insert({category, *share}).second) {
    throw CLI::ValidationError(fmt::format("--share: {} is given twice; expected once", category));
  }
}

class Simulate : public Command {
 public:
  explicit Simulate(const Connection& connection)
      : Command({"simulate"},
                "Show what a change of the allocation would earn, train, free and forgo"),
        connection_(connection) {}

  void AddFlags(CLI::App& app) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override {
    return from_live_ ? std::optional(LiveAddress()) : std::nullopt;
  }
  int Run() override { return PrintAnswer(Ask(), output_, FormatSimulation); }

 private:
  void AddStart(CLI::App& app);
  void AddGoals(CLI::App& app);
  void AddShares(CLI::App& app);
  void AddRules(CLI::App& app);
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
  OutputFormat output_ = OutputFormat::kTable;
};

void Simulate::AddFlags(CLI::App& app) {
  app.footer(kExamples);
  AddStart(app);
  AddGoals(app);
  AddShares(app);
  AddRules(app);
  AddOutput(app, &output_);
}

void Simulate::AddStart(CLI::App& app) {
  AddPlanFile(app, "The file of the framework", &framework_);
  AddScenario(app, "The scenario to start from; the default is the baseline", &scenario_);
  AddSet(app, &set_);
  const auto read = [this](const std::string& address) {
    from_live_ = true;
    live_address_ = address;
    if (address.empty()) return;
    if (const absl::Status status = CheckAddress(address); !status.ok()) {
      throw CLI::ValidationError("--from-live: " + std::string(status.message()));
    }
  };
  app.add_option_function<std::string>(
         "--from-live", read,
         "Start from the fleet as a daemon sees it, with the assumptions of that daemon. HOST:PORT "
         "is its listen.query; the default is --address")
      ->type_name("[HOST:PORT]")
      ->expected(0, 1);
}

void Simulate::AddGoals(CLI::App& app) {
  app.add_option_function<std::string>(
         "--utilization", [this](const std::string& text) { ReadUtilization(text, &changes_); },
         "The utilization of the hours that serve inference: 60, 60% or 0.6")
      ->type_name("PERCENT");
  app.add_option_function<std::string>(
         "--curve", [this](const std::string& name) { changes_.set_curve(name); },
         "How revenue grows with utilization, before and after the change. This sets revenue.curve")
      ->type_name("NAME");
  app.add_option_function<std::string>(
         "--revenue", [this](const std::string& text) { ReadRevenue(text, &changes_); },
         "Give inference the hours that earn this many US dollars a year, such as 25B")
      ->type_name("USD");
}

void Simulate::AddShares(CLI::App& app) {
  const auto read_shares = [this](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) ReadShare(text, &changes_);
  };
  app.add_option_function<std::vector<std::string>>(
         "--share", read_shares, "Give a category a share of the supply, such as research=70%")
      ->type_name("CATEGORY=SHARE")
      ->allow_extra_args(false);
  const auto read_held = [this](const std::vector<std::string>& held) {
    for (const std::string& category : held) changes_.add_hold(category);
  };
  app.add_option_function<std::vector<std::string>>(
         "--hold", read_held, "Let a category keep the hours that it has in the baseline")
      ->type_name("CATEGORY")
      ->check(kCategories)
      ->allow_extra_args(false);
}

void Simulate::AddRules(CLI::App& app) {
  app.add_option_function<std::string>(
         "--mode", [this](const std::string& mode) { changes_.set_mode(mode); },
         "What a change of utilization leaves as it was: grow-revenue keeps the hours of "
         "inference; free-capacity keeps its revenue and leaves the freed hours unallocated")
      ->type_name("MODE")
      ->check(CLI::IsMember({"grow-revenue", "free-capacity"}))
      ->default_str("grow-revenue");
  app.add_option_function<std::string>(
         "--rest", [this](const std::string& rest) { changes_.set_rest(rest); },
         "How the other categories divide what is left when research is given a share: in equal "
         "parts, or in proportion to what they had")
      ->type_name("RULE")
      ->check(CLI::IsMember({"equal", "proportional"}))
      ->default_str("equal");
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
