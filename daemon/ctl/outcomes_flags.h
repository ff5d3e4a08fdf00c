// The commands that say what allocations led to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/history/read_benchmarks.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

struct Flags;

struct OutcomesFlags {
  // margin
  std::string inference;
  std::string prices;  // empty: none
  int64_t to_unix_seconds = 0;
  int64_t window_nanos = int64_t{365} * 86'400 * 1'000'000'000;

  // capability
  std::string suite;
  std::string benchmarks;
  std::string training;   // empty: none
  std::string framework;  // how FLOP become hours; empty: not known
  history::ModelColumns columns;
  std::string flop_column = "flop";
  std::optional<int64_t> until_unix_seconds;

  std::string refused;  // where rows that were refused go; empty: nowhere
};

void AddOutcomes(CLI::App* app, Flags* flags);

}  // namespace fleetmeter::ctl
