// What the type `dcgm` says of GPUs: activity, holders, health, and its settings.
#include "collectors/device/chip_kinds.h"
#include "tests/unit/collectors/live/dcgm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(DcgmSource, ReadsActivityMemoryHealthAndHolders) {
  const HostReading host = Host(DcgmSample("pods.prom"));
  EXPECT_EQ(host.host, "node-1");
  EXPECT_EQ(host.listing, Listing::kAll);
  ASSERT_THAT(host.devices, SizeIs(4));
  const DeviceReading& first = host.devices[0];
  EXPECT_EQ(first.uuid, "GPU-a0");
  EXPECT_EQ(first.index, 0U);
  EXPECT_EQ(first.model, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(first.fitness, Fitness::kFit) << "XID 31 is an application's";
  const DevicePart& part = first.parts.at(0);
  EXPECT_EQ(part.activity, 915'000);
  EXPECT_EQ(part.signal, "gr_engine_active");
  EXPECT_EQ(part.productive, 420'000);
  EXPECT_EQ(part.memory, 750'000);
  ASSERT_THAT(part.holders, SizeIs(1));
  EXPECT_EQ(part.holders[0].name, "pod ml/train-0");
  const Attributes& who = part.holders[0].attributes;
  EXPECT_THAT(who.Texts("pod"), ElementsAre("train-0"));
  EXPECT_THAT(who.Texts("namespace"), ElementsAre("ml"));
  EXPECT_THAT(who.Texts("container"), ElementsAre("worker"));
  EXPECT_THAT(who.Texts("label.team"), ElementsAre("vision"));
  EXPECT_THAT(who.Texts("label.modelName"), IsEmpty());
  EXPECT_EQ(last_.counts.bad_lines, 0);
}

TEST_F(DcgmSource, KnowsThatAGpuIsFreeOncePodsAreNamed) {
  const HostReading host = Host(DcgmSample("pods.prom"));
  const DevicePart& second = host.devices.at(1).parts.at(0);
  EXPECT_EQ(second.knows_holders, Holders::kKnown);
  EXPECT_THAT(second.holders, IsEmpty());
  EXPECT_EQ(second.activity, 0) << "0 is a measurement";
  EXPECT_EQ(second.signal, "gr_engine_active");
}

TEST_F(DcgmSource, FallsBackToUtilizationUnderItsOwnName) {
  const HostReading host = Host(DcgmSample("pods.prom"));
  const DevicePart& third = host.devices.at(2).parts.at(0);
  EXPECT_EQ(third.activity, 500'000);
  EXPECT_EQ(third.signal, "gpu_util");
  EXPECT_EQ(third.holders.at(0).name, "job 4711");
  EXPECT_THAT(third.holders.at(0).attributes.Texts("hpc_job"), ElementsAre("4711"));
}

TEST_F(DcgmSource, LeavesAGpuWithoutAnyFamilyUnmeasuredAndGoesOn) {
  const HostReading host = Host(DcgmSample("pods.prom"));
  const DeviceReading& last = host.devices.at(3);
  EXPECT_EQ(last.parts.at(0).activity, std::nullopt);
  EXPECT_EQ(last.parts.at(0).signal, "");
  EXPECT_EQ(last.fitness, Fitness::kBroken);
  EXPECT_EQ(last.fitness_reason, "XID 79");
  EXPECT_EQ(last_.counts.readings.unmeasured, 0) << "a blank is no odd reading";
}

TEST_F(DcgmSource, NamesTheKindOfAModelAndNeverGuesses) {
  const std::string line = R"(DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-0",modelName="MODEL"} 1)";
  const auto kind_of = [&](const std::string& model) {
    std::string page = line + "\n";
    page.replace(page.find("MODEL"), 5, model);
    HostReading host = Host(page);
    ChipKinds().Name(host);
    return host.devices.at(0).kind;
  };
  EXPECT_EQ(kind_of("NVIDIA H100 80GB HBM3"), "h100");
  EXPECT_EQ(kind_of("Tesla T4"), "t4");
  EXPECT_EQ(kind_of("NVIDIA H100 Ultra 9"), "");
  EXPECT_EQ(kind_of(""), "");
}

TEST_F(DcgmSource, ReadsTheNamesOfExporter1) {
  const HostReading host = Host(DcgmSample("exporter_1x.prom"));
  EXPECT_EQ(host.host, "this-host");
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[0].uuid, "GPU-o0");
  EXPECT_EQ(host.devices[0].parts[0].activity, 640'000);
  EXPECT_EQ(host.devices[0].parts[0].signal, "gpu_util");
  EXPECT_EQ(host.devices[0].parts[0].holders.at(0).name, "pod batch/old-0");
  EXPECT_EQ(host.devices[1].parts[0].activity, 250'000);
  EXPECT_EQ(host.devices[1].parts[0].signal, "gr_engine_active");
}

TEST_F(DcgmSource, ReadsTheNamesOfDcgm46) {
  const DeviceReading chip =
      Only(Gpu0("DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO", "0.5") +
           Gpu0("DCGM_FI_PROF_TENSOR_UTIL_RATIO", "0.25") +
           Gpu0("DCGM_FI_DEV_FB_USED_RATIO", "0.125") + Gpu0("DCGM_FI_DEV_XID_ERROR", "48"));
  EXPECT_EQ(chip.parts[0].activity, 500'000);
  EXPECT_EQ(chip.parts[0].productive, 250'000);
  EXPECT_EQ(chip.parts[0].memory, 125'000);
  EXPECT_EQ(chip.fitness_reason, "XID 48");
}

TEST_F(DcgmSource, TellsTheUnitOfTheUtilizationRatioByItsValues) {
  const std::string family = "DCGM_FI_DEV_GPU_UTIL_RATIO";
  EXPECT_EQ(Only(Gpu0(family, "0")).parts[0].activity, 0);
  EXPECT_EQ(Only(Gpu0(family, "1")).parts[0].activity, std::nullopt) << "1%, or all of the time";
  EXPECT_EQ(Only(Gpu0(family, "37")).parts[0].activity, 370'000);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("percent")));
  EXPECT_EQ(Only(Gpu0(family, "1")).parts[0].activity, 10'000) << "it remembers";
  EXPECT_EQ(Only(Gpu0(family, "0.370000")).parts[0].activity, 370'000);
  EXPECT_EQ(Only(Gpu0(family, "1")).parts[0].activity, kOne);
  EXPECT_EQ(last_.hosts[0].devices[0].parts[0].signal, "gpu_util");
}

TEST_F(DcgmSource, ReadsWhatAPrometheusPassesOn) {
  auto observation = Look(DcgmSample("through_prometheus.prom"));
  ASSERT_TRUE(observation.ok()) << observation.status();
  ASSERT_THAT(observation->hosts, SizeIs(2));
  const HostReading& first = observation->hosts[0];
  EXPECT_EQ(first.host, "node-3");
  ASSERT_THAT(first.devices, SizeIs(2));
  EXPECT_EQ(first.devices[0].parts[0].holders.at(0).name, "pod ml/train-1");
  EXPECT_THAT(first.devices[0].parts[0].holders, SizeIs(1));
  EXPECT_THAT(first.devices[1].parts[0].holders, IsEmpty()) << "the exporter holds no GPU";
  EXPECT_EQ(observation->hosts[1].host, "node-4");
  EXPECT_EQ(observation->hosts[1].devices.at(0).parts[0].activity, 500'000);
}

TEST_F(DcgmSource, TakesTheExportersOwnPodForNoHolder) {
  const DeviceReading chip = Only(Active("0", R"(namespace="gpus",pod="dcgm-exporter-4fk2s")"));
  EXPECT_THAT(chip.parts[0].holders, IsEmpty());
  EXPECT_EQ(chip.parts[0].knows_holders, Holders::kUnknown);
}

TEST_F(DcgmSource, CountsASharedGpuOnce) {
  const DeviceReading chip = Only(Active("0.5") + Active("0.6", R"(pod="a",namespace="x")") +
                                  Active("0.6", R"(pod="b",namespace="x",vgpu="1")"));
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_THAT(chip.parts[0].holders, SizeIs(2));
  EXPECT_EQ(chip.parts[0].activity, 500'000) << "the line without a pod is the GPU's own";
  EXPECT_EQ(
      Only(Active("0.4", R"(hpc_job="1")") + Active("0.6", R"(hpc_job="2")")).parts[0].activity,
      600'000)
      << "never the sum";
  EXPECT_EQ(last_.counts.duplicate_devices, 0);
}

TEST_F(DcgmSource, DoesNotKnowHoldersUnlessThePageOrASettingSaysSo) {
  EXPECT_EQ(Only(Active("0")).parts[0].knows_holders, Holders::kUnknown);
  EXPECT_EQ(Only(Active("0", R"(pod="",namespace="")")).parts[0].knows_holders, Holders::kKnown);
  EXPECT_EQ(Only(Active("0")).parts[0].knows_holders, Holders::kKnown) << "it remembers";
  EXPECT_EQ(Only(Active("0"), "holders: listed\n").parts[0].knows_holders, Holders::kKnown);
  const DeviceReading ignored = Only(Active("0.5", R"(pod="a")"), "holders: ignored\n");
  EXPECT_EQ(ignored.parts[0].knows_holders, Holders::kUnknown);
  EXPECT_THAT(ignored.parts[0].holders, IsEmpty());
  EXPECT_EQ(ignored.parts[0].activity, 500'000);
}

TEST_F(DcgmSource, TakesTheHostOfThePageOrOfTheConfiguration) {
  EXPECT_EQ(Host(Active("0")).host, "node-1");
  EXPECT_EQ(Host(Active("0"), "hostname: configured\n").host, "this-host");
  const std::string lower = R"(DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-0",hostname="node-9"} 1)";
  EXPECT_EQ(Host(lower + "\n").host, "node-9");
}

TEST_F(DcgmSource, TakesEachOfItsRulesForUnhealthy) {
  const auto fitness = [&](const std::string& line) { return Only(Active("0.5") + line).fitness; };
  const std::string health = R"(health_watch="MEMORY",health_error_code="5")";
  EXPECT_EQ(fitness(""), Fitness::kUnknown);
  EXPECT_EQ(fitness(Gpu0("DCGM_EXP_GPU_HEALTH_STATUS", "0", health)), Fitness::kFit);
  EXPECT_EQ(fitness(Gpu0("DCGM_EXP_GPU_HEALTH_STATUS", "10", health)), Fitness::kFit);
  EXPECT_EQ(fitness(Gpu0("DCGM_EXP_GPU_HEALTH_STATUS", "20", health)), Fitness::kBroken);
  EXPECT_THAT(last_.hosts[0].devices[0].fitness_reason, HasSubstr("\"MEMORY\" \"5\""));
  EXPECT_EQ(fitness(Gpu0("DCGM_FI_DEV_ROW_REMAP_FAILURE", "0")), Fitness::kFit);
  EXPECT_EQ(fitness(Gpu0("DCGM_FI_DEV_ROW_REMAP_FAILURE", "1")), Fitness::kBroken);
  EXPECT_EQ(fitness(Gpu0("DCGM_EXP_XID_ERRORS_COUNT", "2", R"(xid="95")")), Fitness::kBroken);
  EXPECT_EQ(fitness(Gpu0("DCGM_EXP_XID_ERRORS_COUNT", "0", R"(xid="95")")), Fitness::kFit);
  EXPECT_EQ(fitness(Gpu0("DCGM_FI_DEV_XID_ERRORS", "43")), Fitness::kFit);
  EXPECT_EQ(fitness(Gpu0("DCGM_FI_DEV_XID_ERRORS", "9223372036854775794")), Fitness::kUnknown);
  EXPECT_EQ(fitness(Gpu0("DCGM_FI_DEV_XID_ERRORS", "NaN")), Fitness::kUnknown);
}

TEST_F(DcgmSource, TakesItsBrokenXidsFromTheConfiguration) {
  const std::string page = Active("0") + Gpu0("DCGM_FI_DEV_XID_ERRORS", "79");
  EXPECT_EQ(Only(page).fitness, Fitness::kBroken);
  EXPECT_EQ(Only(page, "broken_xids: none\n").fitness, Fitness::kFit);
  EXPECT_EQ(Only(page, "broken_xids: [48]\n").fitness, Fitness::kFit);
  EXPECT_EQ(Only(page, "broken_xids: [48, 79]\n").fitness, Fitness::kBroken);
}

TEST(DcgmSettings, RefusesWhatItDoesNotKnow) {
  for (const char* entry : {"url: ftp://x\n", "hostname: sometimes\n", "holders: yes\n",
                            "broken_xids: [x]\n", "broken_xids: all\n", "broken_xids: [0]\n"}) {
    std::string wrong;
    EXPECT_EQ(ConfigureDcgm(entry, &wrong), nullptr) << entry;
    EXPECT_THAT(wrong, AllOf(HasSubstr("collector.yaml:1"), HasSubstr("expected"))) << entry;
  }
  std::string wrong;
  ConfigureDcgm("hostnames: page\n", &wrong);
  EXPECT_THAT(wrong, HasSubstr("did you mean hostname?"));
}

TEST(DcgmSettings, AsksTheUsualPortUnlessItIsToldOtherwise) {
  std::string wrong;
  EXPECT_NE(ConfigureDcgm("holders: auto\n", &wrong), nullptr);
  EXPECT_EQ(wrong, "");
}

}  // namespace
}  // namespace fleetmeter::collector
