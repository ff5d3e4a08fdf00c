// The mappings of the package: own samples, samples of real machines, and README's example.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/device/chip_kinds.h"
#include "tests/unit/collectors/mappings/mapping_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(AmdMapping, ReadsPodsJobsHealthAndPartitions) {
  const auto seen = MapPage(ShippedMapping("amd"), DataOf("amd_mi300x.prom"));
  const auto chips = ChipsOf(seen);
  ASSERT_EQ(chips.size(), 4U);
  EXPECT_EQ(seen->hosts[0].host, "amd-1");
  EXPECT_EQ(chips[0].uuid, "u-0");
  EXPECT_EQ(chips[0].index, 0U);
  EXPECT_EQ(ChipKinds().KindOf(chips[0].model), "mi300x");
  EXPECT_EQ(chips[0].parts[0].activity, 850'000);
  EXPECT_EQ(chips[0].parts[0].productive, 300'000);
  EXPECT_EQ(chips[0].parts[0].signal, "gfx_activity");
  EXPECT_EQ(chips[0].fitness, Fitness::kFit);
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod ml/train-0"));
  EXPECT_THAT(chips[1].parts[0].holders, IsEmpty());
  EXPECT_EQ(chips[1].parts[0].knows_holders, Holders::kKnown);
  EXPECT_EQ(chips[1].parts[0].activity, 0);
  EXPECT_EQ(chips[2].fitness, Fitness::kBroken);
  EXPECT_EQ(chips[2].fitness_reason, "gpu_health is 0");
  EXPECT_EQ(chips[2].parts[0].activity, std::nullopt) << "its family is missing";
}

TEST(AmdMapping, CountsAPartitionedChipOnce) {
  const auto chips = ChipsOf(MapPage(ShippedMapping("amd"), DataOf("amd_mi300x.prom")));
  ASSERT_EQ(chips.size(), 4U);
  EXPECT_EQ(chips[3].uuid, "u-3");
  EXPECT_EQ(chips[3].index, 3U);
  EXPECT_EQ(chips[3].parts.size(), 1U);
  EXPECT_EQ(chips[3].parts[0].activity, 400'000) << "that of partition 0, whatever 1 says";
  EXPECT_THAT(HolderNames(chips[3]), ElementsAre("job 41", "job 42"));
}

TEST(AmdMapping, TakesNamesWithThePrefixThatTheExporterMayHave) {
  const auto chips = ChipsOf(MapPage(
      ShippedMapping("amd"), "amd_gpu_gfx_activity{gpu_id=\"0\",serial_number=\"S\"} 12\n"));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].parts[0].activity, 120'000);
}

TEST(GaudiMapping, ReadsUtilizationAndPods) {
  MapOptions options = OptionsOfHost();
  options.model = "gaudi3";
  const auto chips = ChipsOf(MapPage(ShippedMapping("gaudi"), DataOf("gaudi3.prom"), options));
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_EQ(chips[0].uuid, "01P4-A");
  EXPECT_EQ(chips[0].index, 0U);
  EXPECT_EQ(ChipKinds().KindOf(chips[0].model), "gaudi3");
  EXPECT_EQ(chips[0].parts[0].activity, 730'000);
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod train/pre-0"));
  EXPECT_EQ(chips[1].parts[0].activity, std::nullopt);
  EXPECT_THAT(chips[1].parts[0].holders, IsEmpty());
}

TEST(GaudiMapping, ShowsTheLineIfNoLabelNamesTheChip) {
  const auto seen =
      MapPage(ShippedMapping("gaudi"), "habanalabs_utilization{card=\"7\",pod=\"x\"} 5\n");
  EXPECT_EQ(seen.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(seen.status().message()),
              HasSubstr("line 1: habanalabs_utilization{card=\"7\",pod=\"x\"} names no chip; "
                        "expected one of the labels UUID, Serial"));
}

TEST(AscendMapping, ReadsHealthPodsAndAChipWithoutUtilization) {
  const auto chips = ChipsOf(MapPage(ShippedMapping("ascend"), DataOf("ascend_910b.prom")));
  ASSERT_EQ(chips.size(), 3U);
  EXPECT_EQ(chips[0].uuid, "A-0");
  EXPECT_EQ(chips[0].index, 0U);
  EXPECT_EQ(chips[0].model, "910B3");
  EXPECT_EQ(chips[0].fitness, Fitness::kFit);
  EXPECT_EQ(chips[0].parts[0].activity, 0);
  EXPECT_EQ(chips[0].parts[0].signal, "npu_aicore_utilization");
  EXPECT_THAT(chips[0].parts[0].holders, IsEmpty());
  EXPECT_EQ(chips[1].fitness, Fitness::kBroken);
  EXPECT_EQ(chips[1].parts[0].activity, std::nullopt) << "its family is missing";
  EXPECT_EQ(chips[2].parts[0].activity, 870'000);
  EXPECT_THAT(HolderNames(chips[2]), ElementsAre("pod ml/train-0"));
}

TEST(TpuMapping, PrefersTheNodesSeriesAndLeavesOutOtherVendors) {
  const auto seen = MapPage(ShippedMapping("tpu"), DataOf("tpu_v6e.prom"));
  const auto chips = ChipsOf(seen);
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_EQ(seen->hosts[0].listing, Listing::kSome);
  EXPECT_TRUE(chips[0].anonymous);
  EXPECT_EQ(ChipKinds().KindOf(chips[0].model), "tpu_v6e");
  EXPECT_EQ(chips[0].parts[0].activity, 800'000);
  EXPECT_EQ(chips[0].parts[0].productive, 250'000);
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod ml/serve-0"));
  EXPECT_EQ(chips[1].parts[0].activity, std::nullopt);
}

TEST(TpuMapping, TakesAPageWithoutChipsForAHostInNoUse) {
  const auto seen = MapPage(ShippedMapping("tpu"), "go_goroutines 12\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_THAT(seen->hosts, IsEmpty());
}

// Eight ids of a machine that has four chips of two devices each.
std::string Tpu7xPage(const std::string& last_value) {
  std::string page;
  for (int id = 0; id < 8; ++id) {
    const std::string labels = "{make=\"cloud-tpu\",model=\"tpu7x\",accelerator_id=\"77-" +
                               std::to_string(id) + "\",namespace=\"ml\",pod=\"p" +
                               std::to_string(id / 4) + "\"} ";
    page += "duty_cycle" + labels + (id == 7 ? last_value : id % 2 == 0 ? "20" : "40") + "\n";
  }
  return page;
}

TEST(TpuMapping, NeverCountsTheDevicesOfATpu7xAsChipsUntold) {
  const auto seen = MapPage(ShippedMapping("tpu"), Tpu7xPage("40"));
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->hosts.at(0).devices.size(), 8U);
  for (const DeviceReading& device : seen->hosts[0].devices) {
    EXPECT_EQ(ChipKinds().KindOf(device.model), std::nullopt) << device.model;
  }
  EXPECT_THAT(seen->remarks, testing::Contains(testing::HasSubstr("ids_per_chip")));
}

TEST(TpuMapping, PutsTheDevicesOfATpu7xTogetherAsTheConfigurationSays) {
  MapOptions options = OptionsOfHost();
  options.ids_per_chip = 2;
  const auto seen = MapPage(ShippedMapping("tpu"), Tpu7xPage("NaN"), options);
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto& devices = seen->hosts.at(0).devices;
  ASSERT_EQ(devices.size(), 4U);
  EXPECT_EQ(ChipKinds().KindOf(devices[0].model), "tpu_v7");
  EXPECT_EQ(devices[0].parts[0].activity, 300'000);
  EXPECT_EQ(devices[0].parts[0].signal, "duty_cycle");
  ASSERT_EQ(devices[0].parts[0].holders.size(), 1U);
  EXPECT_EQ(devices[3].parts[0].activity, std::nullopt) << "one of its devices is not measured";
  EXPECT_EQ(devices[3].parts[0].signal, "");
  options.ids_per_chip = 1;
  const auto chips = MapPage(ShippedMapping("tpu"), Tpu7xPage("40"), options);
  ASSERT_TRUE(chips.ok()) << chips.status();
  EXPECT_EQ(chips->hosts.at(0).devices.size(), 8U);
  EXPECT_EQ(ChipKinds().KindOf(chips->hosts[0].devices[0].model), "tpu_v7");
}

TEST(AmdMapping, DoesNotMeasureAChipOfWhichOneSeriesHasTwoValues) {
  const std::string labels = "{gpu_id=\"0\",serial_number=\"S\",card_series=\"MI300X\"} ";
  const auto seen = MapPage(ShippedMapping("amd"),
                            "gpu_gfx_activity" + labels + "40\ngpu_gfx_activity" + labels + "60\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->hosts.at(0).devices.size(), 1U);
  EXPECT_EQ(seen->hosts[0].devices[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(seen->counts.duplicate_devices, 1);
  EXPECT_EQ(seen->counts.readings.unmeasured, 1);
}

TEST(NvidiaGpuExporterMapping, ReadsIndexesHealthAndProcesses) {
  const auto chips =
      ChipsOf(MapPage(ShippedMapping("nvidia_gpu_exporter"), DataOf("nvidia_two.prom")));
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_EQ(chips[0].index, 4U);
  EXPECT_EQ(chips[0].parts[0].activity, 370'000);
  EXPECT_EQ(chips[0].parts[0].signal, "gpu_util");
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("process python3"));
  EXPECT_EQ(chips[1].fitness, Fitness::kBroken);
  EXPECT_EQ(chips[1].fitness_reason, "the driver asks for a reset");
}

TEST(NvidiaGpuExporterMapping, FailsWhenTheExporterSaysThatItDid) {
  std::string page = DataOf("nvidia_two.prom");
  page.replace(page.find("exit_code 0"), 11, "exit_code 9");
  const auto seen = MapPage(ShippedMapping("nvidia_gpu_exporter"), page);
  EXPECT_EQ(seen.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("is 9: nvidia-smi failed"));
}

TEST(DcgmMapping, CountsAChipOnceThatSeveralPodsShare) {
  const auto chips = ChipsOf(
      MapPage(ShippedMapping("dcgm"),
              "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",modelName=\"Tesla T4\"} 60\n"
              "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",pod=\"a\",namespace=\"x\"} 90\n"
              "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",pod=\"b\",namespace=\"x\"} 60\n"
              "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-1\"} 140737488355328\n"));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].parts[0].activity, 600'000);
  EXPECT_EQ(chips[0].parts[0].signal, "gpu_util") << "a value that says that there is none";
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod x/a", "pod x/b"));
}

TEST(DcgmMapping, DoesNotMeasureAChipByItsInstances) {
  const auto chips = ChipsOf(MapPage(
      ShippedMapping("dcgm"),
      "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-1\",GPU_I_ID=\"7\",pod=\"a\"} 1\n"));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].parts[0].activity, std::nullopt);
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod a"));
}

// The text between a line that begins with `fence` and the next ```, without its indent.
std::string BlockOf(const std::string& text, const std::string& fence) {
  const size_t begin = text.find('\n', text.find(fence)) + 1;
  const std::string block = text.substr(begin, text.find("```", begin) - begin);
  std::string plain;
  for (size_t at = 0; at < block.size();) {
    const size_t end = std::min(block.find('\n', at), block.size());
    const std::string line = block.substr(at, end - at);
    plain += (line.starts_with("   ") ? line.substr(3) : line) + "\n";
    at = end + 1;
  }
  return plain;
}

TEST(AddAVendor, WorksAsTheReadmeSays) {
  const std::string readme = TextOfFile(SourcePath("collectors/mappings/README.md"));
  const std::string section = readme.substr(readme.find("## Add a vendor"));
  const Mapping mapping = MappingOf(BlockOf(section, "```yaml\n"));
  EXPECT_EQ(mapping.title, "Intel XPU Manager");
  const auto chips = ChipsOf(MapPage(mapping, BlockOf(section, "```\n")));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].index, 0U);
  EXPECT_EQ(chips[0].uuid, "01-00");
  EXPECT_EQ(chips[0].model, "Max 1550");
  EXPECT_EQ(chips[0].parts[0].activity, 500'000);
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod a"));
}

// Samples of real machines.

TEST(SharedFixtures, OfAnAmdExporter) {
  const auto page = SharedFixture("amd/device-metrics-exporter_mini.prom");
  if (!page) GTEST_SKIP() << "no shared samples";
  const auto chips = ChipsOf(MapPage(ShippedMapping("amd"), *page));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].uuid, "6699c0a8-4200-4242-037f-f97e6cae0f09");
  EXPECT_EQ(chips[0].parts[0].activity, 0);
  EXPECT_EQ(chips[0].model, "") << "the sample names none, so that its kind is not known";
  EXPECT_EQ(chips[0].parts[0].knows_holders, Holders::kUnknown);
}

TEST(SharedFixtures, OfNvidiaGpuExporter) {
  const auto page = SharedFixture(
      "nvidia_gpu_exporter/linux-x86_64__nvidia-h100-80gb-hbm3__590.48.01__load.metrics");
  if (!page) GTEST_SKIP() << "no shared samples";
  const auto chips = ChipsOf(MapPage(ShippedMapping("nvidia_gpu_exporter"), *page));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].uuid, "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(chips[0].index, 0U);
  EXPECT_EQ(ChipKinds().KindOf(chips[0].model), "h100");
  EXPECT_EQ(chips[0].parts[0].activity, kOne);
  EXPECT_EQ(chips[0].fitness, Fitness::kFit);
  EXPECT_THAT(HolderNames(chips[0]),
              ElementsAre("process /root/tools/memhog", "process ./gpu_burn"));
}

// Output of command-line tools and of model servers is no page of chips, and each is refused.
TEST(SharedFixtures, ThatAreNoPagesOfChipsAreRefused) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"amd", "amd/rocm-smi_mi100_rocm571.json"},
      {"amd", "amd/rocm-smi_mi300x_x4_concise.txt"},
      {"amd", "amd/rocm-smi_mi50_and_system_key.json"},
      {"gaudi", "gaudi/hl-smi_query_hl325l.csv"},
      {"amd", "serving/ray_vllm_70b_fp8_cut.prom"},
      {"amd", "serving/triton_8_models_cut.prom"},
      {"amd", "serving/vllm_two_engines_by_source.prom"},
  };
  for (const auto& [mapping, name] : kRefused) {
    const auto page = SharedFixture(name);
    if (!page) GTEST_SKIP() << "no shared samples";
    const auto seen = MapPage(ShippedMapping(mapping), *page);
    EXPECT_FALSE(seen.ok()) << name;
    EXPECT_THAT(std::string(seen.status().message()), HasSubstr("expected")) << name;
  }
  for (const char* name : {"tpu/tpu-info_v5e_1chip_markdown.txt", "tpu/tpu-info_v6e_static.txt"}) {
    const auto page = SharedFixture(name);
    if (!page) GTEST_SKIP() << "no shared samples";
    EXPECT_EQ(MapPage(ShippedMapping("tpu"), *page).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
