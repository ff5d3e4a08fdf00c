// The type `dcgm`: from the entry of a configuration over a real connection to what it sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "collectors/device/chip_kinds.h"
#include "collectors/live/source_type.h"
#include "tests/support/canned_server.h"

namespace fleetmeter::collector {

std::unique_ptr<SourceType> MakeDcgmSourceType();  // in live_sources.list

namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kText[] = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";

std::filesystem::path DcgmSourceTree() {
  const char* folder = std::getenv("FLEETMETER_SOURCE_DIR");
  return folder == nullptr ? "." : folder;
}

std::string DcgmFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string DcgmSample(const std::string& name) {
  return DcgmFile(DcgmSourceTree() / "tests/data/dcgm" / name);
}

// Makes the source that an entry configures. Null, and what is wrong, if it is refused.
std::unique_ptr<LiveSource> ConfigureDcgm(const std::string& entry, std::string* wrong = nullptr) {
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
                                   const std::string& headers = kText) {
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
    EXPECT_THAT(last_.hosts, SizeIs(1));
    return last_.hosts.empty() ? HostReading() : last_.hosts.front();
  }

  DeviceReading Only(const std::string& page, const std::string& settings = "") {
    const HostReading host = Host(page, settings);
    EXPECT_THAT(host.devices, SizeIs(1));
    return host.devices.empty() ? DeviceReading() : host.devices.front();
  }

  absl::StatusCode CodeOf(const std::string& page, const std::string& headers = kText) {
    const auto observation = Look(page, "", headers);
    EXPECT_FALSE(observation.ok());
    if (observation.ok()) return absl::StatusCode::kOk;
    EXPECT_THAT(std::string(observation.status().message()), HasSubstr("expected"));
    return observation.status().code();
  }

  CannedServer server_{{}};
  std::string settings_;
  std::unique_ptr<LiveSource> source_;
  Observation last_;
};

// A line of GPU 0 of node-1.
std::string Gpu0(const std::string& family, const std::string& value,
                 const std::string& labels = "") {
  return family + R"({gpu="0",UUID="GPU-0",modelName="NVIDIA H200",Hostname="node-1")" +
         (labels.empty() ? "" : "," + labels) + "} " + value + "\n";
}

std::string Active(const std::string& value, const std::string& labels = "") {
  return Gpu0("DCGM_FI_PROF_GR_ENGINE_ACTIVE", value, labels);
}

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

TEST_F(DcgmSource, WeighsMigInstancesBySlices) {
  const DeviceReading chip = Only(DcgmSample("mig.prom"));
  ASSERT_THAT(chip.parts, SizeIs(3));
  EXPECT_EQ(chip.parts[0].id, "2");
  EXPECT_EQ(chip.parts[0].share, 428'571);  // 3/7
  EXPECT_EQ(chip.parts[0].activity, 800'000);
  EXPECT_EQ(chip.parts[0].productive, 300'000);
  EXPECT_EQ(chip.parts[0].holders.at(0).name, "pod search/rank-0");
  EXPECT_EQ(chip.parts[1].id, "5");
  EXPECT_EQ(chip.parts[1].share, 285'715);  // 5/7 - 3/7
  EXPECT_EQ(chip.parts[1].activity, 0);
  EXPECT_THAT(chip.parts[1].holders, IsEmpty());
  EXPECT_EQ(chip.parts[2].id, "11");
  EXPECT_EQ(chip.parts[2].share, 142'857);  // 6/7 - 5/7; the last seventh is nobody's
  EXPECT_EQ(chip.parts[2].activity, kOne) << "1.29 of an instance is clamped";
  EXPECT_EQ(last_.counts.readings.clamped, 1);
}

std::string Instance(int id, const std::string& profile, const std::string& value = "0.5",
                     const std::string& model = "NVIDIA H200") {
  return "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-0\",modelName=\"" + model +
         "\",GPU_I_PROFILE=\"" + profile + "\",GPU_I_ID=\"" + std::to_string(id) + "\"} " + value +
         "\n";
}

TEST_F(DcgmSource, MakesAWholeChipOfSevenSevenths) {
  std::string page;
  for (int id = 7; id < 14; ++id) page += Instance(id, "1g.18gb");
  Micro sum = 0;
  const DeviceReading chip = Only(page);
  for (const DevicePart& part : chip.parts) sum += part.share;
  EXPECT_THAT(chip.parts, SizeIs(7));
  EXPECT_EQ(sum, kOne);
  EXPECT_EQ(chip.parts[0].id, "7") << "by number, and not by text";
  EXPECT_EQ(chip.parts[6].id, "13");
}

TEST_F(DcgmSource, DividesEachModelByItsOwnSlices) {
  const auto share_of = [&](const std::string& profile, const std::string& model) {
    const DeviceReading chip = Only(Instance(1, profile, "0.5", model));
    return chip.parts.at(0).activity ? chip.parts.at(0).share : 0;
  };
  EXPECT_EQ(share_of("1g.24gb", "NVIDIA RTX PRO 6000 Blackwell Server Edition"), kOne / 4);
  EXPECT_EQ(share_of("2g.12gb", "NVIDIA A30"), kOne / 2);
  EXPECT_EQ(share_of("1c.3g.40gb", "NVIDIA A100-SXM4-80GB"), 428'571);
  EXPECT_EQ(share_of("1g.10gb+me", "NVIDIA H100 80GB HBM3"), 142'857);
  EXPECT_EQ(share_of("4g.24gb", "A model of tomorrow"), kOne) << "only chips of 4 have it";
  EXPECT_EQ(share_of("1g.24gb", "A model of tomorrow"), 0) << "a guess";
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("not measured")));
}

TEST_F(DcgmSource, DoesNotMeasureAChipWithMoreInstancesThanItHas) {
  const DeviceReading chip = Only(Instance(1, "4g.71gb") + Instance(2, "4g.71gb"));
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
  EXPECT_EQ(chip.parts[0].share, kOne);
}

TEST_F(DcgmSource, NeverTakesTheUtilizationOfAnInstance) {
  const DeviceReading chip =
      Only(Gpu0("DCGM_FI_DEV_GPU_UTIL", "90") +
           Gpu0("DCGM_FI_DEV_GPU_UTIL", "0", R"(GPU_I_PROFILE="1g.18gb",GPU_I_ID="7")"));
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_EQ(chip.parts[0].id, "7");
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
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

TEST_F(DcgmSource, TakesEveryBlankForNoValue) {
  for (const char* blank :
       {"9223372036854775792", "9223372036854775794", "9.223372036854776e+18", "2147483632",
        "2147483634", "140737488355328", "140737488355330.000000"}) {
    const DeviceReading chip = Only(Active(blank) + Gpu0("DCGM_FI_DEV_GPU_UTIL", "20"));
    EXPECT_EQ(chip.parts[0].activity, 200'000) << blank;
    EXPECT_EQ(chip.parts[0].signal, "gpu_util") << blank;
    EXPECT_EQ(last_.counts.readings.unmeasured, 0) << blank;
    EXPECT_EQ(Only(Active(blank)).parts[0].activity, std::nullopt) << blank;
  }
}

TEST_F(DcgmSource, DoesNotMeasureAGpuWhoseValueCannotBe) {
  for (const char* value : {"NaN", "+Inf", "-Inf", "1.5", "-0.2", "1e300"}) {
    const HostReading host =
        Host(Active(value) + Gpu0("DCGM_FI_DEV_GPU_UTIL", "20") +
             "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"1\",UUID=\"GPU-1\",Hostname=\"node-1\"} 0.5\n");
    ASSERT_THAT(host.devices, SizeIs(2)) << value;
    EXPECT_EQ(host.devices[0].parts[0].activity, std::nullopt) << value;
    EXPECT_EQ(host.devices[1].parts[0].activity, 500'000) << value;
    EXPECT_EQ(last_.counts.readings.unmeasured, 1) << value;
  }
  for (const char* value : {"101", "-1", "NaN", "Inf"}) {
    EXPECT_EQ(Only(Gpu0("DCGM_FI_DEV_GPU_UTIL", value)).parts[0].activity, std::nullopt) << value;
  }
  EXPECT_EQ(Only(Instance(1, "1g.18gb", "1.6")).parts[0].activity, std::nullopt);
  EXPECT_EQ(Only(Instance(1, "1g.18gb", "-0.3")).parts[0].activity, std::nullopt);
}

TEST_F(DcgmSource, MakesOneChipOfTwoGpusOfOneUuid) {
  const auto page = [](const std::string& second) {
    return Active("0.5", R"(pod="a")") +
           "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"1\",UUID=\"GPU-0\",Hostname=\"node-1\",pod=\"b\"}"
           " " +
           second + "\n";
  };
  const DeviceReading differ = Only(page("0.7"));
  EXPECT_EQ(differ.parts[0].activity, std::nullopt);
  EXPECT_THAT(differ.parts[0].holders, SizeIs(2));
  EXPECT_EQ(last_.counts.duplicate_devices, 1);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("GPU-0 is the UUID of several GPUs")));
  EXPECT_EQ(Only(page("0.5")).parts[0].activity, 500'000);
}

TEST_F(DcgmSource, CountsAGpuOfTwoHostsOnce) {
  const DeviceReading chip =
      Only(Active("0.5") +
           "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-0\",Hostname=\"node-2\"} 0.7\n");
  EXPECT_EQ(last_.hosts[0].host, "node-1");
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
  EXPECT_EQ(last_.counts.duplicate_devices, 1);
}

TEST_F(DcgmSource, DoesNotCountALineWithoutUuidAsAnotherGpu) {
  const DeviceReading chip =
      Only(Active("0.5") + "DCGM_FI_DEV_GPU_UTIL{gpu=\"1\",Hostname=\"node-1\"} 3\n");
  EXPECT_EQ(chip.uuid, "GPU-0");
  EXPECT_EQ(last_.counts.bad_lines, 1);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("have no UUID")));
}

TEST_F(DcgmSource, ReadsPagesWithoutAnyUuidByIndex) {
  const HostReading host =
      Host("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} 3\nDCGM_FI_DEV_GPU_UTIL{gpu=\"1\"} 4\n");
  ASSERT_THAT(host.devices, SizeIs(2));
  EXPECT_EQ(host.devices[1].index, 1U);
  EXPECT_EQ(host.devices[1].parts[0].activity, 40'000);
}

TEST_F(DcgmSource, GoesOnBehindLinesThatItCannotRead) {
  const DeviceReading chip =
      Only("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\n...\n\x01\xff\x02\n" +
           Active("0.1", R"(GPU_I_PROFILE="1g.18gb")") +
           "DCGM_FI_DEV_GPU_UTIL{gpu=\"9\",UUID=\"GPU 9\"} 1\n" + Active("0.5"));
  EXPECT_EQ(chip.parts[0].activity, 500'000);
  EXPECT_EQ(last_.counts.bad_lines, 5);
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("line 1:")));
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("GPU_I_ID")));
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("printable")));
}

TEST_F(DcgmSource, SkipsLinesThatAreAboutNoGpu) {
  const HostReading host = Host(
      "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL{nvlink=\"1\",gpu=\"7\",UUID=\"GPU-7\"} 1\n"
      "DCGM_FI_DEV_CPU_UTIL_TOTAL{cpu=\"0\",gpu=\"6\"} 1\n"
      "process_start_time_seconds 1\n"
      "other_exporter{gpu=\"5\"} 1\n" +
      Active("0.5"));
  EXPECT_THAT(host.devices, SizeIs(1));
  EXPECT_EQ(last_.counts.bad_lines, 0);
}

TEST_F(DcgmSource, RefusesAPageThatIsCutOff) {
  EXPECT_EQ(CodeOf(Active("0.5") + "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UU"),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Active("0.5") + "# TYPE DCGM_FI_DEV_GP"), absl::StatusCode::kDataLoss);
  server_.Set("/metrics",
              {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + Active("0.5")});
  EXPECT_EQ(source_->Observe({}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DcgmSource, DoesNotReadAValueThatMayGoOn) {
  std::string page = Gpu0("DCGM_FI_DEV_GPU_UTIL", "20") + Active("0.9");
  page.pop_back();
  const DeviceReading chip = Only(page);
  EXPECT_EQ(chip.parts[0].activity, 200'000);
  EXPECT_EQ(last_.counts.bad_lines, 1);
}

TEST_F(DcgmSource, RefusesOpenMetricsWithoutItsEnd) {
  const std::string type = "Content-Type: application/openmetrics-text; version=1.0.0\r\n";
  EXPECT_EQ(CodeOf(Active("0.5"), type), absl::StatusCode::kDataLoss);
  for (const char* end : {"# EOF\n", "# EOF"}) {
    const auto whole = Look(Active("0.5") + end, "", type);
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(whole->hosts.at(0).devices.at(0).parts[0].activity, 500'000);
    EXPECT_EQ(whole->counts.bad_lines, 0);
  }
}

TEST_F(DcgmSource, RefusesPagesWithoutAGpu) {
  EXPECT_EQ(CodeOf(""), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf("# HELP up x\n"), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf("up 1\n"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf("<html>\n"), absl::StatusCode::kInvalidArgument);
}

TEST_F(DcgmSource, RefusesPagesOfAnotherType) {
  for (const char* type : {"text/html", "application/json", "image/png",
                           "application/vnd.google.protobuf; proto=io.prometheus.client"}) {
    EXPECT_EQ(CodeOf(Active("0.5"), "Content-Type: " + std::string(type) + "\r\n"),
              absl::StatusCode::kInvalidArgument)
        << type;
  }
  // As file servers say, or nothing at all.
  for (const char* headers : {"Content-Type: application/octet-stream\r\n", ""}) {
    EXPECT_TRUE(Look(Active("0.5"), "", headers).ok()) << headers;
  }
}

TEST_F(DcgmSource, HandsOnWhatTheServerRefuses) {
  ASSERT_TRUE(Look(Active("0.5")).ok());
  server_.Set("/metrics", Canned("", "", "503 Service Unavailable"));
  EXPECT_EQ(source_->Observe({}).status().code(), absl::StatusCode::kUnavailable);
  server_.Set("/metrics", Canned("", "", "401 Unauthorized"));
  EXPECT_EQ(source_->Observe({}).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(Look(Active("0.5")).ok()) << "an error is for one look";
}

TEST_F(DcgmSource, StopsAtItsLimitOfBytes) {
  std::string page;
  while (page.size() < 4'096) page += Active("0.5");
  EXPECT_EQ(Look(page, "max_body: 2KiB\n").status().code(), absl::StatusCode::kResourceExhausted);
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

// What data/README.md says of the files.
class DcgmFixtures : public DcgmSource {
 protected:
  void SetUp() override {
    folder_ = DcgmSourceTree().parent_path() / "shared/data/fixtures/dcgm-exporter";
    if (!std::filesystem::exists(folder_)) {
      GTEST_SKIP() << "no shared/data beside the checkout: the samples are not on this machine";
    }
  }

  std::filesystem::path folder_;
};

TEST_F(DcgmFixtures, ReadsOneT4OfEachOfTwoLabelSets) {
  auto observation = Look(DcgmFile(folder_ / "datadog_tesla_t4.prom"));
  ASSERT_TRUE(observation.ok()) << observation.status();
  ASSERT_THAT(observation->hosts, SizeIs(2));
  EXPECT_EQ(observation->hosts[0].host, "424773df46e0");
  const DeviceReading& measured = observation->hosts[0].devices.at(0);
  EXPECT_EQ(measured.uuid, "GPU-20c56d28-0da5-6d26-a36a-e7af1ce2586e");
  EXPECT_EQ(measured.model, "Tesla T4");
  EXPECT_EQ(measured.parts[0].activity, 0);
  EXPECT_EQ(measured.parts[0].signal, "gpu_util");
  EXPECT_EQ(measured.parts[0].memory, 0);
  EXPECT_EQ(measured.fitness, Fitness::kFit);
  EXPECT_EQ(observation->hosts[1].host, "551bdf382151");
  const DeviceReading& unmeasured = observation->hosts[1].devices.at(0);
  EXPECT_EQ(unmeasured.uuid, "GPU-9ef1b6d0-3643-5dd7-b823-c0ec20dcf2d5");
  EXPECT_EQ(unmeasured.parts[0].activity, std::nullopt);
  EXPECT_EQ(unmeasured.parts[0].memory, 8);
  EXPECT_EQ(ChipKinds().KindOf(unmeasured.model), "t4");
}

TEST_F(DcgmFixtures, ReadsAFreeGpuOfAnUnknownKindAmongLinesOfADocument) {
  const DeviceReading chip = Only(DcgmFile(folder_ / "k8s_labels_gpu_monitoring_tools.prom"));
  EXPECT_EQ(chip.uuid, "GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52");
  EXPECT_EQ(chip.index, 0U);
  EXPECT_EQ(chip.model, "");
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
  EXPECT_EQ(chip.parts[0].knows_holders, Holders::kKnown);
  EXPECT_THAT(chip.parts[0].holders, IsEmpty());
  EXPECT_EQ(last_.counts.bad_lines, 2);
}

TEST_F(DcgmFixtures, ReadsOneChipWithOneInstance) {
  const DeviceReading chip =
      Only(DcgmFile(folder_ / "render_lowercase_hostname_mig_parent_and_instance.prom"));
  EXPECT_EQ(last_.hosts[0].host, "testhost");
  EXPECT_EQ(chip.uuid, "GPU-test-uuid");
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_EQ(chip.parts[0].id, "7");
  EXPECT_EQ(chip.parts[0].share, 142'857);
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
}

TEST_F(DcgmFixtures, CanAllBeRead) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    const auto observation = Look(DcgmFile(file.path()));
    EXPECT_TRUE(observation.ok()) << file.path() << observation.status();
    ++files;
  }
  EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace fleetmeter::collector
