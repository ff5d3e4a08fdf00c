// The source nvml on a fake library (tests/support/fake_nvml.cc).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "collectors/live/source_type.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {

std::unique_ptr<SourceType> MakeNvmlSourceType();

// What the library says, what /proc says, and a source that reads both. One at a time.
class FakeNvmlMachine {
 public:
  FakeNvmlMachine() { setenv("FLEETMETER_FAKE_NVML", folder_.PathOf("script").c_str(), 1); }
  ~FakeNvmlMachine() { unsetenv("FLEETMETER_FAKE_NVML"); }
  FakeNvmlMachine(const FakeNvmlMachine&) = delete;
  FakeNvmlMachine& operator=(const FakeNvmlMachine&) = delete;

  void Say(const std::string& script) const { folder_.Write("script", script); }
  const TempFolder& folder() const { return folder_; }

  void AddProcess(int64_t pid, const std::string& command, const std::string& cgroup) const {
    const std::string place = "proc/" + std::to_string(pid);
    folder_.Write(place + "/comm", command + "\n");
    folder_.Write(place + "/cgroup", cgroup + "\n");
  }

  // `keys` are lines of the configuration.
  std::unique_ptr<LiveSource> Source(const std::string& keys = "",
                                     const std::string& library = FLEETMETER_FAKE_NVML_LIBRARY) {
    folder_.Write("proc/none", "");
    auto file = YamlFile::Parse(
        "test.yaml", "library: " + library + "\nproc: " + folder_.PathOf("proc") + "\n" + keys);
    EXPECT_TRUE(file.ok()) << file.status();
    SourceContext context;
    context.name = "gpus";
    context.host = "node-1";
    std::unique_ptr<LiveSource> source;
    {
      YamlMap map((*file)->root());
      source = MakeNvmlSourceType()->Configure(map, context);
    }
    EXPECT_TRUE((*file)->ok()) << (*file)->status();
    return source;
  }

 private:
  const TempFolder folder_;
};

}  // namespace fleetmeter::collector
