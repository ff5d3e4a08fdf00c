#include "daemon/ctl/commands/outcomes_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/commands/flags.h"

namespace fleetmeter::ctl {
namespace {

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

void AddLedgerFile(CLI::App* app, Flags* flags) {
  app->add_option(
         "--ledger", flags->outcomes.ledger,
         "Read this ledger's file (ledger.path of the daemon) instead of asking the daemon")
      ->type_name("FILE");
}

void ReadWindow(const std::string& text, OutcomesFlags* to) {
  to->window = outcomes::ParseWindow(text);
  const auto nanos = to->window ? std::optional(to->window->days * kDay) : ParseDuration(text);
  if (!nanos || *nanos < kDay || (!to->window && *nanos > 365 * kDay)) {
    throw CLI::ValidationError(
        fmt::format("--window: {} is none; expected quarter (91d), year (365d) or days such as 28d",
                    Quoted(text)));
  }
  to->window_nanos = *nanos;
}

// What goes with what; the library can only say that of single flags.
void CheckMargin(const OutcomesFlags& flags) {
  const auto wrong = [](const std::string& what) { throw CLI::ValidationError(what); };
  if (!flags.inference.empty() && !flags.ledger.empty()) {
    wrong("--inference and --ledger: expected one of the two");
  }
  if (!flags.inference.empty() && !flags.to_unix_seconds) wrong("--inference takes --to");
  if (!flags.inference.empty() && flags.window_nanos > 365 * kDay) {
    wrong("--window: is longer than 365d, the most that files are looked at for");
  }
  if (flags.from_daemon() && !flags.prices.empty()) {
    wrong("--prices takes --inference or --ledger: a daemon has a price book of its own");
  }
  if (!flags.inference.empty()) return;
  if (!flags.window && flags.window_nanos != OutcomesFlags().window_nanos) {
    wrong("--window: expected quarter, year or days such as 28d");
  }
  if (flags.to_unix_seconds.value_or(0) % kSecondsPerDay != 0) {
    wrong("--to: is not midnight, UTC; the books have whole days");
  }
}

void AddMargin(CLI::App* outcomes, Flags* flags) {
  CLI::App* margin = outcomes->add_subcommand(
      "margin",
      "Margin per inference request, beside the same window a year earlier, and why it changed. "
      "Asks the daemon, unless --ledger or --inference says where else it is to be worked out "
      "from");
  margin->fallthrough();
  OutcomesFlags& to = flags->outcomes;
  AddLedgerFile(margin, flags);
  margin
      ->add_option("--inference", to.inference,
                   "CSV: start, model, customer_tier, requests, input_tokens, output_tokens; "
                   "optional: cached_input_tokens, revenue_usd, cost_usd. May be gzip. Takes --to")
      ->type_name("FILE");
  margin
      ->add_option("--prices", to.prices,
                   "Price book for rows without revenue_usd, and for subscriptions")
      ->type_name("FILE");
  const auto read_to = [&to](const std::string& text) {
    to.to_unix_seconds = ReadTime("--to", text);
  };
  margin
      ->add_option_function<std::string>("--to", read_to,
                                         "End of the window, which is no longer part of it; "
                                         "without it today (UTC) is the last day")
      ->type_name("TIME");
  const auto read_window = [&to](const std::string& text) { ReadWindow(text, &to); };
  margin
      ->add_option_function<std::string>(
          "--window", read_window,
          "Its length: quarter (91d), year (365d) or days; default 28d, of CSV files 365d")
      ->type_name("28d|quarter|year|Nd");
  margin
      ->add_option("--basis", to.basis,
                   "Cost of all chip-time that serves a model, or of its busy part (what nobody "
                   "measured counts in full). CSV files bring costs of their own")
      ->check(CLI::IsMember({"allocated", "used"}))
      ->capture_default_str();
  margin
      ->add_option("--limit", to.limit,
                   "Most rows of models, of customer tiers and of segments; the others are merged "
                   "into one row, overflow. Not of CSV files")
      ->check(CLI::Range(1, 1'000))
      ->type_name("N");
  AddRefused(margin, flags);
  AddOutput(margin, &flags->output);
  margin->callback([flags] {
    CheckMargin(flags->outcomes);
    flags->command = Command::kOutcomesMargin;
  });
}

void CheckCapability(const OutcomesFlags& flags) {
  const auto wrong = [](const std::string& what) { throw CLI::ValidationError(what); };
  if (!flags.benchmarks.empty() && !flags.ledger.empty()) {
    wrong("--benchmarks and --ledger: expected one of the two");
  }
  if (flags.from_daemon() != flags.suite.empty()) {
    wrong(flags.suite.empty()
              ? "--benchmarks and --ledger take --suite"
              : "--suite takes --benchmarks or --ledger: a daemon has a suite of its own");
  }
  if (flags.benchmarks.empty() && !(flags.training.empty() && flags.framework.empty())) {
    wrong("--training and --framework take --benchmarks");
  }
}

void AddCapability(CLI::App* outcomes, Flags* flags) {
  CLI::App* capability = outcomes->add_subcommand(
      "capability",
      "Capability of models, saturation of benchmarks, and what an hour of training brings by "
      "quarter. Asks the daemon, unless --ledger or --benchmarks says where else it is to be "
      "worked "
      "out from");
  capability->fallthrough();
  OutcomesFlags& to = flags->outcomes;
  AddLedgerFile(capability, flags);
  capability
      ->add_option("--suite", to.suite, "The benchmark suite, YAML; with --ledger or --benchmarks")
      ->type_name("FILE");
  capability
      ->add_option("--benchmarks", to.benchmarks,
                   "CSV: model, date, benchmark, score; or a model a row with the suite's columns")
      ->type_name("FILE");
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
                                         "A day of the last quarter to look at; else the present "
                                         "one, of CSV files that of the last result")
      ->type_name("TIME");
  AddRefused(capability, flags);
  AddOutput(capability, &flags->output);
  capability->callback([flags] {
    CheckCapability(flags->outcomes);
    flags->command = Command::kOutcomesCapability;
  });
}

}  // namespace

void AddOutcomes(CLI::App* app, Flags* flags) {
  CLI::App* outcomes = app->add_subcommand(
      "outcomes",
      "What allocations led to: by the daemon's books, by a ledger's file, or by CSV files");
  outcomes->fallthrough();
  outcomes->require_subcommand(1);
  AddMargin(outcomes, flags);
  AddCapability(outcomes, flags);
}

}  // namespace fleetmeter::ctl
