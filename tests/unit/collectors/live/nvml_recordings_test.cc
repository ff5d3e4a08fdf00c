// What nvidia-smi printed on real machines, told again by the fake library: the source has to say
// the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "collectors/device/chip_kinds.h"
#include "tests/unit/collectors/live/nvml_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::SizeIs;

std::filesystem::path NvidiaSmiFixtures() {
  const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
  if (source == nullptr) return {};
  const auto folder =
      std::filesystem::path(source).parent_path() / "shared/data/fixtures/nvidia-smi";
  return std::filesystem::exists(folder) ? folder : std::filesystem::path();
}

std::string FileText(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// What stands between the first `begin` at or after `from` and the next `end`.
std::string Between(const std::string& text, const std::string& begin, const std::string& end,
                    size_t from = 0) {
  const size_t at = text.find(begin, from);
  if (at == std::string::npos) return "";
  const size_t start = at + begin.size();
  return text.substr(start, text.find(end, start) - start);
}

std::string Tag(const std::string& text, const std::string& name) {
  return Between(text, "<" + name + ">", "</" + name + ">");
}

std::vector<std::string> Tags(const std::string& text, const std::string& name) {
  std::vector<std::string> all;
  for (size_t at = text.find("<" + name + ">"); at != std::string::npos;
       at = text.find("<" + name + ">", at + 1)) {
    all.push_back(Between(text, "<" + name + ">", "</" + name + ">", at));
  }
  return all;
}

// "1032" of "1032 MiB", and nothing of "N/A".
std::string Digits(const std::string& text) {
  return text.substr(0, text.find_first_not_of("0123456789"));
}

std::string KeyOf(const std::string& key, const std::string& digits) {
  return digits.empty() ? "" : " " + key + "=" + digits;
}

std::string Underscored(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// One slice of MIG on an A100 has 14 multiprocessors.
std::string MigLine(const std::string& mig) {
  const int slices = std::atoi(Digits(Tag(mig, "multiprocessor_count")).c_str()) / 14;
  const std::string memory = Tag(mig, "fb_memory_usage");
  return "mig gpu=0 at=" + Tag(mig, "index") + " uuid=MIG-" + Tag(mig, "gpu_instance_id") +
         " gi=" + Tag(mig, "gpu_instance_id") + " ci=" + Tag(mig, "compute_instance_id") +
         " gpu_slices=" + std::to_string(slices) + " compute_slices=" + std::to_string(slices) +
         KeyOf("used", Digits(Tag(memory, "used"))) + KeyOf("total", Digits(Tag(memory, "total"))) +
         "\n";
}

// Of one <gpu>. Processes of the type G only draw.
std::string ScriptOf(const std::string& gpu) {
  const std::string memory = Tag(gpu, "fb_memory_usage");
  const bool mig = Tag(gpu, "current_mig") == "Enabled";
  std::string script =
      "gpu uuid=" + Tag(gpu, "uuid") + " name=" + Underscored(Tag(gpu, "product_name")) +
      KeyOf("util", Digits(Tag(gpu, "gpu_util"))) + KeyOf("used", Digits(Tag(memory, "used"))) +
      KeyOf("total", Digits(Tag(memory, "total"))) + (mig ? " mig=1 most=7" : "") +
      (Tag(gpu, "pending_retirement") == "No" ? " pages_pending=0" : "") + "\n";
  if (mig) {
    for (const std::string& device : Tags(gpu, "mig_device")) script += MigLine(device);
  }
  for (const std::string& process : Tags(gpu, "process_info")) {
    if (Tag(process, "type") != "C") continue;
    script += "process gpu=0 pid=" + Tag(process, "pid") + "\n";
  }
  return script;
}

DeviceReading ReadScript(const std::string& script) {
  FakeNvmlMachine machine;
  machine.Say(script);
  const auto observation = machine.Source()->Observe(Look());
  EXPECT_TRUE(observation.ok()) << observation.status() << script;
  const bool one = observation.ok() && observation->hosts.at(0).devices.size() == 1;
  EXPECT_TRUE(one) << script;
  return one ? observation->hosts[0].devices[0] : DeviceReading();
}

Micro Part(const std::string& used, const std::string& total) {
  return std::llround(std::stod(used) / std::stod(total) * static_cast<double>(kOne));
}

void ExpectWhole(const std::string& gpu, const DeviceReading& device) {
  ASSERT_THAT(device.parts, SizeIs(1));
  EXPECT_EQ(device.parts[0].activity, std::stoi(Tag(gpu, "gpu_util")) * 10'000);
  const std::string memory = Tag(gpu, "fb_memory_usage");
  EXPECT_EQ(device.parts[0].memory, Part(Tag(memory, "used"), Tag(memory, "total")));
}

TEST(NvmlRecordings, SayWhatNvidiaSmiSays) {
  const std::filesystem::path folder = NvidiaSmiFixtures();
  if (folder.empty()) GTEST_SKIP() << "no shared/data/fixtures beside the checkout";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".xml") continue;
    SCOPED_TRACE(entry.path().filename());
    const std::string text = FileText(entry.path());
    const std::string gpu = Between(text, "<gpu id=", "</gpu>");
    const DeviceReading device = ReadScript(ScriptOf(gpu));
    EXPECT_EQ(device.uuid, Tag(gpu, "uuid"));
    EXPECT_EQ(device.model, Tag(gpu, "product_name"));
    EXPECT_EQ(device.fitness, Fitness::kFit);
    if (Tag(gpu, "current_mig") != "Enabled") {
      ExpectWhole(gpu, device);
      continue;
    }
    ASSERT_THAT(device.parts, SizeIs(Tags(gpu, "mig_device").size()));
    for (const DevicePart& part : device.parts) {
      EXPECT_EQ(part.share, kOne / 7);
      EXPECT_EQ(part.activity, std::nullopt);
      EXPECT_EQ(part.memory, Part("12", "19968"));
    }
  }
}

TEST(NvmlRecordings, NameKindsOfTheCatalog) {
  const std::filesystem::path folder = NvidiaSmiFixtures();
  if (folder.empty()) GTEST_SKIP() << "no shared/data/fixtures beside the checkout";
  const ChipKinds kinds;
  const std::string a100 = FileText(folder / "a100-sxm4-v12.xml");
  EXPECT_EQ(kinds.KindOf(Tag(a100, "product_name")), "a100_80g");
  const std::string t4 = FileText(folder / "tesla-t4.xml");
  EXPECT_EQ(kinds.KindOf(Tag(t4, "product_name")), "t4");
  const std::string rtx = FileText(folder / "rtx-3080-v12_processes.xml");
  EXPECT_EQ(kinds.KindOf(Tag(rtx, "product_name")), std::nullopt);
}

// "0 %" of "    Utilization\n        GPU    : 0 %".
std::string Field(const std::string& text, const std::string& section, const std::string& name) {
  const size_t at = text.find("\n    " + section);
  if (at == std::string::npos) return "";
  const size_t field = text.find(" " + name + " ", at + section.size());
  if (field == std::string::npos) return "";
  return Between(text, ": ", "\n", field);
}

TEST(NvmlRecordings, FollowAnH100FromIdleToLoad) {
  const std::filesystem::path folder = NvidiaSmiFixtures();
  if (folder.empty()) GTEST_SKIP() << "no shared/data/fixtures beside the checkout";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    const std::string text = FileText(entry.path());
    for (const std::string state : {"idle", "load"}) {
      SCOPED_TRACE(entry.path().filename().string() + " " + state);
      const std::string query = text.substr(text.find("# " + state + " :: query (-q)"));
      const std::string used = Digits(Field(query, "FB Memory Usage", "Used"));
      const std::string total = Digits(Field(query, "FB Memory Usage", "Total"));
      const std::string util = Digits(Field(query, "Utilization", "GPU"));
      ASSERT_FALSE(used.empty() || total.empty() || util.empty());
      const DeviceReading device =
          ReadScript("gpu uuid=GPU-0 name=NVIDIA_H100_80GB_HBM3 util=" + util + " used=" + used +
                     " total=" + total + " recovery=0 remap_failed=0 mig=0\n");
      EXPECT_EQ(device.parts.at(0).activity, state == "idle" ? 0 : kOne);
      EXPECT_EQ(device.parts.at(0).memory, Part(used, total));
      EXPECT_EQ(device.fitness, Fitness::kFit);
    }
  }
}

}  // namespace
}  // namespace fleetmeter::collector
