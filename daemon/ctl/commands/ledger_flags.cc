#include "daemon/ctl/commands/ledger_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/commands/flags.h"

namespace fleetmeter::ctl {
namespace {

void AddPath(CLI::App* app, Flags* flags) {
  app->add_option("--ledger", flags->ledger.path, "The ledger's file: ledger.path of the daemon")
      ->type_name("FILE")
      ->required();
}

CLI::App* AddLedgerCommand(CLI::App* ledger, const std::string& name, const std::string& help,
                           Command command, Flags* flags) {
  CLI::App* subcommand = ledger->add_subcommand(name, help);
  subcommand->fallthrough();
  AddPath(subcommand, flags);
  subcommand->callback([flags, command] { flags->command = command; });
  return subcommand;
}

// Whole seconds; whether they are at full hours is for the question to say.
void AddTime(CLI::App* app, const std::string& name, const std::string& help, int64_t* out) {
  const auto read = [name, out](const std::string& text) {
    const auto nanos = ParseTime(text);
    if (!nanos || *nanos % kHour != 0) {
      throw CLI::ValidationError(
          fmt::format("{}: {} is not a full hour, such as 2026-01-01 (its midnight, UTC) or "
                      "2026-01-01T08:00:00Z; usage is booked by the hour",
                      name, Quoted(text)));
    }
    *out = *nanos / kNanosPerSecond;
  };
  app->add_option_function<std::string>(name, read, help)->type_name("TIME")->required();
}

std::vector<UsageKey> ParseKeys(std::string_view text) {
  std::vector<UsageKey> keys;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    const auto key = ParseUsageKey(name);
    if (!key || std::find(keys.begin(), keys.end(), *key) != keys.end()) {
      throw CLI::ValidationError(
          fmt::format("--by: {} is not one of {}, or there twice", Quoted(name), UsageKeyNames()));
    }
    keys.push_back(*key);
  }
  return keys;
}

}  // namespace

void AddLedger(CLI::App* app, Flags* flags) {
  CLI::App* ledger = app->add_subcommand("ledger", "The books' file: check it, copy it, go back");
  ledger->fallthrough();
  ledger->require_subcommand(1);
  AddLedgerCommand(ledger, "verify",
                   "Work out again all that follows from something else in it; beside a daemon or "
                   "without one. Exit code 1: something is wrong",
                   Command::kLedgerVerify, flags);
  AddLedgerCommand(ledger, "backup", "Copy the books of this moment, while the daemon goes on",
                   Command::kLedgerBackup, flags)
      ->add_option("--to", flags->ledger.backup, "The new file")
      ->type_name("FILE")
      ->required();
  AddLedgerCommand(ledger, "restore",
                   "Go back to a backup, with the daemon stopped. What was there stays as "
                   "FILE.before-restore",
                   Command::kLedgerRestore, flags)
      ->add_option("--from", flags->ledger.backup, "The backup")
      ->type_name("FILE")
      ->required();
}

void AddReport(CLI::App* app, Flags* flags) {
  CLI::App* report = app->add_subcommand(
      "report", "Usage of a span of time from the ledger's file; beside a daemon or without one");
  report->fallthrough();
  AddPath(report, flags);
  AddTime(report, "--from", "Its begin: a date (UTC) or an RFC 3339 time",
          &flags->ledger.question.from);
  AddTime(report, "--to", "Its end, which is no longer part of it", &flags->ledger.question.to);
  flags->ledger.question.by = {UsageKey::kPool};
  const auto read_keys = [flags](const std::string& text) {
    flags->ledger.question.by = ParseKeys(text);
  };
  report
      ->add_option_function<std::string>("--by", read_keys,
                                         "What rows are told apart by: " + UsageKeyNames())
      ->type_name("KEY,...")
      ->default_str("pool");
  AddOutput(report, &flags->output);
  report->callback([flags] { flags->command = Command::kReport; });
}

}  // namespace fleetmeter::ctl
