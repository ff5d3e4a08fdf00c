// The commands about the allocation framework and its plans. All but `plan show` without --plan and
// `simulate --from-live` work without a daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fleetmeter/v1/plan.pb.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace fleetmeter::ctl {

enum class Command;
struct Flags;

struct FrameworkFlags {
  std::string plan;              // a framework's file, of `plan show` a plan's, too; empty: none
  std::string catalog;           // empty: the one that the framework names
  std::vector<std::string> set;  // KEY=VALUE
  std::string scenario;          // empty: the baseline; of `plan show` all

  // plan compile
  std::string name;  // empty: the scenario's
  std::optional<uint32_t> version;
  std::string effective_from;  // empty: the framework's
  std::string to;              // empty: standard output
  bool force = false;

  // plan diff
  std::string left;
  std::string right;

  // simulate
  bool from_live = false;
  v1::SimulateRequest request;  // without scenario and set, which are above
};

void AddPlan(CLI::App* app, Flags* flags);
void AddSimulate(CLI::App* app, Flags* flags);
void AddSensitivity(CLI::App* app, Flags* flags);

// "60", "60%" and "0.6" are the same; a number that could be either is refused. A ratio, 0 to 1.
// InvalidArgument says what to write.
absl::StatusOr<double> ParseUtilization(const std::string& text);

// --- Parts of these commands -------------------------------------------------------------------

// `examples` are lines of two spaces and a command.
CLI::App* AddFrameworkCommand(CLI::App* app, const std::string& name, const std::string& help,
                              const std::string& examples, Command command, Flags* flags);
CLI::Option* AddPlanFile(CLI::App* app, const std::string& help, Flags* flags);
CLI::Option* AddSet(CLI::App* app, Flags* flags);
CLI::Option* AddScenario(CLI::App* app, const std::string& help, Flags* flags);

}  // namespace fleetmeter::ctl
