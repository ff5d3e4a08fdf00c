#include "daemon/ctl/outcomes_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter::ctl {

void AddOutcomesLedger(CLI::App& app, std::string* path) {
  app.add_option(
         "--ledger", *path,
         "Read this file of a ledger (ledger.path of the daemon) instead of asking the daemon")
      ->type_name("FILE");
}

void AddOutcomesRefused(CLI::App& app, std::string* path) {
  app.add_option("--refused", *path, "Write the refused rows and the reasons to this file")
      ->type_name("FILE");
}

void AddOutcomesTime(CLI::App& app, const std::string& name, const std::string& help,
                     std::optional<int64_t>* unix_seconds) {
  const auto read = [name, unix_seconds](const std::string& text) {
    const auto nanos = ParseTime(text);
    if (!nanos) {
      throw CLI::ValidationError(fmt::format(
          "{}: {} is not a date such as 2026-01-01 or an RFC 3339 time", name, Quoted(text)));
    }
    *unix_seconds = *nanos / kNanosPerSecond;
  };
  app.add_option_function<std::string>(name, read, help)->type_name("TIME");
}

}  // namespace fleetmeter::ctl
