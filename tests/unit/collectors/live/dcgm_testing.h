// The type `dcgm` in tests: from the entry of a configuration over a real connection to what it
// sees.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "collectors/live/source_type.h"
#include "tests/support/canned_server.h"

namespace fleetmeter::collector {

std::unique_ptr<SourceType> MakeDcgmSourceType();  // in live_sources.list

inline constexpr char kDcgmText[] = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";

inline std::filesystem::path DcgmSourceTree() {
  const char* folder = std::getenv("FLEETMETER_SOURCE_DIR");
  return folder == nullptr ? "." : folder;
}

inline std::string DcgmFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string DcgmSample(const std::string& name) {
  return DcgmFile(DcgmSourceTree() / "tests/data/dcgm" / name);
}

// Makes the source that an entry configures. Null, and what is wrong, if it is refused.
inline std::unique_ptr<LiveSource> ConfigureDcgm(const std::string& entry,
                                                 std::string* wrong = nullptr) {
  auto file = YamlFile::Parse("collector.yaml", entry);
  EXPECT_TRUE(file.ok()) << file.status();
  std::unique_ptr<LiveSource> source;
  {
    YamlMap map((*file)->root());
    SourceContext context;
    context.name = "gpus";
    context.host = "this-host";
    source = MakeDcgmSourceType()->Configure(map, context);
  }
  if (wrong != nullptr) *wrong = std::string((*file)->status().message());
  return source;
}

class DcgmSource : public testing::Test {
 protected:
  // Serves the page to a source with the settings, which stays the same until other ones come.
  absl::StatusOr<Observation> Look(const std::string& page, const std::string& settings = "",
                                   const std::string& headers = kDcgmText) {
    server_.Set("/metrics", Canned(page, headers));
    if (source_ == nullptr || settings != settings_) {
      settings_ = settings;
      source_ = ConfigureDcgm("url: " + server_.UrlOf("/metrics") + "\n" + settings);
    }
    return source_->Observe({});
  }

  // The only host of a page that is good.
  HostReading Host(const std::string& page, const std::string& settings = "") {
    auto observation = Look(page, settings);
    EXPECT_TRUE(observation.ok()) << observation.status();
    if (!observation.ok()) return {};
    last_ = *std::move(observation);
    EXPECT_THAT(last_.hosts, testing::SizeIs(1));
    return last_.hosts.empty() ? HostReading() : last_.hosts.front();
  }

  DeviceReading Only(const std::string& page, const std::string& settings = "") {
    const HostReading host = Host(page, settings);
    EXPECT_THAT(host.devices, testing::SizeIs(1));
    return host.devices.empty() ? DeviceReading() : host.devices.front();
  }

  absl::StatusCode CodeOf(const std::string& page, const std::string& headers = kDcgmText) {
    const auto observation = Look(page, "", headers);
    EXPECT_FALSE(observation.ok());
    if (observation.ok()) return absl::StatusCode::kOk;
    EXPECT_THAT(std::string(observation.status().message()), testing::HasSubstr("expected"));
    return observation.status().code();
  }

  CannedServer server_{{}};
  std::string settings_;
  std::unique_ptr<LiveSource> source_;
  Observation last_;
};

// A line of GPU 0 of node-1.
inline std::string Gpu0(const std::string& family, const std::string& value,
                        const std::string& labels = "") {
  return family + R"({gpu="0",UUID="GPU-0",modelName="NVIDIA H200",Hostname="node-1")" +
         (labels.empty() ? "" : "," + labels) + "} " + value + "\n";
}

inline std::string Active(const std::string& value, const std::string& labels = "") {
  return Gpu0("DCGM_FI_PROF_GR_ENGINE_ACTIVE", value, labels);
}

// The activity of a MIG instance of GPU 0.
inline std::string Instance(int id, const std::string& profile, const std::string& value = "0.5",
                            const std::string& model = "NVIDIA H200") {
  return "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-0\",modelName=\"" + model +
         "\",GPU_I_PROFILE=\"" + profile + "\",GPU_I_ID=\"" + std::to_string(id) + "\"} " + value +
         "\n";
}

}  // namespace fleetmeter::collector
