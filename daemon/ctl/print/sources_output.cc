#include "daemon/ctl/print/sources_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kNanosOfSecond = 1'000'000'000;
constexpr int64_t kSecondsOfMinute = 60;
constexpr int64_t kSecondsOfHour = 60 * kSecondsOfMinute;
constexpr int64_t kSecondsOfDay = 24 * kSecondsOfHour;
constexpr size_t kTextColumns = 80;

// Of a source that should be heard and is not. Nothing: it is heard, or nobody expects it.
std::optional<int64_t> SilentSeconds(const v1::Source& source, int64_t now_unix_nanos) {
  const bool awaited =
      source.state() == "silent" || source.state() == "unaccounted" || source.state() == "rejected";
  if (!awaited) return std::nullopt;
  const int64_t since = source.has_silent_since_unix_nanos() ? source.silent_since_unix_nanos()
                                                             : source.counted_to_unix_nanos();
  if (since == 0) return std::nullopt;
  return std::max<int64_t>(0, (now_unix_nanos - since) / kNanosOfSecond);
}

// Nothing is to be done about it. A source of outcomes says nothing of hosts.
bool IsWell(const v1::Source& source) {
  return source.state() == "outcomes" ||
         (source.state() == "live" && source.unlisted_micro_chips() == 0);
}

// "3 d 4 h", "2 h 10 min", "45 s".
std::string AgeText(std::optional<int64_t> seconds) {
  if (!seconds) return kUnknown;
  const int64_t s = *seconds;
  if (s >= kSecondsOfDay) {
    return fmt::format("{} d {} h", s / kSecondsOfDay, s % kSecondsOfDay / kSecondsOfHour);
  }
  if (s >= kSecondsOfHour) {
    return fmt::format("{} h {} min", s / kSecondsOfHour, s % kSecondsOfHour / kSecondsOfMinute);
  }
  return s >= kSecondsOfMinute ? fmt::format("{} min", s / kSecondsOfMinute)
                               : fmt::format("{} s", s);
}

std::map<std::string, int64_t> CountsOfStates(const v1::ListSourcesResponse& response) {
  std::map<std::string, int64_t> counts;
  for (const v1::Source& source : response.sources()) ++counts[source.state()];
  return counts;
}

// "72 sources: 69 live, 2 silent, 1 unaccounted".
std::string CountLine(const v1::ListSourcesResponse& response) {
  std::vector<std::string> parts;
  for (const auto& [state, count] : CountsOfStates(response)) {
    parts.push_back(fmt::format("{} {}", Grouped(std::to_string(count)), Printable(state)));
  }
  const auto total = static_cast<int64_t>(response.total());
  if (total == 0) return "No source has ever reported.\n";
  const bool some = response.sources_size() < total;
  return fmt::format("{}: {}{}\n", CountOf(total, "source"), fmt::join(parts, ", "),
                     some ? fmt::format("; the first {} are listed", response.sources_size()) : "");
}

std::string SilenceTable(const v1::ListSourcesResponse& response, bool all,
                         int64_t now_unix_nanos) {
  Table table({{"SOURCE"},
               {"STATE"},
               {"SILENT FOR", Align::kRight},
               {"COUNTED TO"},
               {"CHIPS", Align::kRight}});
  bool any = false;
  for (const v1::Source& source : response.sources()) {
    if (!all && IsWell(source)) continue;
    any = true;
    table.AddRow(
        {source.source(), source.state(), AgeText(SilentSeconds(source, now_unix_nanos)),
         source.has_counted_to_unix_nanos() ? UtcTime(source.counted_to_unix_nanos()) : kUnknown,
         source.has_micro_chips() ? Grouped(ChipsOfMicro(source.micro_chips())) : kUnknown});
  }
  table.FitInto(kTextColumns);
  std::string text = CountLine(response);
  if (any) text += "\n" + table.Render();
  return text + "\nMore: fleetmeterctl source list, fleetmeterctl rejected.\n";
}

std::string SilenceJson(const v1::ListSourcesResponse& response, bool all, int64_t now_unix_nanos) {
  Json out;
  out["total"] = response.total();
  out["states"] = Json::object();
  for (const auto& [state, count] : CountsOfStates(response)) out["states"][state] = count;
  out["sources"] = Json::array();
  for (const v1::Source& source : response.sources()) {
    if (!all && IsWell(source)) continue;
    Json row = SourceJson(source);
    const auto silent = SilentSeconds(source, now_unix_nanos);
    row["silent_seconds"] = silent ? Json(*silent) : Json(nullptr);
    out["sources"].push_back(std::move(row));
  }
  return Dump(out);
}

std::string SilenceCsv(const v1::ListSourcesResponse& response, bool all, int64_t now_unix_nanos) {
  std::string out = CsvLine({"source", "state", "silent_seconds", "counted_to", "chips"});
  for (const v1::Source& source : response.sources()) {
    if (!all && IsWell(source)) continue;
    const auto silent = SilentSeconds(source, now_unix_nanos);
    out +=
        CsvLine({source.source(), source.state(), silent ? std::to_string(*silent) : "",
                 source.has_counted_to_unix_nanos() ? UtcTime(source.counted_to_unix_nanos()) : "",
                 source.has_micro_chips() ? ChipsOfMicro(source.micro_chips()) : ""});
  }
  return out;
}

// Reports that were rejected for one thing.
struct Rejections {
  int64_t reports = 0;
  const v1::RejectedReport* latest = nullptr;
};

std::string RejectedTable(const v1::ListRejectedResponse& response) {
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, size_t> places;
  std::vector<Rejections> blocks;  // by their latest, since the reports are
  for (const v1::RejectedReport& report : response.reports()) {
    const Key key(report.source(), report.reason(), report.field());
    const auto [place, fresh] = places.emplace(key, blocks.size());
    if (fresh) blocks.push_back({0, &report});
    ++blocks[place->second].reports;
  }
  std::string text;
  for (const Rejections& block : blocks) {
    const v1::RejectedReport& latest = *block.latest;
    text += fmt::format("{}  {}  {}, the latest {}\n", Printable(latest.source()),
                        Printable(latest.reason()), CountOf(block.reports, "report"),
                        UtcTime(latest.rejected_unix_nanos()));
    const std::string where = latest.field().empty() ? "" : latest.field() + ": ";
    text += WrapText(Printable(where + latest.detail()), kTextColumns, "    ");
    text += fmt::format("    sent by {}\n", Printable(latest.identity()));
  }
  std::vector<std::string> counts;
  for (const v1::RejectedCount& count : response.counts()) {
    counts.push_back(
        fmt::format("{} {}", Grouped(std::to_string(count.reports())), Printable(count.reason())));
  }
  if (blocks.empty()) text += "No rejected report is kept that this asks for.\n";
  if (counts.empty()) return text;
  return text + "\n" +
         WrapText(fmt::format("Rejected since the books began: {}.", fmt::join(counts, ", ")),
                  kTextColumns, "");
}

std::string RejectedCsv(const v1::ListRejectedResponse& response) {
  std::string out = CsvLine({"rejected", "source", "identity", "reason", "field", "detail"});
  for (const v1::RejectedReport& report : response.reports()) {
    out += CsvLine({UtcTime(report.rejected_unix_nanos()), report.source(), report.identity(),
                    report.reason(), report.field(), report.detail()});
  }
  return out;
}

}  // namespace

std::string FormatSilence(const v1::ListSourcesResponse& response, bool all, int64_t now_unix_nanos,
                          OutputFormat format) {
  switch (format) {
    case OutputFormat::kJson:
      return SilenceJson(response, all, now_unix_nanos);
    case OutputFormat::kCsv:
      return SilenceCsv(response, all, now_unix_nanos);
    case OutputFormat::kTable:
      break;
  }
  return SilenceTable(response, all, now_unix_nanos);
}

std::string FormatRejected(const v1::ListRejectedResponse& response, OutputFormat format) {
  switch (format) {
    case OutputFormat::kJson:
      return Dump(ToJson(response));
    case OutputFormat::kCsv:
      return RejectedCsv(response);
    case OutputFormat::kTable:
      break;
  }
  return RejectedTable(response);
}

}  // namespace fleetmeter::ctl
