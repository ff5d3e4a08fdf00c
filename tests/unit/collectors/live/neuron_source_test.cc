#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "collectors/live/neuron/line_feed.h"
#include "collectors/live/source_type.h"
#include "daemon/base/clock.h"
#include "tests/support/canned_server.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {

std::unique_ptr<SourceType> MakeNeuronSourceType();

namespace {

using testing::HasSubstr;
using testing::SizeIs;

// A runtime on one of the two cores of one chip.
constexpr char kNeuronObject[] =
    R"({"neuron_runtime_data":[{"pid":999999999,"neuron_runtime_tag":"chat","error":"","report":)"
    R"({"neuroncore_counters":{"period":1,"neuroncores_in_use":{"0":{"neuroncore_utilization":50},)"
    R"("1":{"neuroncore_utilization":20}},"error":""}}}],)"
    R"("instance_info":{"instance_type":"inf2.xlarge","error":""},)"
    R"("neuron_hardware_info":{"neuron_device_count":1,"neuroncore_per_device_count":2,)"
    R"("neuron_device_type":"inferentia2","error":""}})";

// Complaints go to `error`.
std::unique_ptr<LiveSource> NeuronOf(const std::string& keys, std::string* error = nullptr) {
  auto file = YamlFile::Parse("test.yaml", keys);
  EXPECT_TRUE(file.ok()) << file.status();
  SourceContext context;
  context.name = "neuron";
  context.host = "node-1";
  std::unique_ptr<LiveSource> source;
  {
    YamlMap map((*file)->root());
    source = MakeNeuronSourceType()->Configure(map, context);
  }
  if (error != nullptr) {
    *error = std::string((*file)->status().message());
  } else {
    EXPECT_TRUE((*file)->ok()) << (*file)->status();
  }
  return source;
}

Look NeuronLookNow(std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  const SystemClock clock;
  Look look;
  look.deadline = std::chrono::steady_clock::now() + patience;
  look.unix_nanos = clock.UnixNanos();
  look.monotonic_nanos = clock.MonotonicNanos();
  return look;
}

void ExpectTheChip(const absl::StatusOr<Observation>& observation) {
  ASSERT_TRUE(observation.ok()) << observation.status();
  ASSERT_THAT(observation->hosts, SizeIs(1));
  EXPECT_EQ(observation->hosts[0].host, "node-1");
  ASSERT_THAT(observation->hosts[0].devices, SizeIs(1));
  const DeviceReading& device = observation->hosts[0].devices[0];
  EXPECT_EQ(device.model, "inferentia2");
  ASSERT_THAT(device.parts, SizeIs(1));
  EXPECT_EQ(device.parts[0].activity, 350'000);
  EXPECT_EQ(device.parts[0].holders.at(0).name, "runtime chat");
}

std::string NeuronScript(const TempFolder& folder, const std::string& body) {
  const std::string path = folder.Write("monitor.sh", "#!/bin/sh\n" + body);
  chmod(path.c_str(), 0700);
  return path;
}

TEST(NeuronSource, ReadsAFile) {
  const TempFolder folder;
  const std::string path = folder.Write("out.json", std::string("{\"cut\n") + kNeuronObject + "\n");
  ExpectTheChip(NeuronOf("file: " + path)->Observe(NeuronLookNow()));
}

TEST(NeuronSource, RefusesAFileThatIsOldOrMissing) {
  const TempFolder folder;
  const std::string path = folder.Write("out.json", kNeuronObject);
  Look look = NeuronLookNow();
  look.unix_nanos += 31 * kSecond;
  const auto source = NeuronOf("file: " + path);
  EXPECT_EQ(source->Observe(look).status().code(), absl::StatusCode::kUnavailable);
  const auto none = NeuronOf("file: " + folder.PathOf("none"));
  EXPECT_EQ(none->Observe(NeuronLookNow()).status().code(), absl::StatusCode::kNotFound);
  const auto no_file = NeuronOf("file: " + folder.path());
  EXPECT_EQ(no_file->Observe(NeuronLookNow()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(NeuronSource, ReadsAPipeAlsoWhenItsWriterChanges) {
  const TempFolder folder;
  const std::string path = folder.PathOf("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto source = NeuronOf("pipe: " + path);
  EXPECT_EQ(source->Observe(NeuronLookNow(std::chrono::milliseconds(1))).status().code(),
            absl::StatusCode::kUnavailable);
  for (int writer = 0; writer < 2; ++writer) {
    std::ofstream(path) << kNeuronObject << "\n" << std::flush;
    ExpectTheChip(source->Observe(NeuronLookNow()));
  }
}

TEST(NeuronSource, RefusesAPlainFileAsAPipe) {
  const TempFolder folder;
  const auto source = NeuronOf("pipe: " + folder.Write("plain", "x"));
  EXPECT_EQ(source->Observe(NeuronLookNow()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(NeuronSource, StartsAMonitorWithAConfigurationAndEndsIt) {
  const TempFolder folder;
  const std::string said = folder.Write("object.json", std::string(kNeuronObject) + "\n");
  const std::string given = folder.PathOf("given");
  const std::string script = NeuronScript(
      folder, "[ \"$1\" = -c ] && cp \"$2\" " + given + "\ncat " + said + "\nexec sleep 600\n");
  {
    const auto source = NeuronOf("command: [" + script + "]");
    ExpectTheChip(source->Observe(NeuronLookNow()));
    ExpectTheChip(source->Observe(NeuronLookNow()));
  }
  std::stringstream config;
  config << std::ifstream(given).rdbuf();
  EXPECT_THAT(config.str(), HasSubstr("neuroncore_counters"));
}

TEST(NeuronSource, SaysHowAMonitorEnded) {
  const TempFolder folder;
  const auto source = NeuronOf("command: [" + NeuronScript(folder, "exit 3\n") + "]");
  const auto ended = source->Observe(NeuronLookNow());
  EXPECT_EQ(ended.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(ended.status().message()), HasSubstr("ended with"));
  // It is not started over and over.
  EXPECT_EQ(source->Observe(NeuronLookNow()).status().code(), absl::StatusCode::kUnavailable);
  const auto none = NeuronOf("command: [" + folder.PathOf("none") + "]");
  EXPECT_EQ(none->Observe(NeuronLookNow()).status().code(), absl::StatusCode::kNotFound);
}

TEST(NeuronSource, ReadsThePrometheusPage) {
  const CannedServer server(
      {{"/metrics",
        Canned("instance_info{instance_type=\"inf2.xlarge\"} 1.0\n"
               "neuroncore_utilization_ratio{neuroncore=\"0\",runtime_tag=\"chat\"} 0.5\n"
               "neuroncore_utilization_ratio{neuroncore=\"1\",runtime_tag=\"chat\"} 0.2\n")},
       {"/cut",
        CannedAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ninstance_info{", false}}});
  ExpectTheChip(NeuronOf("url: " + server.UrlOf("/metrics"))->Observe(NeuronLookNow()));
  EXPECT_EQ(NeuronOf("url: " + server.UrlOf("/cut"))->Observe(NeuronLookNow()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(NeuronSource, RefusesKeysThatContradict) {
  std::string error;
  EXPECT_EQ(NeuronOf("{pipe: /a, file: /b}", &error), nullptr);
  EXPECT_THAT(error, HasSubstr("several places"));
  EXPECT_EQ(NeuronOf("{logical_cores: 3}", &error), nullptr);
  EXPECT_THAT(error, HasSubstr("logical_cores"));
  EXPECT_EQ(NeuronOf("{file: /b, period: 1ms}", &error), nullptr);
  EXPECT_THAT(error, HasSubstr("period"));
}

TEST(LineFeed, DropsLinesThatAreTooLongAndBlankOnes) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  LineFeed feed(ends[0], 10);
  const std::string text = "first\n\n  \n" + std::string(100, 'x') + "\nlast\ncut";
  ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  // The end comes after all lines.
  while (!feed.ended()) std::this_thread::yield();
  const auto line = feed.Latest(std::chrono::steady_clock::now());
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "last");
  EXPECT_EQ(feed.dropped(), 1);
}

// The recorded objects of a trn1.2xlarge: one Trainium of two cores, of which one works.
TEST(NeuronSource, ReadsTheRecordedObjects) {
  const char* source_dir = std::getenv("FLEETMETER_SOURCE_DIR");
  const std::filesystem::path folder =
      std::filesystem::path(source_dir == nullptr ? "" : source_dir).parent_path() /
      "shared/data/fixtures/neuron-monitor";
  if (source_dir == nullptr || !std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no shared/data/fixtures beside the checkout";
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    Look look = NeuronLookNow();
    look.unix_nanos = 0;  // the recording is old
    const auto observation = NeuronOf("file: " + entry.path().string())->Observe(look);
    ASSERT_TRUE(observation.ok()) << entry.path() << observation.status();
    ASSERT_THAT(observation->hosts.at(0).devices, SizeIs(1));
    const DeviceReading& device = observation->hosts[0].devices[0];
    EXPECT_EQ(device.model, "trainium1");
    EXPECT_EQ(device.fitness, Fitness::kFit);
    ASSERT_THAT(device.parts, SizeIs(1));
    EXPECT_EQ(device.parts[0].activity, 6'564);  // half of 1.3128%
    ASSERT_THAT(device.parts[0].holders, SizeIs(1));
    EXPECT_THAT(device.parts[0].holders[0].attributes.Texts("tag"), testing::ElementsAre("16851"));
    EXPECT_EQ(observation->counts.bad_lines, 0);
  }
}

}  // namespace
}  // namespace fleetmeter::collector
