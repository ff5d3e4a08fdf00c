#include "collectors/try/served_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::ordered_json;

constexpr char kFirstLook[] =
    "the first look says where counters stand; what is served is counted from here on (--looks 2)";
constexpr char kNoRequests[] = "not reported, since its requests are not counted";
constexpr char kNoModel[] = "not reported, since nobody names its model";

std::string CleanServed(const std::string& text) {
  return FindInvalidUtf8(text) || HasControlCharacter(text) ? AsciiQuoted(text) : text;
}

std::string WhyLeftOut(const ServedSegment& segment, const ServedAmounts& amounts) {
  if (segment.model.empty()) return kNoModel;
  return amounts.requests ? "" : kNoRequests;
}

void PutServed(ordered_json& object, const char* key, const std::optional<int64_t>& amount) {
  if (amount) object[key] = *amount;
}

ordered_json JsonOfSum(const ServedSegment& segment, const ServedAmounts& amounts) {
  ordered_json object = {{"model", CleanServed(segment.model)},
                         {"customer_tier", CleanServed(segment.customer_tier)}};
  if (!segment.pool.empty()) object["pool"] = CleanServed(segment.pool);
  if (!segment.workload.empty()) object["workload"] = CleanServed(segment.workload);
  PutServed(object, "requests", amounts.requests);
  PutServed(object, "input_tokens", amounts.input_tokens);
  PutServed(object, "cached_input_tokens", amounts.cached_input_tokens);
  PutServed(object, "output_tokens", amounts.output_tokens);
  const std::string why = WhyLeftOut(segment, amounts);
  if (!why.empty()) object["left_out"] = why;
  return object;
}

ordered_json JsonOfRow(const v1::InferenceRow& row) {
  ordered_json object = {{"model", row.model()}, {"customer_tier", row.customer_tier()}};
  if (row.has_pool()) object["pool"] = row.pool();
  if (row.has_workload()) object["workload"] = row.workload();
  object["requests"] = row.requests();
  if (row.has_input_tokens()) object["input_tokens"] = row.input_tokens();
  if (row.has_cached_input_tokens()) object["cached_input_tokens"] = row.cached_input_tokens();
  if (row.has_output_tokens()) object["output_tokens"] = row.output_tokens();
  return object;
}

// Of a copy: the window stays open for the next look.
std::optional<v1::OutcomeReport> ReportOf(const ServedView& view) {
  ServedCounts counts = view.counts;
  return counts.Cut(view.latest.reported_as);
}

ordered_json JsonOfView(const std::string& source, const ServedView& view) {
  ordered_json object = {{"source", CleanServed(source)},
                         {"reported_as", CleanServed(view.latest.reported_as)},
                         {"counters", ordered_json::array()}};
  for (const auto& [segment, amounts] : TotalsOf(view.latest)) {
    object["counters"].push_back(JsonOfSum(segment, amounts));
  }
  if (view.looks == 1) object["note"] = kFirstLook;
  const auto report = ReportOf(view);
  if (!report) return object;
  ordered_json rows = ordered_json::array();
  for (const v1::InferenceRow& row : report->inference().rows()) rows.push_back(JsonOfRow(row));
  object["report"] = {{"window_start_unix_nanos", report->window_start_unix_nanos()},
                      {"window_length_nanos", report->window_length_nanos()},
                      {"resets", view.counts.resets()},
                      {"rows", std::move(rows)}};
  return object;
}

std::string AmountText(const std::optional<int64_t>& amount) {
  return amount ? std::to_string(*amount) : "-";
}

std::string LineOf(const ServedSegment& segment, const ServedAmounts& amounts) {
  const std::string why = WhyLeftOut(segment, amounts);
  return fmt::format("  {} {}{}: {} requests, {} input and {} output tokens{}\n",
                     segment.model.empty() ? "-" : CleanServed(segment.model),
                     CleanServed(segment.customer_tier),
                     segment.pool.empty() ? "" : " in " + CleanServed(segment.pool),
                     AmountText(amounts.requests), AmountText(amounts.input_tokens),
                     AmountText(amounts.output_tokens), why.empty() ? "" : "; " + why);
}

}  // namespace

void TakeServed(const LiveRound& round, ServedViews& views) {
  for (const auto& [source, reading] : round.served) {
    ServedView& view = views[source];
    if (!view.counts.Take(reading).ok()) continue;
    view.latest = reading;
    ++view.looks;
  }
}

std::string ServedAsTable(const ServedViews& views) {
  std::string text;
  for (const auto& [source, view] : views) {
    text += fmt::format("{} has counted, as {}:\n", CleanServed(source),
                        CleanServed(view.latest.reported_as));
    for (const auto& [segment, amounts] : TotalsOf(view.latest)) text += LineOf(segment, amounts);
    if (view.looks == 1) {
      text += fmt::format("  {}\n", kFirstLook);
      continue;
    }
    text += fmt::format("{} has served in {:.3f} s:\n", CleanServed(source),
                        ToSeconds(view.counts.to_unix_nanos() - view.counts.from_unix_nanos()));
    for (const auto& [segment, amounts] : view.counts.sums()) text += LineOf(segment, amounts);
  }
  return text;
}

std::string ServedAsJson(const ServedViews& views) {
  ordered_json list = ordered_json::array();
  for (const auto& [source, view] : views) list.push_back(JsonOfView(source, view));
  return list.dump();
}

}  // namespace fleetmeter::collector
