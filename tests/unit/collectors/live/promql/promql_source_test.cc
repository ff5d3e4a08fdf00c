#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/live/promql/promql_answer.h"
#include "tests/support/canned_server.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/collectors/live/exporter/configured_source.h"
#include "tests/unit/collectors/mappings/mapping_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr char kApi[] = "/api/v1/query";

// [{"metric": {...}, "value": [now - `age`, "..."]}].
std::string ResultOf(const std::string& labels, const std::string& value, double age = 0) {
  const double now = static_cast<double>(LookNow().unix_nanos) / 1e9;
  return fmt::format(R"({{"metric":{{{}}},"value":[{:.3f},"{}"]}})", labels, now - age, value);
}

std::string AnswerOf(const std::string& results, const std::string& more = "") {
  return fmt::format(R"({{"status":"success","data":{{"resultType":"vector","result":[{}]}}{}}})",
                     results, more);
}

std::string DcgmEntry(const CannedServer& server) {
  return "type: promql\n    mapping: dcgm\n    url: " + server.UrlOf("");
}

const std::string kChip0 =
    R"("__name__":"DCGM_FI_PROF_GR_ENGINE_ACTIVE","gpu":"0","UUID":"GPU-0","Hostname":"n-1",)"
    R"("modelName":"NVIDIA H200","instance":"10.0.0.1:9400")";
const std::string kChip1 =
    R"("__name__":"DCGM_FI_PROF_GR_ENGINE_ACTIVE","gpu":"1","UUID":"GPU-1","instance":"n-2:9400")";

TEST(PromqlSource, FindsTheChipsOfAllHosts) {
  const CannedServer server(
      {{kApi, Canned(AnswerOf(ResultOf(kChip0, "0.5") + "," + ResultOf(kChip1, "0")))}});
  const auto source = ConfiguredSource(DcgmEntry(server));
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookNow());
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->hosts.size(), 2U);
  EXPECT_EQ(seen->hosts[0].host, "n-1");
  EXPECT_EQ(seen->hosts[1].host, "n-2") << "its instance, without the port";
  EXPECT_EQ(seen->hosts[0].listing, Listing::kSome);
  EXPECT_EQ(seen->hosts[0].devices.at(0).model, "NVIDIA H200");
  EXPECT_EQ(seen->hosts[0].devices.at(0).parts[0].activity, 500'000);
  EXPECT_EQ(seen->hosts[1].devices.at(0).parts[0].activity, 0);
  EXPECT_THAT(server.requests().at(0), HasSubstr("POST /api/v1/query "));
}

TEST(PromqlSource, MakesAGapSilenceAndNotZero) {
  CannedServer server({{kApi, Canned(AnswerOf(ResultOf(kChip0, "1")))}});
  const auto source = ConfiguredSource(DcgmEntry(server));
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(source->Observe(LookNow()).ok());
  server.Set(kApi, Canned(AnswerOf("")));
  const auto seen = source->Observe(LookNow());
  EXPECT_EQ(seen.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("there is no chip"));
  server.Set(kApi, Canned(AnswerOf(ResultOf(kChip1, "1"))));
  const auto other = source->Observe(LookNow());
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_EQ(other->hosts.size(), 1U) << "the host that is missing is not there";
  EXPECT_EQ(other->hosts[0].host, "n-2");
}

TEST(PromqlSource, SendsTokenAndHeaders) {
  const TempFolder folder;
  const std::string token = folder.Write("token", "secret-7\n");
  const CannedServer server({{"/mimir/api/v1/query", Canned(AnswerOf(ResultOf(kChip0, "1")))}});
  const auto source = ConfiguredSource(
      "type: promql\n    mapping: dcgm\n    url: " + server.UrlOf("/mimir/") +
      "\n    bearer_token_file: " + token + "\n    headers: {X-Scope-OrgID: fleet}");
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookNow());
  EXPECT_TRUE(seen.ok()) << seen.status();
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Bearer secret-7"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("X-Scope-OrgID: fleet"));
}

TEST(PromqlSource, NamesTheSeriesOfAQueryThatHasNone) {
  const CannedServer server(
      {{kApi, Canned(AnswerOf(ResultOf(R"("UUID":"GPU-0","Hostname":"n-1")", "77")))}});
  const std::string entry =
      DcgmEntry(server) + "\n    queries:\n      - query: avg by (UUID) (x)\n";
  const auto without = ConfiguredSource(entry)->Observe(LookNow());
  EXPECT_EQ(without.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("expected the key series"));
  const auto source = ConfiguredSource(entry + "        series: DCGM_FI_DEV_GPU_UTIL");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(ChipsOf(source->Observe(LookNow())).at(0).parts[0].activity, 770'000);
}

TEST(PromqlSource, NamesWarningsAndHistogramsAndRefusesAPartialAnswer) {
  CannedServer server(
      {{kApi, Canned(AnswerOf(ResultOf(kChip0, "1") + R"(,{"metric":{},"histogram":[1,{}]})",
                              R"(,"warnings":["store gone"])"))}});
  const auto source = ConfiguredSource(DcgmEntry(server));
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookNow());
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_THAT(seen->remarks, Contains(HasSubstr("warning \"store gone\"")));
  EXPECT_THAT(seen->remarks, Contains(HasSubstr("1 results have no number")));
  EXPECT_EQ(seen->counts.bad_lines, 1);
  server.Set(kApi, Canned(AnswerOf(ResultOf(kChip0, "1"), R"(,"isPartial":true)")));
  const auto partial = source->Observe(LookNow());
  EXPECT_EQ(partial.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(partial.status().message()), HasSubstr("partial_answers: accept"));
  const auto accepting = ConfiguredSource(DcgmEntry(server) + "\n    partial_answers: accept");
  const auto accepted = accepting->Observe(LookNow());
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_THAT(accepted->remarks, Contains(HasSubstr("the answer is partial")));
}

TEST(PromqlSource, TellsTheServersOwnError) {
  const CannedServer server(
      {{kApi, Canned(R"({"status":"error","errorType":"bad_data","error":"parse error: x"})", "",
                     "400 Bad Request")}});
  const auto seen = ConfiguredSource(DcgmEntry(server))->Observe(LookNow());
  EXPECT_FALSE(seen.ok());
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("parse error: x"));
}

TEST(PromqlSource, TakesAServerWhoseClockIsWrongForNoNews) {
  const CannedServer server({{kApi, Canned(AnswerOf(ResultOf(kChip0, "1", 3'600)))}});
  const auto seen = ConfiguredSource(DcgmEntry(server))->Observe(LookNow());
  EXPECT_EQ(seen.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(seen.status().message()), HasSubstr("clocks that agree"));
}

TEST(PromqlSource, ComplainsAboutItsKeys) {
  const std::string entry = "type: promql\n    mapping: dcgm\n    url: http://127.0.0.1:1";
  EXPECT_EQ(SourceErrorOf(entry + "\n    select: job=\"dcgm\""), "");
  EXPECT_THAT(SourceErrorOf("type: promql\n    mapping: dcgm"), HasSubstr("url"));
  EXPECT_THAT(SourceErrorOf(entry + "/?x=1"), HasSubstr("the address of the server alone"));
  EXPECT_THAT(SourceErrorOf(entry + "\n    queries: [{query: up, series: up}]"),
              HasSubstr("which the mapping does not name"));
  EXPECT_THAT(SourceErrorOf(entry + "\n    queries: [{query: up, serie: up}]"),
              HasSubstr("did you mean series?"));
  EXPECT_THAT(SourceErrorOf(entry + "\n    select: a=\"b\"\n    queries: [{query: up}]"),
              HasSubstr("expected one of the two"));
}

TEST(PromqlAnswer, MustBeAnInstantVector) {
  const std::pair<const char*, const char*> kBad[] = {
      {"", "no JSON object"},
      {"{\"status\":\"success\",\"data\":{\"resultType\":\"vec", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"data":{}})", "no status"},
      {R"({"status":"success"})", "no data"},
      {R"({"status":"success","data":{"resultType":"scalar","result":[1,"1"]}})", "instant vector"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[]}})", "instant vector"},
      {R"({"status":"success","data":{"resultType":"vector","result":{}}})", "no result"},
      {R"({"status":"error","errorType":"timeout","error":"too slow"})", "too slow"},
  };
  for (const auto& [body, part] : kBad) {
    const auto answer = ReadPromqlAnswer(body);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr(part)) << body;
  }
}

TEST(PromqlAnswer, CountsResultsThatAreNone) {
  const auto answer = ReadPromqlAnswer(
      AnswerOf(R"(1,{"metric":{}},{"metric":{"a":1},"value":[1,"1"]},{"metric":{},"value":[1,1]},)"
               R"({"metric":{},"value":["1","1"]},{"metric":{},"value":[1e300,"1"]},)"
               R"({"metric":{},"value":[1,"x"]},{"metric":{},"value":[1.5,"+Inf"]})"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->bad_rows, 7);
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0].timestamp_millis, 1'500);
}

TEST(PromqlForm, EscapesEverythingThatIsNotPlain) {
  EXPECT_EQ(PromqlForm({{"query", "a{b=\"c d\"}+1"}, {"timeout", "5.000"}}),
            "query=a%7Bb%3D%22c%20d%22%7D%2B1&timeout=5.000");
}

TEST(PromqlSelector, AsksForEverySeriesOfTheMapping) {
  const Mapping mapping =
      MappingOf("version: 1\nprefixes: [my_]\ndevices: {series: [a, \"b.c\"], identity: x}\n");
  EXPECT_EQ(SelectorOf(MappedNames(mapping, ""), "job=\"x\""),
            "{__name__=~\"a|b\\\\.c|my_a|my_b\\\\.c\",job=\"x\"}");
}

TEST(PromqlAges, MarkTheRowsThatAnotherQueryCallsOld) {
  const auto row = [](const char* gpu, double value) {
    MappedRow made;
    made.labels = {{"gpu", gpu}};
    made.value = value;
    return made;
  };
  std::vector<MappedRow> rows = {row("0", 1), row("1", 1), row("2", 1)};
  MarkOlderThan(std::chrono::seconds(60), {row("0", 59), row("1", 61)}, rows);
  EXPECT_FALSE(rows[0].stale);
  EXPECT_TRUE(rows[1].stale);
  EXPECT_FALSE(rows[2].stale);
}

}  // namespace
}  // namespace fleetmeter::collector
