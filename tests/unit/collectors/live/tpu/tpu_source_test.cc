// The type `tpu` against a libtpu over real gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_libtpu.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::optional<Micro>> ActivitiesOf(const absl::StatusOr<Observation>& seen) {
  std::vector<std::optional<Micro>> activities;
  EXPECT_TRUE(seen.ok()) << seen.status();
  if (!seen.ok()) return activities;
  EXPECT_EQ(seen->hosts.at(0).host, "node-1");
  for (const DeviceReading& device : seen->hosts[0].devices) {
    activities.push_back(device.parts.at(0).activity);
  }
  return activities;
}

absl::StatusOr<Observation> ObserveTpus(const std::string& keys, const Look& look = LookFor()) {
  std::string error;
  const auto source = ConfiguredSource("tpu", keys, &error);
  EXPECT_NE(source.get(), nullptr) << error;
  return source == nullptr ? absl::StatusOr<Observation>(absl::InternalError(error))
                           : source->Observe(look);
}

std::string AddressesOf(const std::vector<const FakeLibtpu*>& runtimes) {
  std::string list;
  for (const FakeLibtpu* runtime : runtimes) list += "  - " + runtime->address() + "\n";
  return "addresses:\n" + list;
}

// Where nobody listens: that of a runtime that has ended.
std::string ClosedAddress() { return FakeLibtpu().address(); }

TEST(TpuSource, ReadsDutyCyclesAndMemory) {
  FakeLibtpu libtpu;
  libtpu.SetDoubles(FakeLibtpu::kDuty, {100, 12.5, 0, 33});
  libtpu.SetIntegers(FakeLibtpu::kMemoryTotal, {1'000, 1'000, 1'000, 1'000});
  libtpu.SetIntegers(FakeLibtpu::kMemoryUsed, {500, 0, 1'000, 250});
  const auto seen = ObserveTpus("generation: v6e\nchips: 4\n" + AddressesOf({&libtpu}));
  EXPECT_THAT(ActivitiesOf(seen), ElementsAre(kOne, 125'000, 0, 330'000));
  const DeviceReading& last = seen->hosts[0].devices[3];
  EXPECT_EQ(last.index, 3U);
  EXPECT_EQ(last.model, "TPU v6e");
  EXPECT_EQ(last.parts[0].signal, "duty_cycle");
  EXPECT_EQ(last.parts[0].memory, kOne / 4);
  EXPECT_EQ(last.parts[0].knows_holders, Holders::kUnknown);
}

TEST(TpuSource, LeavesChipsUnmeasuredWhoseRuntimeHasNoSuchMetric) {
  FakeLibtpu libtpu;
  libtpu.SetIntegers(FakeLibtpu::kMemoryTotal, {1'000});
  EXPECT_THAT(ActivitiesOf(ObserveTpus("generation: v5e\n" + AddressesOf({&libtpu}))),
              ElementsAre(std::nullopt));
}

TEST(TpuSource, LeavesChipsUnmeasuredIfAnEmptyMetricIsNotListed) {
  class Empty final : public ::tpu::monitoring::runtime::RuntimeMetricService::Service {
   public:
    grpc::Status GetRuntimeMetric(grpc::ServerContext*,
                                  const ::tpu::monitoring::runtime::MetricRequest*,
                                  ::tpu::monitoring::runtime::MetricResponse*) override {
      return grpc::Status::OK;
    }
    grpc::Status ListSupportedMetrics(
        grpc::ServerContext*, const ::tpu::monitoring::runtime::ListSupportedMetricsRequest*,
        ::tpu::monitoring::runtime::ListSupportedMetricsResponse* response) override {
      response->add_supported_metric()->set_metric_name("another");
      return grpc::Status::OK;
    }
  };
  Empty empty;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&empty);
  const auto server = builder.BuildAndStart();
  EXPECT_THAT(ActivitiesOf(ObserveTpus("generation: v5e\nchips: 1\naddresses: [127.0.0.1:" +
                                       std::to_string(port) + "]")),
              ElementsAre(std::nullopt));
  server->Shutdown(std::chrono::system_clock::now());
}

TEST(TpuSource, TakesChipsWithoutAProgramForIdle) {
  FakeLibtpu libtpu;
  libtpu.SetDoubles(FakeLibtpu::kDuty, {});
  EXPECT_THAT(ActivitiesOf(ObserveTpus("generation: v5e\nchips: 2\n" + AddressesOf({&libtpu}))),
              ElementsAre(0, 0));
  const std::string closed = "generation: v5e\nchips: 2\naddresses: [" + ClosedAddress() + "]\n";
  EXPECT_THAT(ActivitiesOf(ObserveTpus(closed)), ElementsAre(0, 0));
  EXPECT_THAT(ActivitiesOf(ObserveTpus(closed + "without_runtime: unmeasured")),
              ElementsAre(std::nullopt, std::nullopt));
}

TEST(TpuSource, KeepsWhatOthersSayWhileARuntimeHangs) {
  FakeLibtpu hung;
  hung.Hang();
  FakeLibtpu libtpu;
  libtpu.SetDoubles(FakeLibtpu::kDuty, {50});
  const auto seen = ObserveTpus("generation: v5e\nchips: 2\n" + AddressesOf({&hung, &libtpu}),
                                LookFor(std::chrono::seconds(2)));
  EXPECT_THAT(ActivitiesOf(seen), ElementsAre(kOne / 2, std::nullopt));
  EXPECT_THAT(seen->remarks, SizeIs(1));
}

TEST(TpuSource, EndsAtTheDeadlineIfAllHang) {
  FakeLibtpu hung;
  hung.Hang();
  const auto seen = ObserveTpus("generation: v5e\nchips: 2\n" + AddressesOf({&hung}),
                                LookFor(std::chrono::milliseconds(200)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(seen.status())) << seen.status();
}

TEST(TpuSource, RefusesAnAnswerThatIsTooLarge) {
  FakeLibtpu libtpu;
  libtpu.SetDoubles(FakeLibtpu::kDuty, std::vector<double>(400, 1));
  const auto seen = ObserveTpus("generation: v5e\nmax_message: 1KiB\n" + AddressesOf({&libtpu}));
  EXPECT_TRUE(absl::IsResourceExhausted(seen.status())) << seen.status();
}

TEST(TpuSource, TellsWhyARuntimeRefuses) {
  FakeLibtpu libtpu;
  libtpu.Refuse({grpc::StatusCode::INTERNAL, "broken"});
  const auto seen = ObserveTpus("generation: v5e\nchips: 1\n" + AddressesOf({&libtpu}));
  EXPECT_TRUE(absl::IsInternal(seen.status())) << seen.status();
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("broken"));
}

TEST(TpuSource, KnowsGenerationAndChipsByPci) {
  const TempFolder sysfs;
  for (const char* address : {"0000:00:04.0", "0000:00:05.0"}) {
    const std::string folder = std::string("bus/pci/devices/") + address + "/";
    sysfs.Write(folder + "vendor", "0x1ae0\n");
    sysfs.Write(folder + "device", "0x0062\n");
  }
  const std::string keys = "addresses: [" + ClosedAddress() + "]\nsysfs: " + sysfs.path();
  const auto seen = ObserveTpus(keys);
  EXPECT_THAT(ActivitiesOf(seen), ElementsAre(0, 0));
  EXPECT_EQ(seen->hosts[0].devices[0].model, "TPU v5p");
  const TempFolder empty;
  EXPECT_TRUE(absl::IsNotFound(
      ObserveTpus("addresses: [" + ClosedAddress() + "]\nsysfs: " + empty.path()).status()));
}

TEST(TpuSource, ReadsAFileOfTpuInfo) {
  const TempFolder folder;
  const std::string path = folder.Write(
      "tpu-info.txt", "| Chip | Type | Devices | PID |\n| 0 | TPU v6e chip | 1 | 7 |\n");
  EXPECT_THAT(ActivitiesOf(ObserveTpus("file: " + path)), ElementsAre(std::nullopt));
  folder.Write("tpu-info.txt", "nothing\n");
  const auto seen = ObserveTpus("file: " + path);
  EXPECT_TRUE(absl::IsInvalidArgument(seen.status())) << seen.status();
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("tpu-info.txt"));
}

TEST(TpuSettings, AreStrict) {
  EXPECT_THAT(ConfigurationError("tpu", "generation: v9"), HasSubstr("generation"));
  EXPECT_THAT(ConfigurationError("tpu", "addresses: [localhost]"), HasSubstr("localhost:8431"));
  EXPECT_THAT(ConfigurationError("tpu", "addresses: [\"localhost:0\"]"), HasSubstr("no address"));
  EXPECT_THAT(ConfigurationError("tpu", "chips: 0"), HasSubstr("chips"));
  EXPECT_THAT(ConfigurationError("tpu", "file: /x\naddresses: [\"localhost:1\"]"),
              HasSubstr("one of the two"));
  EXPECT_THAT(ConfigurationError("tpu", "adresses: [x]"), HasSubstr("did you mean addresses?"));
}

}  // namespace
}  // namespace fleetmeter::collector
