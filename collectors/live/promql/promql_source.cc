// The type `promql`: chips from the HTTP API of a Prometheus server, read as a mapping says
// (collectors/mappings).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "collectors/live/exporter/mapped_source.h"
#include "collectors/live/fetch_settings.h"
#include "collectors/live/promql/promql_answer.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxPromqlQueryBytes = 8'192;
constexpr size_t kMaxPromqlHeaderBytes = 1'024;
constexpr std::chrono::milliseconds kPromqlStaleAfter{120'000};
constexpr double kMillisOfPromqlSecond = 1e3;
constexpr char kPromqlFormType[] = "application/x-www-form-urlencoded";
constexpr char kPromqlInstance[] = "instance";

struct PromqlQuery {
  std::string query;
  std::string series;  // what the mapping calls its rows; empty: as the server does
  std::string age;     // a query for how old they are, in seconds; may be empty
};

class PromqlSource final : public LiveSource {
 public:
  PromqlSource(FetchOptions fetch, std::vector<PromqlQuery> queries, MappedLooks looks,
               bool accept_partial, std::optional<bool> knows_holders)
      : fetch_(std::move(fetch)),
        queries_(std::move(queries)),
        looks_(std::move(looks)),
        accept_partial_(accept_partial),
        knows_holders_(knows_holders) {}

  std::optional<bool> SeesHolders() const override { return knows_holders_; }

  absl::StatusOr<Observation> Observe(const Look& look) override {
    Observation so_far;
    std::vector<MappedRow> rows;
    for (const PromqlQuery& query : queries_) {
      auto answered = Ask(query, look, so_far);
      if (!answered.ok()) return OfQuery(query, answered.status());
      std::move(answered->begin(), answered->end(), std::back_inserter(rows));
    }
    return looks_.Map(std::move(rows), std::move(so_far), look.unix_nanos);
  }

 private:
  static absl::Status OfQuery(const PromqlQuery& query, const absl::Status& status) {
    return {status.code(),
            fmt::format("query {}: {}", AsciiQuoted(query.query), std::string(status.message()))};
  }

  absl::StatusOr<std::vector<MappedRow>> Ask(const PromqlQuery& query, const Look& look,
                                             Observation& so_far) const {
    auto answer = AskOnce(query.query, look, so_far);
    if (!answer.ok()) return answer.status();
    if (!query.age.empty()) {
      const auto ages = AskOnce(query.age, look, so_far);
      if (!ages.ok()) return ages.status();
      MarkOlderThan(looks_.stale_after(), ages->rows, answer->rows);
    }
    return Named(query, std::move(answer->rows));
  }

  absl::StatusOr<PromqlAnswer> AskOnce(const std::string& query, const Look& look,
                                       Observation& so_far) const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        look.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return absl::DeadlineExceededError("is not asked in time; expected fewer or faster queries");
    }
    FetchOptions fetch = fetch_;
    fetch.deadline = std::min(fetch.deadline, left);
    const auto page = Post(fetch, FormOf(query, fetch.deadline), kPromqlFormType);
    if (!page.ok()) return page.status();
    auto answer = ReadPromqlAnswer(page->body);
    if (!answer.ok()) return answer.status();
    if (answer->partial && !accept_partial_) {
      return absl::UnavailableError(
          "is answered in part; expected a whole answer, or partial_answers: accept");
    }
    Remark(query, *answer, so_far);
    return answer;
  }

  std::string FormOf(const std::string& query, std::chrono::milliseconds timeout) const {
    // Without a unit: Prometheus takes no fraction beside one.
    const auto seconds = [](std::chrono::milliseconds time) {
      return fmt::format("{:.3f}", static_cast<double>(time.count()) / kMillisOfPromqlSecond);
    };
    return PromqlForm({{"query", query},
                       {"timeout", seconds(timeout)},
                       {"lookback_delta", seconds(looks_.stale_after())}});
  }

  static void Remark(const std::string& query, const PromqlAnswer& answer, Observation& so_far) {
    const std::string whose = fmt::format("query {}", AsciiQuoted(query));
    for (const std::string& warning : answer.warnings) {
      so_far.remarks.push_back(fmt::format("{}: warning {}", whose, warning));
    }
    if (answer.partial) so_far.remarks.push_back(whose + ": the answer is partial");
    if (answer.bad_rows == 0) return;
    so_far.counts.bad_lines += answer.bad_rows;
    so_far.remarks.push_back(
        fmt::format("{}: {} results have no number; expected plain samples, and no histograms",
                    whose, answer.bad_rows));
  }

  // The rows that the mapping names, under its names.
  absl::StatusOr<std::vector<MappedRow>> Named(const PromqlQuery& query,
                                               std::vector<MappedRow> rows) const {
    std::vector<MappedRow> named;
    for (MappedRow& row : rows) {
      auto name = query.series.empty() ? looks_.names().Find(row.name) : query.series;
      if (!name) continue;
      row.name = *std::move(name);
      named.push_back(std::move(row));
    }
    if (named.empty() && !rows.empty()) {
      return absl::InvalidArgumentError(
          "gives results without the name of a series; expected the key series beside the query");
    }
    return named;
  }

  const FetchOptions fetch_;
  const std::vector<PromqlQuery> queries_;
  MappedLooks looks_;
  const bool accept_partial_;
  const std::optional<bool> knows_holders_;
};

// The address of the API of a server, which may be below a path.
void ToPromqlApi(const YamlValue& entry, FetchOptions& fetch) {
  if (fetch.url.find_first_of("?#") != std::string::npos) {
    entry.Complain("has a url with a query; expected the address of the server alone");
    return;
  }
  while (fetch.url.ends_with('/')) fetch.url.pop_back();
  fetch.url += "/api/v1/query";
}

void ReadPromqlHeaders(const YamlValue& value, FetchOptions& fetch) {
  if (!value.present()) return;
  YamlMap map(value);
  for (const auto& [name, text] : map.Entries()) {
    text.ReadText(kMaxPromqlHeaderBytes, &fetch.headers[name]);
  }
}

PromqlQuery ReadPromqlQuery(const YamlValue& value, const MappedNames& names) {
  PromqlQuery query;
  YamlMap map(value);
  map.Required("query", "a PromQL expression").ReadText(kMaxPromqlQueryBytes, &query.query);
  const YamlValue series = map.Optional("series");
  series.ReadText(kMaxPromqlQueryBytes, &query.series);
  if (!query.series.empty() && names.Find(query.series) != query.series) {
    series.Complain(
        fmt::format("is {}, which the mapping does not name; expected one of its series",
                    Quoted(query.series)));
  }
  map.Optional("age").ReadText(kMaxPromqlQueryBytes, &query.age);
  return query;
}

class PromqlType final : public SourceType {
 public:
  std::string_view name() const override { return "promql"; }
  std::string_view help() const override {
    return "Chips from the HTTP API of a Prometheus server, read as a mapping file says.";
  }
  Vocabulary vocabulary() const override { return MappedHolderVocabulary(); }
  bool sees_holders() const override { return false; }
  bool sees_activity() const override { return true; }

  std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                        const SourceContext& context) const override {
    auto settings = ReadMappedSettings(entry, kPromqlStaleAfter);
    FetchOptions fetch = ReadFetchSettings(entry, context, "");
    if (!fetch.url.empty()) ToPromqlApi(entry.value(), fetch);
    fetch.accept = "application/json";
    ReadPromqlHeaders(entry.Optional("headers"), fetch);
    std::string select;
    entry.Optional("select").ReadText(kMaxPromqlQueryBytes, &select);
    std::string partial = "refuse";
    entry.Optional("partial_answers").ReadChoice({"refuse", "accept"}, &partial);
    const YamlValue list = entry.Optional("queries");
    if (!settings) {
      return nullptr;
    }
    // The server's own name stands in where an exporter names no host.
    settings->mapping.devices.host.emplace_back(kPromqlInstance);
    const auto knows_holders = settings->knows_holders;
    MappedLooks looks(*std::move(settings), "");
    std::vector<PromqlQuery> queries;
    if (list.present()) {
      for (const YamlValue& item : list.Items())
        queries.push_back(ReadPromqlQuery(item, looks.names()));
    } else {
      queries.push_back({SelectorOf(looks.names(), select), "", ""});
    }
    if (list.present() && !select.empty()) {
      list.Complain("stands beside select; expected one of the two");
    }
    if (!entry.value().file()->ok()) return nullptr;
    return std::make_unique<PromqlSource>(std::move(fetch), std::move(queries), std::move(looks),
                                          partial == "accept", knows_holders);
  }
};

}  // namespace

// Named in collectors/live/live_sources.list.
std::unique_ptr<SourceType> MakePromqlSourceType() { return std::make_unique<PromqlType>(); }

}  // namespace fleetmeter::collector
