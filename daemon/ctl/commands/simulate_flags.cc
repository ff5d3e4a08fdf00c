// simulate.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/commands/flags.h"
#include "daemon/ctl/commands/framework_flags.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

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

void ReadShares(const std::vector<std::string>& texts, v1::SimulateRequest* request) {
  for (const std::string& text : texts) {
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
      throw CLI::ValidationError(
          fmt::format("--share: {} is given twice; expected once", category));
    }
  }
}

void AddChanges(CLI::App* simulate, v1::SimulateRequest* request) {
  simulate
      ->add_option_function<std::string>(
          "--utilization", [request](const std::string& t) { ReadUtilization(t, request); },
          "Of the hours that serve inference: 60, 60% or 0.6")
      ->type_name("PERCENT");
  simulate
      ->add_option_function<std::string>(
          "--curve", [request](const std::string& name) { request->set_curve(name); },
          "How revenue grows with utilization, before and after: sets revenue.curve")
      ->type_name("NAME");
  simulate
      ->add_option_function<std::string>(
          "--revenue", [request](const std::string& t) { ReadRevenue(t, request); },
          "Give inference the hours that earn so many US dollars a year, such as 25B")
      ->type_name("USD");
  simulate
      ->add_option_function<std::vector<std::string>>(
          "--share", [request](const std::vector<std::string>& t) { ReadShares(t, request); },
          "Give a category a share of the supply, such as research=70%")
      ->type_name("CATEGORY=SHARE")
      ->allow_extra_args(false);
  simulate
      ->add_option_function<std::vector<std::string>>(
          "--hold",
          [request](const std::vector<std::string>& held) {
            for (const std::string& category : held) request->add_hold(category);
          },
          "Let a category keep the baseline's hours")
      ->type_name("CATEGORY")
      ->check(kCategories)
      ->allow_extra_args(false);
  simulate
      ->add_option_function<std::string>(
          "--mode", [request](const std::string& mode) { request->set_mode(mode); },
          "When utilization changes: grow-revenue keeps inference's hours, free-capacity its "
          "revenue, and what that frees stays unallocated")
      ->type_name("MODE")
      ->check(CLI::IsMember({"grow-revenue", "free-capacity"}))
      ->default_str("grow-revenue");
  simulate
      ->add_option_function<std::string>(
          "--rest", [request](const std::string& rest) { request->set_rest(rest); },
          "How the categories that are not named share what research, given a share, leaves: equal "
          "parts, or proportional to what they had")
      ->type_name("RULE")
      ->check(CLI::IsMember({"equal", "proportional"}))
      ->default_str("equal");
}

void CheckStart(const FrameworkFlags& flags) {
  if (!flags.from_live && flags.plan.empty()) {
    throw CLI::ValidationError(
        "simulate: there is nothing to start from; expected --plan FILE, or --from-live to start "
        "from the daemon's fleet");
  }
  if (!flags.from_live) return;
  for (const auto& [option, value] :
       {std::pair("--plan", flags.plan), std::pair("--scenario", flags.scenario)}) {
    if (value.empty()) continue;
    throw CLI::ValidationError(
        fmt::format("{} does not go with --from-live, which uses the assumptions and the fleet of "
                    "the daemon; expected one of the two",
                    option));
  }
}

}  // namespace

absl::StatusOr<double> ParseUtilization(const std::string& text) {
  const auto number = ParseShare(text);
  if (!number || *number < 0) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not a utilization; expected 60, 60% or 0.6 for sixty percent", Quoted(text)));
  }
  const bool percent = text.ends_with('%');
  if (!percent && *number == 1) {
    return absl::InvalidArgumentError(
        fmt::format("{} may be a percent or all of it; expected 1% or 100%", Quoted(text)));
  }
  const double ratio = percent || *number < 1 ? *number : *number / 100;
  if (ratio > 1) {
    return absl::InvalidArgumentError(
        fmt::format("{} is more than 100%; expected 0% to 100%", Quoted(text)));
  }
  return ratio;
}

void AddSimulate(CLI::App* app, Flags* flags) {
  CLI::App* simulate = app->add_subcommand(
      "simulate", "What if: what a change of the allocation earns, trains, frees and forgoes");
  simulate->fallthrough();
  simulate->footer(
      "Examples:\n"
      "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --share research=70%\n"
      "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --utilization 60 \\\n"
      "      --curve diminishing\n"
      "  fleetmeterctl simulate --plan deploy/plans/framework.yaml --utilization 40 \\\n"
      "      --mode free-capacity\n"
      "  fleetmeterctl simulate --from-live 127.0.0.1:7444 --utilization 60");
  AddPlanFile(simulate, "The framework's file", flags);
  AddScenario(simulate, "The scenario to start from; otherwise the baseline", flags);
  AddSet(simulate, flags);
  const auto read_live = [flags](const std::string& address) {
    flags->framework.from_live = true;
    if (address.empty()) return;
    if (const absl::Status status = CheckAddress(address); !status.ok()) {
      throw CLI::ValidationError("--from-live: " + std::string(status.message()));
    }
    flags->address = address;
  };
  simulate
      ->add_option_function<std::string>(
          "--from-live", read_live,
          "Start from the fleet as a daemon sees it, with the daemon's assumptions: its "
          "listen.query, otherwise --address")
      ->type_name("[HOST:PORT]")
      ->expected(0, 1);
  AddChanges(simulate, &flags->framework.request);
  AddOutput(simulate, &flags->output);
  simulate->callback([flags] {
    CheckStart(flags->framework);
    flags->command = Command::kSimulate;
  });
}

}  // namespace fleetmeter::ctl
