// plan show, plan compile, plan diff.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/commands/flags.h"
#include "daemon/ctl/commands/framework_flags.h"

namespace fleetmeter::ctl {
namespace {

CLI::Option* AddCatalog(CLI::App* app, Flags* flags) {
  return app
      ->add_option("--catalog", flags->framework.catalog,
                   "Catalog of chip kinds that a plan is checked against, rather than the one that "
                   "the framework names")
      ->type_name("FILE");
}

void AddShow(CLI::App* plan, Flags* flags) {
  CLI::App* show = AddFrameworkCommand(
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
  CLI::App* compile = AddFrameworkCommand(
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
  CLI::App* diff = AddFrameworkCommand(
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

}  // namespace

void AddPlan(CLI::App* app, Flags* flags) {
  CLI::App* plan =
      app->add_subcommand("plan", "Plans, and the allocation framework that they are made from");
  plan->fallthrough();
  plan->require_subcommand(1);
  AddShow(plan, flags);
  AddCompile(plan, flags);
  AddDiff(plan, flags);
}

}  // namespace fleetmeter::ctl
