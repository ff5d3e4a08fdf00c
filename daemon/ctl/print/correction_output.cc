#include "daemon/ctl/print/correction_output.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/totals.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::array<const char*, 4> kStandingTitles = {
    "new: not in the books yet", "unchanged: the books say the same",
    "changed: the books say something else",
    "not compared: the books have more of their time than the file, or in another way"};

std::string DayText(int64_t unix_seconds) {
  return UtcTime(unix_seconds * kNanosPerSecond).substr(0, 10);
}

// Money in dollars, training in hours, all else as it is.
std::string AmountText(size_t amount, int64_t value) {
  const std::string_view name = kCellAmountNames[amount];
  if (name == "revenue_micro_usd") return Grouped(imports::Decimal(value, 6));
  if (name == "h100e_seconds") {
    return Grouped(imports::Decimal(absl::int128(value) * 10'000 / 36, 6));
  }
  return Grouped(std::to_string(value));
}

std::string AmountTitle(size_t amount) {
  const std::string_view name = kCellAmountNames[amount];
  if (name == "revenue_micro_usd") return "revenue_usd";
  if (name == "h100e_seconds") return "h100e_hours";
  return std::string(name);
}

std::string Signed(const std::string& text) { return text.starts_with('-') ? text : "+" + text; }

std::string NamesText(const std::array<std::string, 5>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!name.empty()) text += (text.empty() ? "" : " / ") + name;
  }
  return text;
}

std::string ScoreText(const BenchmarkRow& row) {
  return row.score ? PlainNumber(*row.score) : kUnknown;
}

Table ChangesTable(const CorrectionPlan& plan, size_t most, size_t* left_out) {
  Table table({{"day"},
               {"of"},
               {"amount"},
               {"books", Align::kRight},
               {"file", Align::kRight},
               {"difference", Align::kRight}});
  size_t lines = 0;
  const auto add = [&](std::vector<Cell> cells) {
    if (++lines <= most) table.AddRow(std::move(cells));
  };
  for (const CellChange& change : plan.changes) {
    for (size_t a = 0; a < change.before.size(); ++a) {
      const int64_t before = change.before[a];
      const int64_t after = change.after[a];
      if (before == after) continue;
      add({DayText(change.key.day), NamesText(change.key.names), AmountTitle(a),
           AmountText(a, before), AmountText(a, after), Signed(AmountText(a, after - before))});
    }
  }
  for (const ResultChange& change : plan.results) {
    add({DayText(change.after.date_unix_seconds),
         NamesText({change.after.model, change.after.benchmark, change.after.version,
                    change.after.source, ""}),
         "score", ScoreText(change.before), ScoreText(change.after), ""});
  }
  *left_out = lines > most ? lines - most : 0;
  return table;
}

std::string PartialText(const CorrectionPlan& plan) {
  if (plan.partial.empty()) return "";
  std::string days;
  for (const PartialDay& partial : plan.partial) {
    days += (days.empty() ? "" : ", ") + DayText(partial.day);
  }
  return fmt::format(
      "the file begins or ends within these days, and the books have more of them: {}\n", days);
}

// "+3 requests, -2.5 revenue_usd": of a correction, what it changed.
std::string DifferenceText(const v1::BookedCorrection& correction) {
  if (correction.kind() == "benchmarks") return fmt::format("{} results", correction.results());
  const CellAmounts amounts = {correction.requests(),      correction.unpriced_requests(),
                               correction.input_tokens(),  correction.cached_input_tokens(),
                               correction.output_tokens(), correction.revenue_micro_usd(),
                               correction.h100e_seconds()};
  std::string text;
  for (size_t a = 0; a < amounts.size(); ++a) {
    if (amounts[a] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", Signed(AmountText(a, amounts[a])),
                        AmountTitle(a));
  }
  return text.empty() ? "nothing" : text;
}

std::string WindowText(const v1::BookedCorrection& correction) {
  if (correction.window_length_nanos() == 0) return kUnknown;
  return fmt::format(
      "{} to {}", UtcTime(correction.window_start_unix_nanos()),
      UtcTime(correction.window_start_unix_nanos() + correction.window_length_nanos()));
}

}  // namespace

std::array<ReportsAndRows, 4> SumByStanding(const imports::ImportBatch& file,
                                            const std::vector<Standing>& standings) {
  std::array<ReportsAndRows, 4> sums;
  for (size_t i = 0; i < standings.size(); ++i) {
    ReportsAndRows& sum = sums[static_cast<size_t>(standings[i])];
    ++sum.reports;
    sum.rows += file.reports[i].rows();
  }
  return sums;
}

std::string FormatStandings(const std::array<ReportsAndRows, 4>& sums) {
  std::string out = "the file beside the books\n";
  for (size_t i = 0; i < sums.size(); ++i) {
    if (i == static_cast<size_t>(Standing::kPartial) && sums[i].reports == 0) continue;
    out += fmt::format("  {}: {} rows in {} reports\n", kStandingTitles[i],
                       Grouped(std::to_string(sums[i].rows)),
                       Grouped(std::to_string(sums[i].reports)));
  }
  return out;
}

std::string FormatComparison(const imports::ImportBatch& file, const CorrectionPlan& plan,
                             size_t most) {
  std::string out = FormatStandings(SumByStanding(file, plan.standings));
  out += PartialText(plan);
  if (plan.changes.empty() && plan.results.empty()) return out;
  size_t left_out = 0;
  out += ChangesTable(plan, most, &left_out).Render();
  if (left_out > 0) out += fmt::format("and {} lines more\n", left_out);
  return out;
}

std::string FormatCorrections(const v1::Corrections& corrections, OutputFormat format) {
  if (format == OutputFormat::kJson) return Dump(ToJson(corrections));
  if (format == OutputFormat::kCsv) {
    std::string out =
        CsvLine({"booked", "identity", "reason", "kind", "source", "window", "difference", "id"});
    for (const v1::BookedCorrection& c : corrections.corrections()) {
      out += CsvLine({UtcTime(c.booked_unix_nanos()), c.identity(), c.reason(), c.kind(),
                      c.source(), WindowText(c), DifferenceText(c), c.id()});
    }
    return out;
  }
  Table table({{"booked"}, {"by"}, {"why"}, {"kind"}, {"source"}, {"window"}, {"difference"}});
  for (const v1::BookedCorrection& c : corrections.corrections()) {
    table.AddRow({UtcTime(c.booked_unix_nanos()), c.identity(), c.reason(), c.kind(), c.source(),
                  WindowText(c), DifferenceText(c)});
  }
  std::string out = table.Render();
  if (corrections.left_out() > 0) {
    out += fmt::format("and {} earlier ones\n", corrections.left_out());
  }
  return out;
}

}  // namespace fleetmeter::ctl
