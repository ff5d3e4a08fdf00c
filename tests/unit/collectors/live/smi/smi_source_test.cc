// What command-line tools printed, through the source as it is configured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "collectors/device/chip_kinds.h"
#include "collectors/live/smi/amd_json.h"
#include "collectors/live/smi/nvidia_smi_xml.h"
#include "collectors/live/smi/rocm_text.h"
#include "tests/support/shared_folder.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

absl::StatusOr<Observation> LookAtSmi(const std::string& keys) {
  std::string error;
  const auto source = ConfiguredSource("smi", keys, &error);
  if (source == nullptr) return absl::InvalidArgumentError(error);
  return source->Observe(LookFor());
}

std::vector<DeviceReading> SmiDevices(const std::string& format, const std::string& path,
                                      const std::string& keys = "") {
  const auto seen = LookAtSmi("format: " + format + "\nfile: " + path + "\n" + keys);
  EXPECT_TRUE(seen.ok()) << seen.status();
  return seen.ok() ? seen->hosts.at(0).devices : std::vector<DeviceReading>();
}

std::string SmiSample(const std::string& name) {
  return std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/tests/data/smi/" + name;
}

TEST(NvidiaSmiXml, ReadsMigDevicesAndHealth) {
  const auto devices = SmiDevices("nvidia-smi-xml", SmiSample("mig_h100.xml"));
  ASSERT_THAT(devices, SizeIs(2));
  ASSERT_THAT(devices[0].parts, SizeIs(2));
  EXPECT_EQ(devices[0].parts[0].share, kOne * 3 / 7);
  EXPECT_EQ(devices[0].parts[0].memory, 250'000);
  EXPECT_EQ(devices[0].parts[0].activity, std::nullopt);
  ASSERT_THAT(devices[0].parts[0].holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts[0].holders[0].name, "python3 (4711)");
  EXPECT_EQ(devices[0].parts[1].share, kOne * 2 / 7);
  EXPECT_THAT(devices[0].parts[1].holders, IsEmpty());
  EXPECT_EQ(devices[0].parts[1].knows_holders, Holders::kUnknown);
  EXPECT_EQ(devices[1].index, 1u);
  EXPECT_EQ(devices[1].parts.at(0).activity, 980'000);
  EXPECT_EQ(devices[1].parts.at(0).signal, "gpu_util");
  EXPECT_EQ(devices[1].fitness, Fitness::kBroken);
}

TEST(NvidiaSmiXml, ReadsOldDriversAndLostGpus) {
  const auto devices = SmiDevices("nvidia-smi-xml", SmiSample("driver_418.xml"));
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].parts.at(0).activity, 370'000);
  EXPECT_EQ(devices[0].parts.at(0).memory, 500'000);
  EXPECT_EQ(devices[0].fitness, Fitness::kDrained);
  ASSERT_THAT(devices[0].parts.at(0).holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts.at(0).holders[0].name, "train (99)");
  EXPECT_EQ(devices[1].fitness, Fitness::kBroken);
  EXPECT_EQ(devices[1].model, "");
  EXPECT_EQ(devices[1].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(devices[1].parts.at(0).knows_holders, Holders::kUnknown);
}

TEST(NvidiaSmiXml, IsFreeWithoutProcessWhereThatIsSaid) {
  const auto devices =
      SmiDevices("nvidia-smi-xml", SmiSample("mig_h100.xml"), "free_without_process: true\n");
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[1].parts.at(0).knows_holders, Holders::kKnown);
}

TEST(NvidiaSmiXml, RefusesWhatIsNoLog) {
  std::string deep = "<nvidia_smi_log>";
  for (int i = 0; i < 1'000; ++i) deep += "<a>";
  for (int i = 0; i < 1'000; ++i) deep += "</a>";
  deep += "</nvidia_smi_log>";
  for (const std::string& text : {std::string(), std::string("<a/>"),
                                  std::string("<nvidia_smi_log><gpu><uuid>GPU-1"), deep}) {
    const auto listing = ReadNvidiaSmiXml(text);
    EXPECT_TRUE(absl::IsInvalidArgument(listing.status())) << text.substr(0, 40);
    EXPECT_THAT(std::string(listing.status().message()), HasSubstr("expected"));
  }
}

TEST(NvidiaSmiXml, CountsWhatCannotBe) {
  const TempFolder folder;
  folder.Write("log.xml",
               "<nvidia_smi_log><gpu><uuid>GPU-1</uuid><utilization><gpu_util>140 %</gpu_util>"
               "</utilization></gpu><gpu><utilization><gpu_util>nan %</gpu_util></utilization>"
               "</gpu></nvidia_smi_log>");
  const auto seen = LookAtSmi("format: nvidia-smi-xml\nfile: " + folder.PathOf("log.xml") + "\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->counts.readings.unmeasured, 1);
  for (const auto& device : seen->hosts.at(0).devices) {
    EXPECT_EQ(device.parts.at(0).activity, std::nullopt);
  }
}

std::vector<DeviceReading> SmiDevicesOf(const std::string& format, const std::string& text,
                                        const std::string& keys = "") {
  const TempFolder folder;
  folder.Write("text", text);
  return SmiDevices(format, folder.PathOf("text"), keys);
}

TEST(AmdJson, ReadsNewNamesBehindAWarning) {
  const auto devices = SmiDevices("rocm-smi-json", SmiSample("rocm_new_names.json"));
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].index, 0u);
  EXPECT_EQ(devices[0].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(devices[1].uuid, "0xa1");
  EXPECT_EQ(devices[1].model, "AMD Instinct MI300X");
  EXPECT_EQ(devices[1].parts.at(0).activity, 550'000);
  EXPECT_EQ(devices[1].parts.at(0).signal, "gpu_busy");
  EXPECT_EQ(devices[1].parts.at(0).memory, 250'000);
  EXPECT_EQ(devices[1].parts.at(0).knows_holders, Holders::kUnknown);
}

TEST(AmdJson, JoinsTheAnswersOfAmdSmi) {
  const auto devices =
      SmiDevices("amd-smi-json", SmiSample("amd_smi.json"), "free_without_process: true\n");
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].uuid, "a0ff74a1-0000-1000-8000-000000000000");
  EXPECT_EQ(devices[0].parts.at(0).activity, 400'000);
  EXPECT_EQ(devices[0].parts.at(0).memory, 500'000);
  ASSERT_THAT(devices[0].parts.at(0).holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts.at(0).holders[0].name, "python3 (77)");
  EXPECT_EQ(devices[1].fitness, Fitness::kDrained);
  EXPECT_EQ(devices[1].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(devices[1].parts.at(0).knows_holders, Holders::kKnown);
}

TEST(AmdJson, RefusesTextThatIsCut) {
  for (const char* text : {"", "{\"card0\": {\"GPU use (%)\": \"1", "[]", "{\"a\": 1}"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadRocmSmiJson(text).status())) << text;
  }
  for (const char* text : {"", "[{\"gpu\": 0}", "{\"a\": 1}", "[{\"gpu\": 0}] [{"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadAmdSmiJson(text).status())) << text;
  }
}

TEST(RocmText, ReadsTheTableAndNamesBelowItsRows) {
  const auto devices = SmiDevices("rocm-smi-text", SmiSample("rocm_table.txt"));
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].model, "AMD Instinct MI300X");
  EXPECT_EQ(devices[0].parts.at(0).activity, 750'000);
  EXPECT_EQ(devices[0].parts.at(0).memory, 400'000);
  EXPECT_EQ(devices[1].index, 1u);
  EXPECT_EQ(devices[1].model, "");
  EXPECT_EQ(devices[1].parts.at(0).activity, std::nullopt);
  EXPECT_TRUE(absl::IsInvalidArgument(ReadRocmSmiText("GPU VRAM% GPU%\n0 1% 1").status()));
}

TEST(SmiCsv, ReadsAHeaderAndLeavesOutWhatIsCut) {
  const auto seen = LookAtSmi("format: hl-smi-csv\nfile: " + SmiSample("hl_smi_header.csv") + "\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto& devices = seen->hosts.at(0).devices;
  ASSERT_THAT(devices, SizeIs(3));
  EXPECT_EQ(devices[0].parts.at(0).activity, 250'000);
  EXPECT_EQ(devices[0].parts.at(0).memory, 500'000);
  EXPECT_EQ(devices[0].parts.at(0).signal, "utilization_aip");
  EXPECT_EQ(devices[1].index, 2u);
  EXPECT_EQ(devices[1].parts.at(0).activity, 90'000);
  EXPECT_EQ(devices[2].uuid, "01P4-D");
  EXPECT_EQ(devices[2].parts.at(0).activity, std::nullopt);
  EXPECT_THAT(seen->remarks, SizeIs(2));
}

// A chip that nvidia-smi cannot reach is a sentence among the lines, and is still there.
TEST(SmiCsv, SaysWhatTheToolSaysOfAChipThatIsLost) {
  const TempFolder folder;
  folder.Write("out.csv",
               "index, name, utilization.gpu [%], reset_status.reset_required\n"
               "0, NVIDIA L4, 45 %, Yes\n"
               "Unable to determine the device handle for GPU0000:0B:00.0: GPU is lost.\n");
  const auto seen = LookAtSmi("format: nvidia-smi-csv\nfile: " + folder.PathOf("out.csv") + "\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_THAT(seen->hosts.at(0).devices, SizeIs(1));
  EXPECT_EQ(seen->hosts[0].devices[0].fitness, Fitness::kBroken);
  EXPECT_EQ(seen->hosts[0].listing, Listing::kSome);
  ASSERT_THAT(seen->remarks, SizeIs(1));
  EXPECT_THAT(seen->remarks[0], HasSubstr("GPU is lost"));
}

TEST(SmiCsv, ReadsAHeaderThatNamesNoUuid) {
  const auto devices =
      SmiDevicesOf("nvidia-smi-csv",
                   "pci.bus_id, name, utilization.gpu [%]\n00000000:01:00.0, NVIDIA L4, 7 %\n");
  ASSERT_THAT(devices, SizeIs(1));
  EXPECT_EQ(devices[0].model, "NVIDIA L4");
  EXPECT_EQ(devices[0].parts.at(0).activity, 70'000);
  EXPECT_TRUE(devices[0].anonymous);
}

TEST(SmiSource, RunsACommandAndLooksUpItsProcesses) {
  const TempFolder folder;
  folder.Write("proc/4711/comm", "python3\n");
  folder.Write("proc/4711/cgroup", "0::/system.slice/slurmstepd.scope/job_12/step_0/user/task_0\n");
  const auto seen =
      LookAtSmi("format: nvidia-smi-xml\ncommand: [cat, " + SmiSample("mig_h100.xml") +
                "]\nproc: " + folder.PathOf("proc") + "\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto& devices = seen->hosts.at(0).devices;
  ASSERT_THAT(devices.at(0).parts.at(0).holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts[0].holders[0].name, "job 12");
  EXPECT_EQ(devices[0].parts[1].knows_holders, Holders::kKnown);
}

TEST(SmiSource, RefusesKeysThatAreWrong) {
  for (const auto& [keys, expected] : std::vector<std::pair<std::string, std::string>>{
           {"file: /tmp/x\n", "format"},
           {"format: smi\n", "format"},
           {"format: rocm-smi-json\ncolumns: [a]\n", "columns"},
           {"format: hl-smi-csv\nfree_without_process: true\n", "free_without_process"},
           {"format: rocm-smi-json\nmax_age: 10s\n", "max_age"},
           {"format: rocm-smi-json\nfile: /x\ncommand: [a]\n", "one of the two"}}) {
    EXPECT_THAT(ConfigurationError("smi", keys), HasSubstr(expected)) << keys;
  }
}

TEST(SmiSource, SaysWhatAFileLacks) {
  const TempFolder folder;
  folder.Write("large.csv", std::string(3'000, 'x'));
  const std::string format = "format: hl-smi-csv\nfile: ";
  EXPECT_TRUE(absl::IsNotFound(LookAtSmi(format + folder.PathOf("none") + "\n").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(
      LookAtSmi(format + folder.PathOf("large.csv") + "\nmax_body: 2KiB\n").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(LookAtSmi(format + folder.PathOf("large.csv") + "\n").status()));
}

// Kinds, activity and health as the samples beside the repository state them.
struct SharedSmi {
  std::string format;
  std::string file;
  size_t chips;
  std::string kind;  // empty: the catalog has none
  std::optional<Micro> activity;
  std::string holder;  // empty: none
};

TEST(SmiSource, SaysOfSharedSamplesWhatTheyState) {
  for (const SharedSmi& sample : std::vector<SharedSmi>{
           {"nvidia-smi-xml", "nvidia-smi/a100-sxm4-v12.xml", 1, "a100_80g", std::nullopt, ""},
           {"nvidia-smi-xml", "nvidia-smi/tesla-t4.xml", 1, "t4", 0, "python (5762)"},
           {"nvidia-smi-xml", "nvidia-smi/rtx-3080-v12_processes.xml", 1, "", 0, ""},
           {"rocm-smi-json", "amd/rocm-smi_mi100_rocm571.json", 6, "", 0, ""},
           {"rocm-smi-json", "amd/rocm-smi_mi50_and_system_key.json", 1, "", 0, ""},
           {"hl-smi-csv", "gaudi/hl-smi_query_hl325l.csv", 2, "gaudi3", 0, ""},
           {"rocm-smi-text", "amd/rocm-smi_mi300x_x4_concise.txt", 4, "mi300x", 0, ""}}) {
    SCOPED_TRACE(sample.file);
    const auto path = InSharedFolder("data/fixtures/" + sample.file);
    if (!path) GTEST_SKIP() << "no shared/data/fixtures beside the checkout";
    const auto devices = SmiDevices(sample.format, *path);
    ASSERT_THAT(devices, SizeIs(sample.chips));
    for (const DeviceReading& device : devices) {
      EXPECT_EQ(ChipKinds().KindOf(device.model).value_or(""), sample.kind) << device.model;
      EXPECT_EQ(device.fitness, Fitness::kFit) << device.fitness_reason;
      EXPECT_EQ(device.parts.at(0).activity, sample.activity);
      const auto& holders = device.parts.at(0).holders;
      EXPECT_EQ(holders.empty() ? "" : holders[0].name, sample.holder);
    }
  }
}

TEST(SmiSource, DividesTheSharedA100IntoFourSevenths) {
  const auto path = InSharedFolder("data/fixtures/nvidia-smi/a100-sxm4-v12.xml");
  if (!path) GTEST_SKIP() << "no shared/data/fixtures beside the checkout";
  const auto devices = SmiDevices("nvidia-smi-xml", *path);
  ASSERT_THAT(devices, SizeIs(1));
  ASSERT_THAT(devices[0].parts, SizeIs(4));
  for (const DevicePart& part : devices[0].parts) EXPECT_EQ(part.share, kOne / 7);
}

}  // namespace
}  // namespace fleetmeter::collector
