// A real fleetmeterd on ports of its own, with a small plan, for a client to talk to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::ctl {

// Ends its process, and its folder, when it goes. The plan: 16 h100; pools "serving" with 8 H100e
// and "batch" with 4, half of both lendable.
class RunningDaemon {
 public:
  RunningDaemon();
  ~RunningDaemon();
  RunningDaemon(const RunningDaemon&) = delete;
  RunningDaemon& operator=(const RunningDaemon&) = delete;

  // From the next start on it has the assumptions of tests/unit/config/framework_yaml.h.
  void UseFramework() { has_framework_ = true; }

  // Ready to answer, or the test fails. Again after Stop(): the queries on the same port as before.
  void Start(int plan_version = 1);
  // As an operator does: SIGTERM, then the end.
  void Stop();

  // It hangs, and goes on.
  void Pause();
  void Resume();

  // A source with 16 chips reports 10 s of use, after what it reported before: so many are held by
  // serving, half active, the others are free. Counted when this returns.
  void Report(int assigned_chips);

  const std::string& query_address() const { return query_; }
  const std::string& ingest_address() const { return ingest_; }
  std::string config_path() const { return folder_.PathOf("daemon.yaml"); }

 private:
  const TempFolder folder_;
  bool has_framework_ = false;
  std::string query_ = "127.0.0.1:0";
  std::string ingest_ = "127.0.0.1:0";
  uint64_t sequence_ = 0;
  int64_t next_window_nanos_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string error;
};

// A program of the build, "fleetmeterctl".
std::string BuiltProgram(const std::string& name);

std::unique_ptr<ChildProcess> StartCtl(const std::vector<std::string>& arguments,
                                       const ChildOptions& options = {});

// Waits for its end.
Outcome RunCtl(const std::vector<std::string>& arguments, const ChildOptions& options = {});

}  // namespace fleetmeter::ctl
