#include "daemon/ctl/print/admin_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>
#include <vector>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kNanos = 1'000'000'000;
constexpr size_t kDateLength = 10;  // of "2026-01-01 08:00:00Z"

std::string Date(int64_t unix_seconds) {
  return UtcTime(unix_seconds * kNanos).substr(0, kDateLength);
}

std::string ChipText(int64_t micro_chips) { return Grouped(ChipsOfMicro(micro_chips)); }

std::string SignedUsd(int64_t micro_usd) {
  const std::string amount = ChipsOfMicro(micro_usd < 0 ? -micro_usd : micro_usd);
  return fmt::format("{}${}", micro_usd < 0 ? "-" : "+", Grouped(amount));
}

std::string CountedTo(const v1::Source& source) {
  return source.has_counted_to_unix_nanos() ? UtcTime(source.counted_to_unix_nanos()) : kUnknown;
}

std::string SignedHours(int64_t seconds, int64_t nanos) {
  const absl::int128 all = absl::int128(seconds) * kNanos + nanos;
  const std::string hours = Grouped(ChipHoursOfNanos(all));
  return all < 0 ? hours : "+" + hours;
}

std::string UsageCorrectionText(const v1::Entry& entry) {
  return fmt::format("{}, {} to {}: {} windows restated, {} chip-hours, {} of them busy",
                     Printable(entry.source()), Date(entry.from_day_unix_seconds()),
                     Date(entry.to_day_unix_seconds()), entry.windows(),
                     SignedHours(entry.chip_seconds(), entry.chip_nanos()),
                     SignedHours(entry.busy_chip_seconds(), entry.busy_chip_nanos()));
}

// What an entry decided, without who, when and why.
std::string What(const v1::Entry& entry) {
  if (entry.action() == "forget") {
    return fmt::format("{}: {} chips {}", Printable(entry.source()), ChipText(entry.micro_chips()),
                       entry.whole_source() ? "are gone" : "that it no longer lists are gone");
  }
  if (entry.action() == "rename") {
    return fmt::format("{} is {} now: {} chips are not counted beside it",
                       Printable(entry.source()), Printable(entry.new_source()),
                       ChipText(entry.micro_chips()));
  }
  if (entry.action() == "move") {
    return fmt::format("{} belongs to {} now", Printable(entry.source()),
                       Printable(entry.new_owner()));
  }
  if (entry.action() == "correct_usage") return UsageCorrectionText(entry);
  return fmt::format(
      "{} to {}, price book {} to {}: {}, {} requests priced", Date(entry.from_day_unix_seconds()),
      Date(entry.to_day_unix_seconds()), entry.old_price_book_version(), entry.price_book_version(),
      SignedUsd(entry.revenue_micro_usd()), Grouped(std::to_string(entry.priced_requests())));
}

std::string EntriesTable(const v1::ListEntriesResponse& response) {
  if (response.entries().empty()) return "No entry is in the books that this asks for.\n";
  Table table({{"ENTRY", Align::kRight}, {"TIME"}, {"WHO"}, {"ACTION"}, {"WHAT"}, {"WHY"}});
  for (const v1::Entry& entry : response.entries()) {
    table.AddRow({std::to_string(entry.number()), UtcTime(entry.entered_unix_nanos()),
                  entry.identity(), entry.action(), What(entry), entry.reason()});
  }
  return table.Render();
}

Json EntryJson(const v1::Entry& entry) {
  Json out;
  out["number"] = entry.number();
  out["entered_unix_nanos"] = entry.entered_unix_nanos();
  out["action"] = entry.action();
  out["identity"] = entry.identity();
  out["reason"] = entry.reason();
  if (entry.action() == "reprice") {
    out["from_day_unix_seconds"] = entry.from_day_unix_seconds();
    out["to_day_unix_seconds"] = entry.to_day_unix_seconds();
    out["old_price_book_version"] = entry.old_price_book_version();
    out["price_book_version"] = entry.price_book_version();
    out["priced_requests"] = entry.priced_requests();
    out["revenue_micro_usd"] = entry.revenue_micro_usd();
    return out;
  }
  out["source"] = entry.source();
  if (entry.action() == "correct_usage") {
    out["from_day_unix_seconds"] = entry.from_day_unix_seconds();
    out["to_day_unix_seconds"] = entry.to_day_unix_seconds();
    out["windows"] = entry.windows();
    out["chip_seconds"] = entry.chip_seconds();
    out["chip_nanos"] = entry.chip_nanos();
    out["busy_chip_seconds"] = entry.busy_chip_seconds();
    out["busy_chip_nanos"] = entry.busy_chip_nanos();
    return out;
  }
  if (entry.action() == "move") {
    out["new_owner"] = entry.new_owner();
    return out;
  }
  out["micro_chips"] = entry.micro_chips();
  if (entry.action() == "rename") out["new_source"] = entry.new_source();
  if (entry.action() == "forget") out["whole_source"] = entry.whole_source();
  return out;
}

Json EntriesJson(const v1::ListEntriesResponse& response) {
  Json entries = Json::array();
  for (const v1::Entry& entry : response.entries()) entries.push_back(EntryJson(entry));
  return entries;
}

std::string PlainHours(int64_t seconds, int64_t nanos) {
  return ChipHoursOfNanos(absl::int128(seconds) * kNanos + nanos);
}

std::string EntriesCsv(const v1::ListEntriesResponse& response) {
  std::string out = CsvLine(
      {"number", "entered", "action", "identity", "reason", "source", "new_source", "micro_chips",
       "from_day", "to_day", "old_price_book_version", "price_book_version", "priced_requests",
       "revenue_micro_usd", "windows", "chip_hours", "busy_chip_hours", "new_owner"});
  for (const v1::Entry& entry : response.entries()) {
    const bool reprice = entry.action() == "reprice";
    const bool usage = entry.action() == "correct_usage";
    const bool days = reprice || usage;
    const bool chips = !days && entry.action() != "move";
    const auto number = [](bool known, int64_t value) {
      return known ? std::to_string(value) : std::string();
    };
    out += CsvLine(
        {std::to_string(entry.number()), UtcTime(entry.entered_unix_nanos()), entry.action(),
         entry.identity(), entry.reason(), entry.source(), entry.new_source(),
         number(chips, entry.micro_chips()), days ? Date(entry.from_day_unix_seconds()) : "",
         days ? Date(entry.to_day_unix_seconds()) : "",
         number(reprice, entry.old_price_book_version()),
         number(reprice, entry.price_book_version()), number(reprice, entry.priced_requests()),
         number(reprice, entry.revenue_micro_usd()), number(usage, entry.windows()),
         usage ? PlainHours(entry.chip_seconds(), entry.chip_nanos()) : "",
         usage ? PlainHours(entry.busy_chip_seconds(), entry.busy_chip_nanos()) : "",
         entry.new_owner()});
  }
  return out;
}

v1::ListEntriesResponse AboutSources(const v1::ListEntriesResponse& entries) {
  v1::ListEntriesResponse about;
  for (const v1::Entry& entry : entries.entries()) {
    const bool of_usage = entry.action() == "correct_usage";
    if (entry.action() != "reprice" && !of_usage) *about.add_entries() = entry;
  }
  return about;
}

// Empty: nobody else has reported for it.
std::string ForeignReportsText(const v1::Source& source) {
  if (source.foreign_reports() == 0) return "";
  return fmt::format("{} rejected reports for {} came from another identity, at last {} from {}\n",
                     source.foreign_reports(), Printable(source.source()),
                     UtcTime(source.foreign_unix_nanos()), Printable(source.foreign_identity()));
}

// A source of outcomes has none, which is not the same as 0.
bool HasChips(const v1::Source& source) { return source.has_micro_chips(); }

std::string SourcesTable(const v1::ListSourcesResponse& response,
                         const v1::ListEntriesResponse& entries) {
  Table table({{"SOURCE"},
               {"STATE"},
               {"COUNTED TO"},
               {"CHIPS", Align::kRight},
               {"NOT LISTED ANY MORE", Align::kRight},
               {"OTHER NAMES"},
               {"OWNER"},
               {"FOREIGN REPORTS", Align::kRight}});
  for (const v1::Source& source : response.sources()) {
    const bool chips = HasChips(source);
    table.AddRow({source.source(), source.state(), CountedTo(source),
                  chips ? ChipText(source.micro_chips()) : kUnknown,
                  chips ? ChipText(source.unlisted_micro_chips()) : kUnknown,
                  fmt::format("{}", fmt::join(source.other_names(), ", ")), source.owner(),
                  std::to_string(source.foreign_reports())});
  }
  std::string text = table.Render() +
                     fmt::format("\n{} of {} sources\n", response.sources_size(), response.total());
  for (const v1::Source& source : response.sources()) text += ForeignReportsText(source);
  if (entries.entries_size() > 0) text += "\n" + EntriesTable(entries);
  return text;
}

std::string SourcesJson(const v1::ListSourcesResponse& response,
                        const v1::ListEntriesResponse& entries) {
  Json out;
  out["total"] = response.total();
  out["sources"] = Json::array();
  for (const v1::Source& source : response.sources()) out["sources"].push_back(SourceJson(source));
  out["entries"] = EntriesJson(entries);
  return Dump(out);
}

std::string SourcesCsv(const v1::ListSourcesResponse& response) {
  std::string out = CsvLine(
      {"source", "state", "counted_to", "chips", "unlisted_chips", "owner", "foreign_reports"});
  for (const v1::Source& source : response.sources()) {
    const bool chips = HasChips(source);
    out += CsvLine({source.source(), source.state(),
                    source.has_counted_to_unix_nanos() ? CountedTo(source) : "",
                    chips ? ChipsOfMicro(source.micro_chips()) : "",
                    chips ? ChipsOfMicro(source.unlisted_micro_chips()) : "", source.owner(),
                    std::to_string(source.foreign_reports())});
  }
  return out;
}

struct SegmentDifference {
  int64_t days = 0;
  int64_t priced_requests = 0;
  int64_t revenue_micro_usd = 0;
};

std::string DifferenceTable(const v1::DecisionResponse& response) {
  std::map<std::pair<std::string, std::string>, SegmentDifference> segments;
  for (const v1::Difference& difference : response.differences()) {
    SegmentDifference& segment = segments[{difference.model(), difference.customer_tier()}];
    ++segment.days;
    segment.priced_requests += difference.priced_requests();
    segment.revenue_micro_usd += difference.revenue_micro_usd();
  }
  Table table({{"MODEL"},
               {"CUSTOMER TIER"},
               {"DAYS", Align::kRight},
               {"REQUESTS PRICED", Align::kRight},
               {"REVENUE", Align::kRight}});
  for (const auto& [names, segment] : segments) {
    table.AddRow({names.first, names.second, std::to_string(segment.days),
                  Grouped(std::to_string(segment.priced_requests)),
                  SignedUsd(segment.revenue_micro_usd)});
  }
  return table.Render();
}

}  // namespace

Json SourceJson(const v1::Source& source) {
  Json row;
  row["source"] = source.source();
  row["state"] = source.state();
  row["counted_to_unix_nanos"] = nullptr;
  if (source.has_counted_to_unix_nanos()) {
    row["counted_to_unix_nanos"] = source.counted_to_unix_nanos();
  }
  row["micro_chips"] = nullptr;
  row["unlisted_micro_chips"] = nullptr;
  if (HasChips(source)) {
    row["micro_chips"] = source.micro_chips();
    row["unlisted_micro_chips"] = source.unlisted_micro_chips();
  }
  row["other_names"] = Json::array();
  for (const std::string& name : source.other_names()) row["other_names"].push_back(name);
  row["owner"] = source.owner();
  row["foreign_reports"] = source.foreign_reports();
  if (source.foreign_reports() > 0) {
    row["foreign_identity"] = source.foreign_identity();
    row["foreign_unix_nanos"] = source.foreign_unix_nanos();
  }
  return row;
}

std::string FormatSources(const v1::ListSourcesResponse& response,
                          const v1::ListEntriesResponse& entries, OutputFormat format) {
  const v1::ListEntriesResponse about = AboutSources(entries);
  switch (format) {
    case OutputFormat::kJson:
      return SourcesJson(response, about);
    case OutputFormat::kCsv:
      return SourcesCsv(response);
    case OutputFormat::kTable:
      break;
  }
  return SourcesTable(response, about);
}

std::string FormatEntries(const v1::ListEntriesResponse& response, OutputFormat format) {
  switch (format) {
    case OutputFormat::kJson: {
      Json out;
      out["entries"] = EntriesJson(response);
      return Dump(out);
    }
    case OutputFormat::kCsv:
      return EntriesCsv(response);
    case OutputFormat::kTable:
      break;
  }
  return EntriesTable(response);
}

Json DecisionJson(const v1::DecisionResponse& response) {
  Json out;
  out["entry"] = EntryJson(response.entry());
  out["nothing_to_do"] = response.nothing_to_do();
  return out;
}

std::string FormatDecision(const v1::DecisionResponse& response, OutputFormat format) {
  if (format == OutputFormat::kJson) return Dump(DecisionJson(response));
  const v1::Entry& entry = response.entry();
  if (!response.nothing_to_do()) {
    return fmt::format("entry {}: {}\n", entry.number(), What(entry));
  }
  if (entry.number() == 0) return "nothing was left to do\n";
  return fmt::format("nothing was left to do: entry {} of {}, by {}, says so: {}\n", entry.number(),
                     UtcTime(entry.entered_unix_nanos()), Printable(entry.identity()), What(entry));
}

Json RepriceJson(const v1::DecisionResponse& response) {
  Json out = DecisionJson(response);
  out["differences"] = Json::array();
  for (const v1::Difference& each : response.differences()) {
    out["differences"].push_back(ToJson(each));
  }
  out["more_differences"] = response.more_differences();
  out["not_repriced"] = Json::array();
  for (const v1::NotRepriced& each : response.not_repriced()) {
    out["not_repriced"].push_back(ToJson(each));
  }
  return out;
}

std::string FormatReprice(const v1::DecisionResponse& response) {
  std::string text;
  if (response.nothing_to_do()) {
    text = fmt::format("price book {} changes nothing from {} to {}\n",
                       response.entry().price_book_version(),
                       Date(response.entry().from_day_unix_seconds()),
                       Date(response.entry().to_day_unix_seconds()));
  } else {
    text = DifferenceTable(response);
    if (response.more_differences() > 0) {
      text += fmt::format("and {} differences more\n", response.more_differences());
    }
    text += fmt::format("\n{}\n", What(response.entry()));
  }
  for (const v1::NotRepriced& left : response.not_repriced()) {
    text += fmt::format("{} requests of model {}, customer tier {}, stay as they were: {}\n",
                        Grouped(std::to_string(left.requests())), Printable(left.model()),
                        Printable(left.customer_tier()), Printable(left.why()));
  }
  return text;
}

}  // namespace fleetmeter::ctl
