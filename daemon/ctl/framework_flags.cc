#include "daemon/ctl/framework_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/config/units.h"
#include "daemon/config/yaml_override.h"
#include "daemon/ctl/add_output.h"
#include "daemon/ctl/flags.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

const CLI::IsMember kCategories({"inference", "training", "research"});

CLI::Option* AddPlanFile(CLI::App* app, const std::string& help, Flags* flags) {
  return app->add_option("--plan", flags->framework.plan, help)->type_name("FILE");
}

CLI::Option* AddSet(CLI::App* app, Flags* flags) {
  const auto read = [flags](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (const auto parsed = ParseYamlOverride(text); !parsed.ok()) {
        throw CLI::ValidationError("--set: " + std::string(parsed.status().message()));
      }
    }
    flags->framework.set = texts;
  };
  return app
      ->add_option_function<std::vector<std::string>>(
          "--set", read, "Another value for a key of the framework, such as training.growth=3")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

CLI::Option* AddScenario(CLI::App* app, const std::string& help, Flags* flags) {
  return app->add_option("--scenario", flags->framework.scenario, help)->type_name("NAME");
}

CLI::Option* AddCatalog(CLI::App* app, Flags* flags) {
  return app
      ->add_option("--catalog", flags->framework.catalog,
                   "Catalog of chip kinds that a plan is checked against, rather than the one that "
                   "the framework names")
      ->type_name("FILE");
}

CLI::App* AddCommand(CLI::App* app, const std::string& name, const std::string& help,
                     const std::string& examples, Command command, Flags* flags) {
  CLI::App* subcommand = app->add_subcommand(name, help);
  subcommand->fallthrough();
  subcommand->footer("Examples:\n" + examples);
  subcommand->callback([flags, command] { flags->command = command; });
  return subcommand;
}

void AddShow(CLI::App* plan, Flags* flags) {
  CLI::App* show = AddCommand(
      plan, "show",
      "The daemon's plan in force; with --plan every table of a framework, or a plan from its file",
      "  fleetmeterctl plan show\n"
      "  fleetmeterctl plan show --plan deploy/plans/framework.yaml\n"
      "  fleetmeterctl plan show --plan deploy/plans/framework.yaml --scenario revenue-priority\n"
      "  fleetmeterctl plan show --plan deploy/plans/example.yaml \\\n"
      "      --catalog deploy/catalog/default.yaml",
      Command::kPlanShow, flags);
  CLI::Option* file = AddPlanFile(
      show, "A framework's or a plan's file. Without it the daemon is asked for the plan in force",
      flags);
  AddSet(show, flags)->needs(file);
  AddScenario(show, "Only this scenario of the framework", flags)->needs(file);
  AddCatalog(show, flags)->needs(file);
  AddOutput(show, &flags->output);
}

void ReadName(const std::string& text, std::string* out) {
  if (!IsName(text)) {
    throw CLI::ValidationError(fmt::format(
        "--name: {} is not a name; expected letters, digits and . _ / -", Quoted(text)));
  }
  *out = text;
}

void ReadTime(const std::string& text, std::string* out) {
  if (!ParseTime(text)) {
    throw CLI::ValidationError(fmt::format(
        "--effective-from: {} is not a time; expected a date such as 2026-01-01 or an RFC 3339 "
        "time such as 2026-01-01T00:00:00Z",
        Quoted(text)));
  }
  *out = text;
}

void AddCompile(CLI::App* plan, Flags* flags) {
  FrameworkFlags& framework = flags->framework;
  CLI::App* compile = AddCommand(
      plan, "compile",
      "A scenario of a framework as a plan that fleetmeterd loads, checked as the daemon checks it",
      "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml --scenario recommendation\n"
      "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml \\\n"
      "      --scenario revenue-priority --set tiers.buffer=20% --version 2 \\\n"
      "      --effective-from 2026-04-01 --to revenue-priority.yaml",
      Command::kPlanCompile, flags);
  AddPlanFile(compile, "The framework's file", flags)->required();
  AddScenario(compile, "The scenario", flags)->required();
  AddSet(compile, flags);
  AddCatalog(compile, flags);
  compile
      ->add_option_function<std::string>(
          "--name", [&framework](const std::string& text) { ReadName(text, &framework.name); },
          "The plan's name; otherwise the scenario's")
      ->type_name("NAME");
  compile
      ->add_option_function<uint32_t>(
          "--version", [&framework](const uint32_t& version) { framework.version = version; },
          "The plan's version; otherwise the framework's")
      ->type_name("N")
      ->check(CLI::Range(uint32_t{1}, uint32_t{4'294'967'295}));
  compile
      ->add_option_function<std::string>(
          "--effective-from",
          [&framework](const std::string& text) { ReadTime(text, &framework.effective_from); },
          "When it takes effect: a date (UTC) or an RFC 3339 time; otherwise the framework's")
      ->type_name("TIME");
  CLI::Option* to =
      compile->add_option("--to", framework.to, "Write it to this new file, whole or not at all")
          ->type_name("FILE");
  compile->add_flag("--force", framework.force, "Let --to take the place of a file")->needs(to);
}

void AddDiff(CLI::App* plan, Flags* flags) {
  CLI::App* diff = AddCommand(
      plan, "diff",
      "What changes from A to B: tiers, categories, pools, and between two scenarios what they "
      "earn, train and leave for research. Exit code 0 whether they differ or not",
      "  fleetmeterctl plan diff deploy/plans/framework.yaml \\\n"
      "      deploy/plans/framework.yaml#revenue-priority\n"
      "  fleetmeterctl plan diff deploy/plans/example.yaml \\\n"
      "      deploy/plans/framework.yaml#training-priority",
      Command::kPlanDiff, flags);
  const std::string help =
      "A plan's file, or FRAMEWORK_FILE#SCENARIO; a framework without a scenario is its baseline";
  diff->add_option("A", flags->framework.left, help)->required();
  diff->add_option("B", flags->framework.right, "Likewise")->required();
  AddCatalog(diff, flags);
  AddOutput(diff, &flags->output);
}

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

void AddPlan(CLI::App* app, Flags* flags) {
  CLI::App* plan =
      app->add_subcommand("plan", "Plans, and the allocation framework that they are made from");
  plan->fallthrough();
  plan->require_subcommand(1);
  AddShow(plan, flags);
  AddCompile(plan, flags);
  AddDiff(plan, flags);
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

void AddSensitivity(CLI::App* app, Flags* flags) {
  CLI::App* sensitivity = AddCommand(
      app, "sensitivity", "The framework's sensitivity analysis: the baseline, one thing changed",
      "  fleetmeterctl sensitivity --plan deploy/plans/framework.yaml\n"
      "  fleetmeterctl sensitivity --plan deploy/plans/framework.yaml --set revenue.discount=20%",
      Command::kSensitivity, flags);
  AddPlanFile(sensitivity, "The framework's file", flags)->required();
  AddSet(sensitivity, flags);
  AddOutput(sensitivity, &flags->output);
}

}  // namespace fleetmeter::ctl
