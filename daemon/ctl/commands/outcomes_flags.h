// The commands that say what allocations led to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/units.h"
#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/domain/outcomes/rules.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

struct Flags;

// Of a daemon's books.
inline const outcomes::Window kDefaultWindow = {.name = "28d", .days = 28};

struct OutcomesFlags {
  std::string ledger;  // a ledger's file; empty: files below, or the daemon

  // margin
  std::string inference;  // CSV
  std::string prices;     // empty: none
  std::optional<int64_t> to_unix_seconds;
  std::optional<outcomes::Window> window;  // nothing: 365d of files, else kDefaultWindow
  int64_t window_nanos = 365 * kDay;       // of files
  std::string basis = "allocated";
  uint32_t limit = 0;  // most rows of a scope; 0: as many as there may be

  // capability
  std::string suite;
  std::string benchmarks;  // CSV
  std::string training;    // CSV; empty: none
  std::string framework;   // how FLOP become hours; empty: not known
  imports::ModelColumns columns;
  std::string flop_column = "flop";
  std::optional<int64_t> until_unix_seconds;

  std::string refused;  // where rows that were refused go; empty: nowhere

  bool from_daemon() const { return ledger.empty() && inference.empty() && benchmarks.empty(); }
};

void AddOutcomes(CLI::App* app, Flags* flags);

}  // namespace fleetmeter::ctl
