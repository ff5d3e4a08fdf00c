// The command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "daemon/ctl/commands/framework_flags.h"
#include "daemon/ctl/commands/import_flags.h"
#include "daemon/ctl/commands/ledger_flags.h"
#include "daemon/ctl/commands/outcomes_flags.h"
#include "daemon/ctl/print/output_format.h"
#include "daemon/security/client_tls.h"

namespace fleetmeter::ctl {

enum class Command {
  kPools,
  kHeadroom,
  kSupply,
  kPlanShow,
  kPlanCompile,
  kPlanDiff,
  kSimulate,
  kSensitivity,
  kCheck,
  kAdminReload,
  kTop,
  kLedgerVerify,
  kLedgerBackup,
  kLedgerRestore,
  kReport,
  kOutcomesMargin,
  kOutcomesCapability,
  kImport,
};

struct Flags {
  Command command = Command::kPools;
  std::string address = "127.0.0.1:7444";
  std::string admin_address = "127.0.0.1:7445";  // admin
  ClientTls tls;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  OutputFormat output = OutputFormat::kTable;

  // headroom
  std::string pool;
  std::optional<double> ask_h100e;
  bool watch = false;
  std::chrono::nanoseconds interval = std::chrono::seconds(1);

  std::string config;        // check
  bool once = false;         // top
  LedgerFlags ledger;        // ledger, report
  FrameworkFlags framework;  // plan, simulate, sensitivity
  OutcomesFlags outcomes;    // outcomes
  ImportFlags import;        // import
};

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDoesNotFit = 3;
inline constexpr int kExitNotAll = 4;

// Fills `flags`, or prints what --help, --version or a wrong command line calls for and returns the
// exit code.
std::optional<int> ParseFlags(int argc, const char* const* argv, Flags* flags);

}  // namespace fleetmeter::ctl
