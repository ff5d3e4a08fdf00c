// The commands that bring history to a daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/ctl/import/read_benchmarks.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

struct Flags;

enum class ImportKind { kUsage, kInference, kTraining, kBenchmarks };

struct ImportFlags {
  ImportKind kind = ImportKind::kUsage;
  std::string ingest_address = "127.0.0.1:7443";
  std::string file;
  std::string source;   // empty: the file's name without folder and extensions
  std::string refused;  // where rows go that are not in the books by it; empty: nowhere
  bool dry_run = false;
  bool quiet = false;

  // inference
  std::optional<int64_t> window_nanos;
  std::optional<int64_t> every_nanos;

  // training, benchmarks
  imports::ModelColumns columns;
  std::string flop_column = "flop";
  std::string framework;  // how FLOP become hours; empty: not known
  std::string suite;
};

void AddImport(CLI::App* app, Flags* flags);

}  // namespace fleetmeter::ctl
