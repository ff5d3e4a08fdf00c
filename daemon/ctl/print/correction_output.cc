#include "daemon/ctl/print/correction_output.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "daemon/base/calendar.h"
#include "daemon/base/day_zone.h"
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

constexpr size_t kMostAddedLinesText = 300;

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

// "+1.5" of scores, in so many digits as scores have.
std::string ScoreDifference(std::optional<double> before, std::optional<double> after) {
  if (!before || !after) return kUnknown;
  return fmt::format("{:+.6g}", *after - *before);
}

std::string ScoreText(std::optional<double> score) {
  return score ? PlainNumber(*score) : "withdrawn";
}

std::string ResultNames(const BenchmarkRow& row) {
  return NamesText({row.model, row.benchmark, row.version, row.source, ""});
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
    const std::string day = DayText(change.after.date_unix_seconds);
    if (change.before.family != change.after.family) {
      add({day, ResultNames(change.after), "family", change.before.family, change.after.family,
           kUnknown});
    }
    if (change.before.score == change.after.score) continue;
    add({day, ResultNames(change.after), "score", ScoreText(change.before.score),
         ScoreText(change.after.score), ScoreDifference(change.before.score, change.after.score)});
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

// "m1 / gpqa / 2025-01-01: 70 to 71.5 (+1.5); ...".
std::string ScoresText(const v1::BookedCorrection& correction) {
  std::string text;
  for (const v1::CorrectedScore& score : correction.scores()) {
    std::optional<double> before;
    std::optional<double> after;
    if (score.has_before()) before = score.before();
    if (score.has_after()) after = score.after();
    text += fmt::format("{}{}: {} to {}", text.empty() ? "" : "; ",
                        NamesText({score.model(), score.benchmark(), score.version(),
                                   DayText(score.date_unix_seconds()), score.measured_by()}),
                        ScoreText(before), ScoreText(after));
    if (score.has_before() && score.has_after()) {
      text += fmt::format(" ({})", ScoreDifference(score.before(), score.after()));
    }
  }
  if (!text.empty()) return text;
  return CountOf(static_cast<int64_t>(correction.results()), "result");
}

// "+3 requests, -2.5 revenue_usd": of a correction, what it changed.
std::string DifferenceText(const v1::BookedCorrection& correction) {
  if (correction.kind() == "benchmarks") return ScoresText(correction);
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

// By the clocks of the books.
std::string LocalTime(int64_t unix_nanos, const DayZone& zone) {
  if (zone.is_utc()) return UtcTime(unix_nanos);
  return absl::FormatTime("%Y-%m-%d %H:%M:%S%Ez", absl::FromUnixNanos(unix_nanos), zone.clock());
}

// "2025-03-01", "2025-03-01 to 2025-03-07" of whole days, and otherwise times.
std::string WindowText(const v1::BookedCorrection& correction, const DayZone& zone) {
  if (correction.window_length_nanos() == 0) return kUnknown;
  const int64_t start = correction.window_start_unix_nanos();
  const int64_t end = start + correction.window_length_nanos();
  const auto day_at = [&zone](int64_t unix_nanos) {
    return DayOf(zone.Local(unix_nanos / kNanosPerSecond));
  };
  const auto begins_day = [&](int64_t unix_nanos) {
    return zone.BeginOf(day_at(unix_nanos)) * kNanosPerSecond == unix_nanos;
  };
  if (!begins_day(start) || !begins_day(end)) {
    return fmt::format("{} to {}", LocalTime(start, zone), LocalTime(end, zone));
  }
  const std::string first = DayText(day_at(start));
  const std::string last = DayText(day_at(end - 1));
  return first == last ? first : fmt::format("{} to {}", first, last);
}

// Of an answer; UTC where it names none, or one that this machine does not know.
DayZone DayZoneOf(const v1::Corrections& corrections) {
  if (corrections.time_zone().empty()) return {};
  auto zone = DayZone::Load(corrections.time_zone());
  return zone.ok() ? *std::move(zone) : DayZone();
}

// "2 rows in 1 report (lines 4-5)".
std::string AddedText(const imports::ImportBatch& file, const std::vector<size_t>& reports) {
  ReportsAndRows sum;
  imports::LineSet lines;
  std::set<int64_t> seen;
  for (const size_t index : reports) {
    ++sum.reports;
    sum.rows += file.reports[index].rows();
    for (const int64_t line : file.reports[index].lines.Lines()) {
      if (seen.insert(line).second) lines.Add(line);
    }
  }
  std::string text = lines.NamedText();
  if (text.size() > kMostAddedLinesText) {
    text = text.substr(0, text.rfind(',', kMostAddedLinesText)) + ", ...";
  }
  return fmt::format("{} ({})", RowsText(sum), text);
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
    out += fmt::format("  {}: {}\n", kStandingTitles[i], RowsText(sums[i]));
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
  if (left_out > 0) {
    out += fmt::format("and {} more\n", CountOf(static_cast<int64_t>(left_out), "line"));
  }
  return out;
}

std::string FormatAddition(const imports::ImportBatch& file, const Addition& addition) {
  const std::pair<const char*, const std::vector<size_t>&> parts[] = {
      {"new, of time that the books do not have", addition.fresh},
      {"late, of time that the books have: added to it, once", addition.late},
      {"taken back from what the books have, once", addition.reversals},
      {"not added, since the books have a result of it", addition.results}};
  std::string out = "the file is added to the books\n";
  for (const auto& [title, reports] : parts) {
    if (!reports.empty()) {
      out += fmt::format("  {}: {}\n", title, AddedText(file, reports));
    }
  }
  if (!addition.late.empty() || !addition.reversals.empty()) {
    out +=
        "  What an earlier run of this command has added is among these rows. It is not added "
        "again.\n";
  }
  return out;
}

std::string FormatLikelyThere(const std::set<int64_t>& days) {
  if (days.empty()) return "";
  return fmt::format(
      "  Of {}{} the file says at least as much as the books have. A file that has grown has the "
      "rows that were counted as well, and --add counts them twice. For such a file, run the "
      "command with --correct and without --add.\n",
      DayText(*days.begin()),
      days.size() == 1
          ? ""
          : fmt::format(" and {}", CountOf(static_cast<int64_t>(days.size()) - 1, "other day")));
}

std::string FormatCorrections(const v1::Corrections& corrections, OutputFormat format) {
  if (format == OutputFormat::kJson) return Dump(ToJson(corrections));
  const DayZone zone = DayZoneOf(corrections);
  if (format == OutputFormat::kCsv) {
    std::string out = CsvLine({"booked", "identity", "reason", "kind", "source", "window",
                               "difference", "id", "time_zone"});
    for (const v1::BookedCorrection& c : corrections.corrections()) {
      out += CsvLine({UtcTime(c.booked_unix_nanos()), c.identity(), c.reason(), c.kind(),
                      c.source(), WindowText(c, zone), DifferenceText(c), c.id(), zone.name()});
    }
    return out;
  }
  if (corrections.corrections().empty()) return "No correction is in the books.\n";
  Table table({{"BOOKED"}, {"BY"}, {"WHY"}, {"KIND"}, {"SOURCE"}, {"WINDOW"}, {"DIFFERENCE"}});
  for (const v1::BookedCorrection& c : corrections.corrections()) {
    table.AddRow({UtcTime(c.booked_unix_nanos()), c.identity(), c.reason(), c.kind(), c.source(),
                  WindowText(c, zone), DifferenceText(c)});
  }
  std::string out = table.Render();
  if (corrections.left_out() > 0) {
    out += fmt::format("and {} earlier\n",
                       CountOf(static_cast<int64_t>(corrections.left_out()), "correction"));
  }
  out += fmt::format("\nwindows are days and times of {}\n", zone.name());
  return out;
}

}  // namespace fleetmeter::ctl
