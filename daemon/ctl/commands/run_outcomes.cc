// The commands that say what allocations led to.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "daemon/base/clock.h"
#include "daemon/config/load_framework.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/commands/ask_outcomes.h"
#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/import/read_inference.h"
#include "daemon/ctl/import/read_training.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/outcomes_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"
#include "daemon/domain/outcomes/windows.h"
#include "daemon/serve/query/outcome_messages.h"

namespace fleetmeter::ctl {
namespace {

using imports::RefusedRow;

// Tells about refused rows, and writes them where they were asked for.
absl::Status KeepRefused(const std::string& file, const std::vector<RefusedRow>& refused,
                         const std::string& to, bool first) {
  if (!to.empty()) {
    std::error_code unknown;  // it may not be there yet
    if (std::filesystem::equivalent(to, file, unknown)) {
      return absl::InvalidArgumentError(
          fmt::format("--refused: {} is the file that is read; expected another one", Quoted(to)));
    }
    std::ofstream out(to, first ? std::ios::trunc : std::ios::app);
    if (first) out << CsvLine({"file", "line", "reason"});
    for (const RefusedRow& row : refused) {
      out << CsvLine({file, std::to_string(row.line), row.reason});
    }
    out.flush();
    if (!out) return absl::UnavailableError(fmt::format("{}: cannot be written", to));
  }
  if (refused.empty()) return absl::OkStatus();
  fmt::print(stderr, "fleetmeterctl: {}: {} rows refused, the first on line {}: {}\n",
             Printable(file), refused.size(), refused.front().line,
             Printable(refused.front().reason));
  return absl::OkStatus();
}

absl::StatusOr<outcomes::PriceBook> PricesOf(const OutcomesFlags& flags) {
  return flags.prices.empty() ? outcomes::PriceBook() : LoadPriceBook(flags.prices);
}

struct Subscribed {
  int64_t accrued = 0;
  int64_t left = 0;  // of tiers without requests
};

// Spreads what accrued in [from, to) over the period.
absl::StatusOr<Subscribed> Subscribe(const outcomes::PriceBook& prices, int64_t from, int64_t to,
                                     outcomes::Period* period) {
  const auto accrued = prices.subscriptions().Accrued(from, to);
  if (!accrued.ok()) return accrued.status();
  Subscribed out;
  for (const auto& [tier, amount] : *accrued) {
    if (__builtin_add_overflow(out.accrued, amount, &out.accrued)) {
      return absl::OutOfRangeError("subscriptions add up to more than 64 bits hold; expected less");
    }
  }
  const auto left = outcomes::SpreadSubscriptions(*accrued, period);
  if (!left.ok()) return left.status();
  out.left = *left;
  return out;
}

absl::StatusOr<v1::MarginReport> WorkOutMargin(const OutcomesFlags& flags) {
  const auto prices = PricesOf(flags);
  if (!prices.ok()) return prices.status();
  auto csv = CsvReader::Open(flags.inference);
  if (!csv.ok()) return csv.status();
  const auto rows = imports::ReadInference(*csv, *prices);
  if (!rows.ok()) return rows.status();
  if (auto kept = KeepRefused(flags.inference, rows->refused, flags.refused, true); !kept.ok()) {
    return kept;
  }
  const int64_t to = *flags.to_unix_seconds;
  const int64_t from = to - flags.window_nanos / kNanosPerSecond;
  // Both ends by the calendar, so that a year is all of its months, leap day or not.
  const auto [before_from, before_to] = outcomes::YearEarlier(outcomes::Span{from, to});
  auto before = imports::PeriodOf(rows->rows, before_from, before_to);
  if (!before.ok()) return before.status();
  auto after = imports::PeriodOf(rows->rows, from, to);
  if (!after.ok()) return after.status();
  if (after->empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: no row starts in the window from {} to {}; expected at least one", flags.inference,
        UtcTime(from * kNanosPerSecond), UtcTime(to * kNanosPerSecond)));
  }
  const auto subscriptions = Subscribe(*prices, from, to, &*after);
  if (!subscriptions.ok()) return subscriptions.status();
  const auto subscriptions_before = Subscribe(*prices, before_from, before_to, &*before);
  if (!subscriptions_before.ok()) return subscriptions_before.status();
  const auto review = outcomes::ReviewMargin(*before, *after, outcomes::VolumeRule{});
  if (!review.ok()) return review.status();
  v1::MarginReport report = MarginMessage(*review);
  report.set_subscription_micro_usd(subscriptions->accrued);
  report.set_unattributed_subscription_micro_usd(subscriptions->left);
  report.set_before_subscription_micro_usd(subscriptions_before->accrued);
  report.set_before_unattributed_subscription_micro_usd(subscriptions_before->left);
  report.set_from_unix_seconds(from);
  report.set_to_unix_seconds(to);
  report.set_before_from_unix_seconds(before_from);
  report.set_before_to_unix_seconds(before_to);
  report.set_price_book_version(prices->version());
  return report;
}

// How FLOP become hours.
absl::StatusOr<std::optional<framework::Training>> RuleOf(const OutcomesFlags& flags) {
  if (flags.framework.empty()) return std::nullopt;
  auto document = LoadFramework(flags.framework);
  if (!document.ok()) return document.status();
  return std::move(document->assumptions.training);
}

absl::StatusOr<std::vector<imports::TrainingRow>> TrainingOf(const OutcomesFlags& flags) {
  if (flags.training.empty()) return std::vector<imports::TrainingRow>();
  auto csv = CsvReader::Open(flags.training);
  if (!csv.ok()) return csv.status();
  const auto rule = RuleOf(flags);
  if (!rule.ok()) return rule.status();
  auto rows = imports::ReadTraining(*csv, flags.columns, flags.flop_column, *rule);
  if (!rows.ok()) return rows.status();
  if (auto kept = KeepRefused(flags.training, rows->refused, flags.refused, false); !kept.ok()) {
    return kept;
  }
  return std::move(rows->rows);
}

absl::StatusOr<v1::CapabilityReport> WorkOutCapability(const OutcomesFlags& flags) {
  const auto suite = LoadBenchmarkSuite(flags.suite);
  if (!suite.ok()) return suite.status();
  auto csv = CsvReader::Open(flags.benchmarks);
  if (!csv.ok()) return csv.status();
  const auto rows = imports::ReadBenchmarks(*csv, *suite, flags.columns);
  if (!rows.ok()) return rows.status();
  if (auto kept = KeepRefused(flags.benchmarks, rows->refused, flags.refused, true); !kept.ok()) {
    return kept;
  }
  std::vector<outcomes::Result> results;
  for (const auto& row : rows->rows) results.insert(results.end(), row.begin(), row.end());
  const auto training = TrainingOf(flags);
  if (!training.ok()) return training.status();
  std::map<std::string, double> by_model;
  for (const imports::TrainingRow& row : *training) by_model[row.model] += row.h100e_hours;
  if (results.empty() && !flags.until_unix_seconds) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: has no result of suite {}; expected at least one", flags.benchmarks, suite->name));
  }
  int64_t last = 0;
  for (const outcomes::Result& result : results) last = std::max(last, result.quarter);
  if (flags.until_unix_seconds) last = imports::QuarterAt(*flags.until_unix_seconds);
  std::erase_if(results, [last](const outcomes::Result& result) { return result.quarter > last; });
  return CapabilityMessage(
      *suite,
      outcomes::ViewCapability(*suite, {.results = std::move(results),
                                        .hours_by_model = std::move(by_model),
                                        .hours_by_quarter = imports::HoursByQuarter(*training),
                                        .last_quarter = last}));
}

}  // namespace

int RunOutcomes(const Flags& flags) {
  if (flags.command == Command::kOutcomesMargin) {
    const auto report =
        flags.outcomes.inference.empty() ? AskMargin(flags) : WorkOutMargin(flags.outcomes);
    return ExitCode(report.ok() ? Print(FormatMargin(*report, flags.output)) : report.status());
  }
  const auto report =
      flags.outcomes.benchmarks.empty() ? AskCapability(flags) : WorkOutCapability(flags.outcomes);
  return ExitCode(report.ok() ? Print(FormatCapability(*report, flags.output)) : report.status());
}

}  // namespace fleetmeter::ctl
