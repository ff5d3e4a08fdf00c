#include "daemon/ctl/print/import_output.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/base/text.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

using imports::Decimal;
using imports::Totals;

constexpr int kMicro = 6;

ReportsAndRows& Of(ImportSummary& summary, Fate fate) {
  switch (fate) {
    case Fate::kCounted:
      return summary.counted;
    case Fate::kBefore:
      return summary.before;
    case Fate::kOverlapping:
      return summary.overlapping;
    case Fate::kUnchanged:
      return summary.unchanged;
    case Fate::kRejected:
      return summary.rejected;
    case Fate::kUnheard:
      return summary.unheard;
    case Fate::kUnsent:
      break;
  }
  return summary.unsent;
}

std::string Count(absl::int128 count) { return Grouped(Decimal(count, 0)); }

// A chip-hour is 3.6 x 10^12 chip-nanoseconds, so 11 decimals say it exactly, but for a remainder
// below one in the last place, which is dropped.
std::string ChipHours(absl::int128 chip_nanos) { return Decimal(chip_nanos / 36, 11); }

// H100e-hours, likewise: 3600 seconds are 36 x 10^2.
std::string H100eHours(absl::int128 seconds) { return Decimal(seconds * 10'000 / 36, 6); }

using Lines = std::vector<std::pair<std::string, std::string>>;

Lines AmountLines(const ImportSummary& summary) {
  const Totals& totals = summary.totals;
  switch (summary.kind) {
    case ImportKind::kInference:
      return {{"requests", Count(totals.requests)},
              {"input_tokens", Count(totals.input_tokens)},
              {"cached_input_tokens", Count(totals.cached_input_tokens)},
              {"output_tokens", Count(totals.output_tokens)},
              {"revenue_usd", totals.revenue_micro_usd
                                  ? Grouped(Decimal(*totals.revenue_micro_usd, kMicro))
                                  : kUnknown},
              {"requests_with_revenue", Count(totals.requests_with_revenue)}};
    case ImportKind::kTraining:
      return {{"h100e_hours", Grouped(H100eHours(totals.h100e_seconds))}};
    case ImportKind::kBenchmarks:
      return {{"results", Count(totals.results)}};
    case ImportKind::kUsage:
      return {{"chip_hours", Grouped(ChipHours(totals.chip_nanos))},
              {"busy_chip_hours",
               totals.busy_chip_nanos ? Grouped(ChipHours(*totals.busy_chip_nanos)) : kUnknown}};
  }
  return {};
}

struct FateLine {
  const char* name;   // in JSON
  const char* title;  // for people
  const ReportsAndRows& sum;
};

std::vector<FateLine> FateLines(const ImportSummary& summary) {
  return {
      {"counted", "counted now", summary.counted},
      {"counted_before", "counted before, by an earlier import of this file", summary.before},
      {"unchanged", "unchanged: the books say the same already", summary.unchanged},
      {"overlapping", "not counted, since the books have this time already", summary.overlapping},
      {"rejected", "not counted, since the daemon rejected it", summary.rejected},
      {"unheard",
       "sent and decided about, but the answer was lost: run the command again to learn it",
       summary.unheard},
      {"unsent", "not sent", summary.unsent}};
}

// What the daemon says of the names, or that it was not asked; and what is doubtful.
std::string DryRunText(const ImportSummary& summary) {
  std::string out = "nothing was sent\n";
  for (const imports::AmountDoubt& doubt : summary.doubts) {
    out += fmt::format("doubtful ({}): {}\n", doubt.name, doubt.text);
  }
  if (!summary.not_asked.empty()) {
    return out + fmt::format(
                     "only the file was checked, since the daemon could not be asked "
                     "whether it knows the names: {}\n",
                     summary.not_asked);
  }
  if (summary.unknown_names.empty()) return out + "the daemon knows all names\n";
  for (const std::string& unknown : summary.unknown_names) {
    out += fmt::format("not known: {}\n", unknown);
  }
  return out;
}

std::string ImportTable(const ImportSummary& summary) {
  std::string out = fmt::format("{}: {} as {}{}\n", Printable(summary.file), NameOf(summary.kind),
                                Printable(summary.source), summary.dry_run ? ", dry run" : "");
  const auto line = [&out](const std::string& name, const std::string& value) {
    out += fmt::format("  {:<24}{}\n", name, value);
  };
  line("rows", Count(summary.rows));
  if (summary.refused_rows > 0) line("rows refused", Count(summary.refused_rows));
  if (summary.passed_over_rows > 0) line("rows without amounts", Count(summary.passed_over_rows));
  line("reports", Count(summary.reports));
  if (summary.totals.from_unix_nanos) {
    line("windows", fmt::format("{}, {} to {}", Count(summary.totals.windows),
                                UtcTime(*summary.totals.from_unix_nanos),
                                UtcTime(*summary.totals.to_unix_nanos)));
  }
  for (const auto& [name, value] : AmountLines(summary)) line(name, value);
  if (summary.dry_run) return out + DryRunText(summary);
  for (const FateLine& fate : FateLines(summary)) {
    if (fate.sum.reports == 0 && &fate.sum != &summary.counted) continue;
    out += fmt::format("{}: {}\n", fate.title, RowsText(fate.sum));
  }
  return out;
}

Json ToJson(const ImportSummary& summary) {
  Json json = {{"file", summary.file},
               {"kind", NameOf(summary.kind)},
               {"source", summary.source},
               {"stream_id", summary.stream_id},
               {"dry_run", summary.dry_run},
               {"rows", summary.rows},
               {"refused_rows", summary.refused_rows},
               {"passed_over_rows", summary.passed_over_rows},
               {"reports", summary.reports},
               {"windows", summary.totals.windows}};
  const auto time = [](const std::optional<int64_t>& nanos) {
    return nanos ? Json(std::to_string(*nanos)) : Json(nullptr);
  };
  json["from_unix_nanos"] = time(summary.totals.from_unix_nanos);
  json["to_unix_nanos"] = time(summary.totals.to_unix_nanos);
  // Decimal strings: sums may be larger than what readers of JSON hold exactly.
  for (auto& [name, value] : AmountLines(summary)) {
    std::string plain = value;
    std::erase(plain, ',');
    json["totals"][name] = value == kUnknown ? Json(nullptr) : Json(plain);
  }
  if (summary.comparison) {
    const std::array<const char*, 4> standings = {"new", "unchanged", "changed", "partial"};
    for (size_t i = 0; i < standings.size(); ++i) {
      const ReportsAndRows& sum = (*summary.comparison)[i];
      json["comparison"][standings[i]] = {{"reports", sum.reports}, {"rows", sum.rows}};
    }
  }
  for (const FateLine& fate : FateLines(summary)) {
    json[fate.name] = {{"reports", fate.sum.reports}, {"rows", fate.sum.rows}};
  }
  if (summary.dry_run) {
    json["daemon_asked"] = summary.not_asked.empty();
    json["unknown_names"] = summary.unknown_names;
    json["doubts"] = Json::array();
    for (const imports::AmountDoubt& doubt : summary.doubts) {
      json["doubts"].push_back({{"name", doubt.name}, {"text", doubt.text}});
    }
  }
  return json;
}

}  // namespace

std::string NameOf(ImportKind kind) {
  switch (kind) {
    case ImportKind::kUsage:
      return "usage";
    case ImportKind::kInference:
      return "inference";
    case ImportKind::kTraining:
      return "training";
    case ImportKind::kBenchmarks:
      return "benchmarks";
  }
  return "unknown";
}

std::string RowsText(const ReportsAndRows& sum) {
  return fmt::format("{} in {}", CountOf(sum.rows, "row"), CountOf(sum.reports, "report"));
}

ImportSummary Summarize(const imports::ImportBatch& plan, const std::vector<Fate>& fates) {
  ImportSummary summary;
  summary.rows = plan.rows;
  summary.passed_over_rows = plan.passed_over;
  // A row may be refused in more than one part: a model a row, of which two scores are known.
  int64_t last = 0;
  for (const imports::RefusedRow& row : plan.refused) {
    if (row.line != last) ++summary.refused_rows;
    last = row.line;
  }
  summary.reports = static_cast<int64_t>(plan.size());
  summary.totals = imports::TotalsOf(plan);
  for (size_t i = 0; i < plan.size(); ++i) {
    ReportsAndRows& sum = Of(summary, i < fates.size() ? fates[i] : Fate::kUnsent);
    ++sum.reports;
    sum.rows += plan.At(i).rows();
  }
  return summary;
}

std::string FormatImport(const ImportSummary& summary, OutputFormat format) {
  switch (format) {
    case OutputFormat::kTable:
      break;
    case OutputFormat::kJson:
      return Dump(ToJson(summary));
    case OutputFormat::kCsv: {
      std::string out = CsvLine({"fate", "reports", "rows"});
      for (const FateLine& fate : FateLines(summary)) {
        out +=
            CsvLine({fate.name, std::to_string(fate.sum.reports), std::to_string(fate.sum.rows)});
      }
      return out + CsvLine({"refused", "", std::to_string(summary.refused_rows)});
    }
  }
  return ImportTable(summary);
}

}  // namespace fleetmeter::ctl
