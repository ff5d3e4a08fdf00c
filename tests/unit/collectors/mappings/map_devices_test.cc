#include "collectors/mappings/map_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/mappings/mapping_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kNowMillis = 1'800'000'000'000;

Mapping Simple() {
  return MappingOf(
      "version: 1\n"
      "devices: {series: [power, temp], identity: [uuid, gpu], uuid: uuid, index: gpu,\n"
      "          model: model, host: [host]}\n"
      "activity:\n"
      "  - {series: busy, signal: busy, full: 100}\n"
      "  - {series: busy_ratio, signal: busy_ratio, full: 1}\n"
      "productive: [{series: tensor, full: 1}]\n"
      "health:\n"
      "  - {series: health, below: 1, reason: it says so}\n"
      "  - {series: maintenance, equals: 1, means: drained, reason: maintenance}\n"
      "holder: {pod: pod, namespace: namespace, job: job}\n");
}

absl::StatusOr<Observation> MapSimple(const std::string& page) {
  return MapPage(Simple(), page, OptionsOfHost());
}

TEST(MapDevices, LeavesAChipUnmeasuredThatAFamilyLeavesOut) {
  const auto chips =
      ChipsOf(MapSimple("power{gpu=\"0\"} 1\npower{gpu=\"1\"} 1\nbusy{gpu=\"1\"} 50\n"));
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_EQ(chips[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(chips[0].parts[0].signal, "");
  EXPECT_EQ(chips[1].parts[0].activity, 500'000);
}

TEST(MapDevices, DoesNotTakeValuesThatCannotBe) {
  for (const char* value : {"NaN", "+Inf", "-Inf", "101", "-1", "9.2e18"}) {
    const auto seen = MapSimple("busy{gpu=\"0\"} " + std::string(value) + "\nbusy{gpu=\"1\"} 7\n");
    const auto chips = ChipsOf(seen);
    ASSERT_EQ(chips.size(), 2U) << value;
    EXPECT_EQ(chips[0].parts[0].activity, std::nullopt) << value;
    EXPECT_EQ(chips[1].parts[0].activity, 70'000) << value;
    EXPECT_EQ(seen->counts.readings.unmeasured, 1) << value;
  }
}

TEST(MapDevices, TakesTheNextSignalUnderItsOwnName) {
  const auto chips = ChipsOf(
      MapSimple("busy{gpu=\"0\"} NaN\nbusy_ratio{gpu=\"0\"} 0.25\ntensor{gpu=\"0\"} 0.5\n"));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].parts[0].activity, 250'000);
  EXPECT_EQ(chips[0].parts[0].signal, "busy_ratio");
  EXPECT_EQ(chips[0].parts[0].productive, 500'000);
}

TEST(MapDevices, HasNoProductiveWithoutAnActivity) {
  const auto chips = ChipsOf(MapSimple("power{gpu=\"0\"} 1\ntensor{gpu=\"0\"} 0.5\n"));
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].parts[0].productive, std::nullopt);
}

TEST(MapDevices, CountsTwoChipsOfOneUuidAsOneThatIsNotMeasuredIfTheyDiffer) {
  const auto seen = MapSimple("busy{uuid=\"u\",gpu=\"0\"} 10\nbusy{uuid=\"u\",gpu=\"1\"} 90\n");
  const auto chips = ChipsOf(seen);
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(chips[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(seen->counts.duplicate_devices, 1);
  const auto alike = MapSimple("busy{uuid=\"u\",gpu=\"0\"} 9\nbusy{uuid=\"u\",gpu=\"1\"} 9\n");
  EXPECT_EQ(ChipsOf(alike).at(0).parts[0].activity, 90'000);
}

TEST(MapDevices, NamesRowsThatNameNoChipAndGoesOn) {
  const auto seen = MapSimple("busy{gpu=\"0\"} 10\nbusy{card=\"x\"} 90\n");
  EXPECT_EQ(ChipsOf(seen).size(), 1U);
  EXPECT_EQ(seen->counts.bad_lines, 1);
  EXPECT_THAT(seen->remarks, Contains(HasSubstr("line 2: busy{card=\"x\"} names no chip")));
}

TEST(MapDevices, RefusesAPageWithoutItsSeries) {
  const auto seen = MapSimple("up 1\n");
  EXPECT_EQ(seen.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("busy, busy_ratio, health"));
  EXPECT_EQ(MapSimple("").status().code(), absl::StatusCode::kNotFound);
}

TEST(MapDevices, RefusesWhatIsNoPage) {
  const auto seen = MapSimple("<html><body>502 Bad Gateway</body></html>\n");
  EXPECT_EQ(seen.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("line 1"));
}

TEST(MapDevices, GoesOnBehindLinesThatAreGarbled) {
  const auto seen = MapSimple("busy{gpu=\"0\"} 10\nbusy{gpu=\"1 20\nbusy{gpu=\"2\"} 30\n");
  EXPECT_EQ(ChipsOf(seen).size(), 2U);
  EXPECT_EQ(seen->counts.bad_lines, 1);
}

TEST(MapDevices, DoesNotTakeANumberThatIsCutOff) {
  const auto seen = MapSimple("busy{gpu=\"0\"} 50\nbusy{gpu=\"1\"} 9");
  const auto chips = ChipsOf(seen);
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_EQ(chips[0].parts[0].activity, 500'000);
  EXPECT_EQ(chips[1].parts[0].activity, std::nullopt) << "it may have been 90";
  EXPECT_THAT(seen->remarks, Contains(HasSubstr("ends within a line")));
}

TEST(MapDevices, KeepsAChipWhoseSamplesAreStaleAndDoesNotMeasureIt) {
  MapOptions options = OptionsOfHost();
  options.now_unix_millis = kNowMillis;
  const auto at = [](int64_t millis) { return " " + std::to_string(millis) + "\n"; };
  const std::string fresh = "busy{gpu=\"0\"} 10" + at(kNowMillis - 1'000);
  for (const int64_t away : {int64_t{600'000}, int64_t{-600'000}}) {
    const std::string stale = "busy{gpu=\"1\",pod=\"a\"} 20" + at(kNowMillis - away);
    const auto seen = MapPage(Simple(), fresh + stale, options);
    const auto chips = ChipsOf(seen);
    ASSERT_EQ(chips.size(), 2U);
    EXPECT_EQ(chips[0].parts[0].activity, 100'000);
    EXPECT_EQ(chips[1].parts[0].activity, std::nullopt);
    EXPECT_THAT(chips[1].parts[0].holders, IsEmpty());
    EXPECT_THAT(seen->remarks, Contains(HasSubstr("1 of 2 samples are stale, the first by 600 s")));
    const auto all = MapPage(Simple(), stale, options);
    EXPECT_EQ(all.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(all.status().message()),
                HasSubstr(away > 0 ? "behind it" : "ahead of our clock"));
  }
}

TEST(MapDevices, TakesTheWorstOfWhatIsSaidOfItsHealth) {
  const auto chips =
      ChipsOf(MapSimple("health{gpu=\"0\"} 0\nmaintenance{gpu=\"0\"} 1\nhealth{gpu=\"1\"} 1\n"
                        "maintenance{gpu=\"1\"} 1\nhealth{gpu=\"2\"} NaN\nbusy{gpu=\"0\"} 0\n"
                        "busy{gpu=\"1\"} 0\nbusy{gpu=\"2\"} 0\n"));
  ASSERT_EQ(chips.size(), 3U);
  EXPECT_EQ(chips[0].fitness, Fitness::kBroken);
  EXPECT_EQ(chips[0].fitness_reason, "it says so");
  EXPECT_EQ(chips[1].fitness, Fitness::kDrained);
  EXPECT_EQ(chips[2].fitness, Fitness::kUnknown);
}

TEST(MapDevices, KnowsThatChipsAreFreeOnceItHasSeenAHolder) {
  const std::string held = "busy{gpu=\"0\",pod=\"a\"} 1\nbusy{gpu=\"1\",pod=\"\"} 1\n";
  const std::string free = "busy{gpu=\"0\",pod=\"\"} 1\n";
  EXPECT_EQ(ChipsOf(MapSimple(held)).at(1).parts[0].knows_holders, Holders::kKnown);
  EXPECT_EQ(ChipsOf(MapSimple(free)).at(0).parts[0].knows_holders, Holders::kUnknown);
  MapOptions options = OptionsOfHost();
  options.saw_holders = true;
  EXPECT_EQ(ChipsOf(MapPage(Simple(), free, options)).at(0).parts[0].knows_holders,
            Holders::kKnown);
  options.knows_holders = false;
  const auto chips = ChipsOf(MapPage(Simple(), held, options));
  EXPECT_EQ(chips.at(0).parts[0].knows_holders, Holders::kUnknown);
  EXPECT_THAT(chips.at(0).parts[0].holders, IsEmpty());
}

TEST(MapDevices, TakesTheLabelsThatPrometheusRenames) {
  const auto chips = ChipsOf(MapSimple(
      "busy{gpu=\"0\",pod=\"exporter-x\",exported_pod=\"train\",exported_namespace=\"ml\"} 1\n"
      "busy{gpu=\"1\",pod=\"exporter-x\"} 0\n"));
  ASSERT_EQ(chips.size(), 2U);
  EXPECT_THAT(HolderNames(chips[0]), ElementsAre("pod ml/train"));
  EXPECT_THAT(HolderNames(chips[1]), IsEmpty()) << "the exporter's own pod holds nothing";
}

TEST(MapDevices, GivesRulesEveryLabelOfTheHolder) {
  const auto chips = ChipsOf(MapSimple("busy{gpu=\"0\",pod=\"a\",queue_x=\"fast\"} 1\n"));
  ASSERT_EQ(chips.size(), 1U);
  const Attributes& attributes = chips[0].parts[0].holders.at(0).attributes;
  EXPECT_THAT(attributes.Texts("pod"), ElementsAre("a"));
  EXPECT_THAT(attributes.Texts("label.queue_x"), ElementsAre("fast"));
}

TEST(MapDevices, PutsChipsOnTheHostsThatRowsName) {
  const auto seen = MapSimple(
      "busy{gpu=\"0\",host=\"b:9400\"} 1\nbusy{gpu=\"0\",host=\"[::1]:1\"} 2\n"
      "busy{gpu=\"0\",host=\"fe80::7\"} 2\nbusy{gpu=\"0\"} 3\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  std::vector<std::string> hosts;
  for (const HostReading& host : seen->hosts) hosts.push_back(host.host);
  EXPECT_THAT(hosts, ElementsAre("b", "[::1]", "fe80::7", "node-1"));
}

TEST(MapDevices, TakesNoHostThatWouldSpoilAReport) {
  const std::string name(200, 'x');
  const auto seen = MapSimple("busy{gpu=\"0\",host=\"" + name + "\"} 1\nbusy{gpu=\"1\"} 1\n");
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->hosts.size(), 1U);
  EXPECT_EQ(seen->counts.bad_lines, 1);
}

TEST(MapDevices, TakesTheMeanOfPartsThatAreAlikeAndNoneIfOneIsMissing) {
  const Mapping mapping = MappingOf(
      "version: 1\ndevices: {series: p, identity: id}\n"
      "activity: [{series: busy, signal: busy, full: 1, mean_over: tile, where: {kind: "
      "[comp*]}}]\n");
  const std::string tile0 = "busy{id=\"0\",tile=\"0\",kind=\"compute\"} 1\n";
  EXPECT_EQ(ChipsOf(MapPage(mapping, tile0 + "busy{id=\"0\",tile=\"1\",kind=\"compute\"} 0\n"
                                             "busy{id=\"0\",tile=\"2\",kind=\"media\"} 1\n"))
                .at(0)
                .parts[0]
                .activity,
            500'000);
  EXPECT_EQ(ChipsOf(MapPage(mapping, tile0 + "busy{id=\"0\",tile=\"1\",kind=\"compute\"} NaN\n"))
                .at(0)
                .parts[0]
                .activity,
            std::nullopt);
}

TEST(MapDevices, RefusesMoreChipsThanAllowed) {
  MapOptions options = OptionsOfHost();
  options.max_chips = 2;
  std::string page = "busy{gpu=\"0\"} 1\nbusy{gpu=\"1\"} 1\nbusy{gpu=\"1\"} 1\n";
  EXPECT_EQ(ChipsOf(MapPage(Simple(), page, options)).size(), 2U);
  page += "busy{gpu=\"2\"} 1\n";
  EXPECT_EQ(MapPage(Simple(), page, options).status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace fleetmeter::collector
