// The source types exporter and promql from their configuration to an observation, over HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/config/collector_config.h"
#include "daemon/serve/http/gzip.h"
#include "tests/support/canned_server.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/exporter/configured_source.h"
#include "tests/unit/collectors/mappings/mapping_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kPowerPage[] = "gpu_gfx_activity{serial_number=\"S\",gpu_id=\"0\"} 25\n";

TEST(ExporterSource, ReadsAPageOverHttp) {
  const CannedServer server({{"/metrics", Canned(kPowerPage, "Content-Type: text/plain\r\n")}});
  const auto source = ConfiguredSource(
      "type: exporter\n    mapping: amd\n    host: n-7\n    url: " + server.UrlOf("/metrics"));
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookNow());
  const auto chips = ChipsOf(seen);
  ASSERT_EQ(chips.size(), 1U);
  EXPECT_EQ(seen->hosts[0].host, "n-7");
  EXPECT_EQ(seen->hosts[0].listing, Listing::kAll);
  EXPECT_EQ(chips[0].parts[0].activity, 250'000);
}

TEST(ExporterSource, ReadsGzipAndRemembersThatItSawHolders) {
  CannedServer server({});
  server.Set("/", Canned(Gzip("gpu_gfx_activity{gpu_id=\"0\",pod=\"a\"} 25\n"),
                         "Content-Encoding: gzip\r\n"));
  const auto source =
      ConfiguredSource("type: exporter\n    mapping: amd\n    url: " + server.UrlOf("/"));
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(HolderNames(ChipsOf(source->Observe(LookNow())).at(0)).size(), 1U);
  server.Set("/", Canned("gpu_gfx_activity{gpu_id=\"0\",pod=\"\"} 0\n"));
  const auto chips = ChipsOf(source->Observe(LookNow()));
  EXPECT_EQ(chips.at(0).parts[0].knows_holders, Holders::kKnown);
}

TEST(ExporterSource, SaysWhatCameInsteadOfAPage) {
  CannedServer server({});
  const auto source = ConfiguredSource(
      "type: exporter\n    mapping: amd\n    timeout: 300ms\n    max_body: 1KiB\n    url: " +
      server.UrlOf("/metrics"));
  ASSERT_NE(source, nullptr);
  const std::tuple<CannedAnswer, absl::StatusCode, const char*> kAnswers[] = {
      {Canned("<html>", "Content-Type: text/html\r\n"), absl::StatusCode::kInvalidArgument,
       "\"text/html\""},
      {Canned("up 1\n"), absl::StatusCode::kNotFound, "gpu_gfx_activity"},
      {Canned(std::string(5'000, '#')), absl::StatusCode::kResourceExhausted, "expected"},
      {Canned(Gzip(std::string(1 << 20, '\n')), "Content-Encoding: gzip\r\n"),
       absl::StatusCode::kResourceExhausted, "expected"},
      {Canned("", "Location: http://127.0.0.1:1/metrics\r\n", "302 Found"),
       absl::StatusCode::kFailedPrecondition, "redirect"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ngpu_gfx", false},
       absl::StatusCode::kDataLoss,
       "expected"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ngpu_gfx", true},
       absl::StatusCode::kDeadlineExceeded,
       "expected"},
  };
  for (const auto& [answer, code, part] : kAnswers) {
    server.Set("/metrics", answer);
    const auto seen = source->Observe(LookNow());
    EXPECT_EQ(seen.status().code(), code) << seen.status();
    EXPECT_THAT(std::string(seen.status().message()), HasSubstr(part));
  }
}

TEST(ExporterSource, HasAMappingOfItsOwnInTheConfiguration) {
  const CannedServer server({{"/", Canned("busy{id=\"3\"} 0.5\n")}});
  const auto source = ConfiguredSource(
      "type: exporter\n"
      "    mapping:\n"
      "      version: 1\n"
      "      devices: {series: busy, identity: id}\n"
      "      activity: [{series: busy, signal: busy, full: 1}]\n"
      "    url: " +
      server.UrlOf("/"));
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(ChipsOf(source->Observe(LookNow())).at(0).parts[0].activity, 500'000);
}

TEST(ExporterSource, ComplainsAboutItsKeys) {
  EXPECT_THAT(SourceErrorOf("type: exporter"), HasSubstr("mapping"));
  EXPECT_THAT(SourceErrorOf("type: exporter\n    mapping: amdd"), HasSubstr("did you mean amd?"));
  EXPECT_THAT(SourceErrorOf("type: exporter\n    mapping: amdd"), Not(HasSubstr("url")))
      << "a wrong name is one error";
  EXPECT_THAT(SourceErrorOf("type: exporter\n    mapping: amd\n    modell: x"),
              HasSubstr("did you mean model?"));
  EXPECT_THAT(SourceErrorOf("type: exporter\n    mapping: amd\n    url: ftp://x"),
              HasSubstr("url"));
  EXPECT_THAT(SourceErrorOf("type: exporter\n    mapping: amd\n    stale_after: soon"),
              HasSubstr("stale_after"));
  EXPECT_THAT(SourceErrorOf("type: exporter\n    mapping: {version: 1, device: {}}"),
              HasSubstr("did you mean devices?"));
}

TEST(ExporterSource, HasTheUsualPlaceOfTheExporterAndSaysWhetherItSeesHolders) {
  EXPECT_EQ(SourceErrorOf("type: exporter\n    mapping: gaudi\n    model: gaudi3"), "");
  const std::string entry = "type: exporter\n    mapping: gaudi\n    knows_holders: true";
  const auto config = ConfigOf(entry);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->members.at(0).sees_holders);
  EXPECT_FALSE(ConfigOf("type: exporter\n    mapping: gaudi")->members.at(0).sees_holders);
}

}  // namespace
}  // namespace fleetmeter::collector
