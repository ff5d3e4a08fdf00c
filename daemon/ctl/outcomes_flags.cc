#include "daemon/ctl/outcomes_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/config/units.h"
#include "daemon/ctl/add_output.h"
#include "daemon/ctl/flags.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kDayNanos = int64_t{86'400} * kNanosPerSecond;

int64_t ReadTime(const std::string& name, const std::string& text) {
  const auto nanos = ParseTime(text);
  if (!nanos) {
    throw CLI::ValidationError(fmt::format(
        "{}: {} is not a date such as 2026-01-01 or an RFC 3339 time", name, Quoted(text)));
  }
  return *nanos / kNanosPerSecond;
}

void AddRefused(CLI::App* app, Flags* flags) {
  app->add_option("--refused", flags->outcomes.refused,
                  "Write the rows that were refused to this file, with their reasons")
      ->type_name("FILE");
}

void AddMargin(CLI::App* outcomes, Flags* flags) {
  CLI::App* margin = outcomes->add_subcommand(
      "margin",
      "Margin per inference request, beside the same window a year earlier, and why it "
      "changed");
  margin->fallthrough();
  OutcomesFlags& to = flags->outcomes;
  margin
      ->add_option("--inference", to.inference,
                   "CSV: start, model, customer_tier, requests, input_tokens, output_tokens; "
                   "optional: cached_input_tokens, revenue_usd, cost_usd. May be gzip")
      ->type_name("FILE")
      ->required();
  margin->add_option("--prices", to.prices, "Price book for rows without revenue_usd")
      ->type_name("FILE");
  const auto read_to = [&to](const std::string& text) {
    to.to_unix_seconds = ReadTime("--to", text);
  };
  margin
      ->add_option_function<std::string>("--to", read_to,
                                         "End of the window, which is no longer part of it")
      ->type_name("TIME")
      ->required();
  const auto read_window = [&to](const std::string& text) {
    const auto nanos = ParseDuration(text);
    if (!nanos || *nanos < kDayNanos || *nanos > 365 * kDayNanos) {
      throw CLI::ValidationError(
          fmt::format("--window: {} is not a duration from 1d to 365d", Quoted(text)));
    }
    to.window_nanos = *nanos;
  };
  margin->add_option_function<std::string>("--window", read_window, "Its length")
      ->type_name("DURATION")
      ->default_str("365d");
  AddRefused(margin, flags);
  AddOutput(margin, &flags->output);
  margin->callback([flags] { flags->command = Command::kOutcomesMargin; });
}

void AddCapability(CLI::App* outcomes, Flags* flags) {
  CLI::App* capability = outcomes->add_subcommand(
      "capability",
      "Capability of models, saturation of benchmarks, and what an hour of training "
      "brings by quarter");
  capability->fallthrough();
  OutcomesFlags& to = flags->outcomes;
  capability->add_option("--suite", to.suite, "The benchmark suite, YAML")
      ->type_name("FILE")
      ->required();
  capability
      ->add_option("--benchmarks", to.benchmarks,
                   "CSV: model, date, benchmark, score; or a model a row with the suite's columns")
      ->type_name("FILE")
      ->required();
  capability
      ->add_option("--training", to.training,
                   "CSV: model, date, h100e_hours or FLOP. May be the same file")
      ->type_name("FILE");
  capability
      ->add_option("--framework", to.framework,
                   "Framework file, whose peak FLOP/s and MFU make hours of FLOP")
      ->type_name("FILE");
  const auto add_column = [&](const std::string& name, std::string* column) {
    capability->add_option(name, *column, "What the files call this column")
        ->type_name("COLUMN")
        ->capture_default_str();
  };
  add_column("--model-column", &to.columns.model);
  add_column("--date-column", &to.columns.date);
  add_column("--family-column", &to.columns.family);
  add_column("--flop-column", &to.flop_column);
  const auto read_until = [&to](const std::string& text) {
    to.until_unix_seconds = ReadTime("--until", text);
  };
  capability
      ->add_option_function<std::string>("--until", read_until,
                                         "A day of the last quarter to look at; else that of the "
                                         "last result")
      ->type_name("TIME");
  AddRefused(capability, flags);
  AddOutput(capability, &flags->output);
  capability->callback([flags] { flags->command = Command::kOutcomesCapability; });
}

}  // namespace

void AddOutcomes(CLI::App* app, Flags* flags) {
  CLI::App* outcomes = app->add_subcommand(
      "outcomes", "What allocations led to, worked out from files; without a daemon");
  outcomes->fallthrough();
  outcomes->require_subcommand(1);
  AddMargin(outcomes, flags);
  AddCapability(outcomes, flags);
}

}  // namespace fleetmeter::ctl
