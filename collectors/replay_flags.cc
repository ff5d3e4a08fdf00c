#include "collectors/replay_flags.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <string>

#include "collectors/replay/replay.h"

namespace fleetmeter::collector {
namespace {

constexpr double kFastest = 1'000'000;

void AddReplayFlags(CLI::App& command, ReplayOptions& replay) {
  command.add_option("--from", replay.from_seconds,
                     "Begin at this second of the recording (default: its first)");
  auto* until = command.add_option("--until", replay.until_seconds,
                                   "End at this second of the recording (default: its last)");
  command
      .add_option("--speed", replay.speed,
                  "Recorded seconds per second; above 1 the daemon must accept replays")
      ->check(CLI::Range(1.0, kFastest))
      ->capture_default_str();
  auto* hold = command.add_flag("--hold", replay.hold,
                                "Report the state at --from for ever, without moving on");
  auto* loop = command.add_flag_callback(
      "--loop", [&replay] { replay.at_end = AtEnd::kLoop; }, "Begin again at the end");
  hold->excludes(until);
  hold->excludes(loop);
}

class CommandBase : public ReplayCommand {
 public:
  bool chosen() const override { return command_->parsed(); }

 protected:
  CommandBase(CLI::App& app, const std::string& name, const std::string& help)
      : command_(app.add_subcommand(name, help)) {}

  CLI::App* const command_;  // owned by the App
};

class CsvCommand final : public CommandBase {
 public:
  explicit CsvCommand(CLI::App& app)
      : CommandBase(app, "replay-csv",
                    "Replay a fleet from a CSV file (collectors/replay/README.md)") {
    command_->add_option("--file", options_.path, "CSV file, plain or gzip")->required();
    AddReplayFlags(*command_, options_.replay);
  }
  double speed() const override { return options_.replay.speed; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource() const override {
    return MakeCsvSource(options_);
  }

 private:
  CsvReplayOptions options_;
};

class OpenbCommand final : public CommandBase {
 public:
  explicit OpenbCommand(CLI::App& app)
      : CommandBase(app, "replay-openb", "Replay Alibaba's GPU cluster trace of 2023 (openb)") {
    command_->add_option("--nodes", options_.nodes_path, "openb_node_list_all_node.csv")
        ->required();
    command_->add_option("--pods", options_.pods_path, "openb_pod_list_default.csv")->required();
    command_->add_option("--rules", options_.rules_path, "YAML: which pod belongs to which pool")
        ->required();
    options_.note = [](const std::string& text) { spdlog::warn("replay-openb: {}", text); };
    AddReplayFlags(*command_, options_.replay);
  }
  double speed() const override { return options_.replay.speed; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource() const override {
    return MakeOpenbSource(options_);
  }

 private:
  OpenbReplayOptions options_;
};

class DutyCycleCommand final : public CommandBase {
 public:
  explicit DutyCycleCommand(CLI::App& app)
      : CommandBase(app, "replay-duty-cycle",
                    "Replay measured GPU duty cycles of Alibaba's GenAI pods of 2026") {
    command_->add_option("--file", options_.path, "pod_gpu_duty_cycle_anon.csv, plain or gzip")
        ->required();
    command_->add_option("--chip", options_.chip, "Chip kind of every pod's GPU")->required();
    command_->add_option("--pool", options_.pool, "Pool that the pods belong to")->required();
    command_->add_option("--team", options_.team, "Team of that pool")->required();
    command_->add_option("--workload", options_.workload, "Workload name");
    command_->add_option("--workload-type", options_.workload_type, "Workload type");
    AddReplayFlags(*command_, options_.replay);
  }
  double speed() const override { return options_.replay.speed; }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource() const override {
    return MakeDutyCycleSource(options_);
  }

 private:
  DutyCycleReplayOptions options_;
};

}  // namespace

std::vector<std::unique_ptr<ReplayCommand>> AddReplayCommands(CLI::App& app) {
  std::vector<std::unique_ptr<ReplayCommand>> commands;
  commands.push_back(std::make_unique<CsvCommand>(app));
  commands.push_back(std::make_unique<OpenbCommand>(app));
  commands.push_back(std::make_unique<DutyCycleCommand>(app));
  return commands;
}

}  // namespace fleetmeter::collector
