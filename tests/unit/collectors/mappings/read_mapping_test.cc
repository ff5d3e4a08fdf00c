#include "collectors/mappings/read_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/mappings/mapping_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSmallest[] =
    "version: 1\n"
    "devices: {series: chip_power, identity: uuid}\n"
    "activity: [{series: chip_busy, signal: busy, full: 100}]\n";

std::string MappingErrorOf(const std::string& text) {
  const auto mapping = ReadMappingText("my.yaml", text);
  return mapping.ok() ? "" : std::string(mapping.status().message());
}

// What a configuration that names a mapping complains about; empty: nothing.
std::string SettingErrorOf(const std::string& path, const std::string& text,
                           const std::string& folder) {
  auto file = YamlFile::Parse(path, text);
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return "";
  {
    YamlMap root((*file)->root());
    const auto mapping = ReadMappingSetting(root.Optional("mapping"), folder);
    EXPECT_EQ(mapping.has_value() && (*file)->ok(), (*file)->ok());
  }
  return (*file)->ok() ? "" : std::string((*file)->status().message());
}

TEST(ReadMapping, TakesNamesAndListsAlike) {
  const Mapping mapping = MappingOf(kSmallest);
  EXPECT_THAT(mapping.devices.series.names, ElementsAre("chip_power"));
  EXPECT_THAT(mapping.devices.identity, ElementsAre("uuid"));
  EXPECT_THAT(mapping.SeriesNames(), ElementsAre("chip_busy", "chip_power"));
  EXPECT_EQ(mapping.activity.at(0).full, 100);
}

TEST(ReadMapping, NamesUnknownKeysWithLineAndNearestKey) {
  EXPECT_THAT(MappingErrorOf(std::string(kSmallest) + "helth: []\n"),
              HasSubstr("my.yaml:4: helth: unknown key (did you mean health?)"));
  EXPECT_THAT(MappingErrorOf("version: 1\ndevices: {series: a, identity: b, uid: c}\n"),
              HasSubstr("did you mean uuid?"));
  EXPECT_THAT(MappingErrorOf(std::string(kSmallest) + "holder: {pot: pod}\n"),
              HasSubstr("did you mean pod?"));
}

TEST(ReadMapping, TellsAllThatIsWrongTogether) {
  const std::string error = MappingErrorOf(
      "version: 2\n"
      "devices: {series: a, measured_partition: \"0\"}\n"
      "activity: [{series: a, signal: b}, {series: a, signal: b, full: 0}]\n"
      "health: [{series: a, reason: b}, {series: a, above: x, reason: b}]\n");
  for (const char* part :
       {":1: version", "devices.identity", "without its label", "activity[0].full",
        "activity[1].full", "health[0]", "health[1].above"}) {
    EXPECT_THAT(error, HasSubstr(part));
  }
}

TEST(ReadMapping, IsFoundByNameByPathAndInPlace) {
  const TempFolder folder;
  folder.Write("one.yaml", kSmallest);
  const std::string config = folder.PathOf("collector.yaml");
  EXPECT_EQ(SettingErrorOf(config, "mapping: one\n", folder.path()), "");
  EXPECT_EQ(SettingErrorOf(config, "mapping: ./one.yaml\n", "/nowhere"), "");
  EXPECT_EQ(SettingErrorOf(config, "mapping: " + folder.PathOf("one.yaml") + "\n", ""), "");
  EXPECT_EQ(
      SettingErrorOf(config, "mapping: {version: 1, devices: {series: a, identity: b}}\n", ""), "");
}

TEST(ReadMapping, NamesTheMappingsThatThereAre) {
  const TempFolder folder;
  folder.Write("amd.yaml", kSmallest);
  folder.Write("notes.txt", "");
  EXPECT_THAT(SettingErrorOf("c.yaml", "mapping: amf\n", folder.path()),
              HasSubstr("(did you mean amd?); expected one of amd, or a path"));
  EXPECT_THAT(SettingErrorOf("c.yaml", "mapping: amd\n", ""),
              HasSubstr("no mapping in a folder share/fleetmeter/mappings"));
}

TEST(ReadMapping, ShowsWhatIsWrongInTheFileThatItNames) {
  const TempFolder folder;
  folder.Write("bad.yaml", "version: 1\ndevises: {}\n");
  EXPECT_THAT(SettingErrorOf("c.yaml", "mapping: bad\n", folder.path()),
              HasSubstr("bad.yaml:2: devises: unknown key"));
  EXPECT_THAT(SettingErrorOf("/tmp/c.yaml", "mapping: none/there.yaml\n", ""),
              HasSubstr("/tmp/none/there.yaml"));
}

TEST(ReadMapping, FindsThoseOfThePackageAboveTheProgram) {
  const std::string folder = ShippedMappingsFolder();
  EXPECT_THAT(MappingNames(folder),
              ElementsAre("amd", "ascend", "dcgm", "gaudi", "nvidia_gpu_exporter", "tpu"))
      << folder;
}

TEST(ShippedMappings, AreRightAndAreThoseOfTheRepository) {
  for (const std::string& name : MappingNames(SourcePath("collectors/mappings"))) {
    const Mapping mapping = ShippedMapping(name);
    EXPECT_FALSE(mapping.activity.empty()) << name;
    EXPECT_FALSE(mapping.url.empty()) << name;
    EXPECT_EQ(TextOfFile(ShippedMappingsFolder() + "/" + name + ".yaml"),
              TextOfFile(SourcePath("collectors/mappings/" + name + ".yaml")));
  }
}

}  // namespace
}  // namespace fleetmeter::collector
