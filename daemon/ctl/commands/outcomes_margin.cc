// outcomes margin: margin per inference request, beside the same window a year earlier. Of the
// daemon's books, of a ledger's file, or of CSV files.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/import/file_form_flags.h"
#include "daemon/ctl/import/read_inference.h"
#include "daemon/ctl/ledger_outcomes.h"
#include "daemon/ctl/outcomes_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/outcomes_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/refused_rows.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/domain/outcomes/told.h"
#include "daemon/domain/outcomes/windows.h"
#include "daemon/serve/query/outcome_messages.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kLongestOfFiles = 365 * kDay;

// Of books.
const outcomes::Window kDefaultWindow = {.name = "28d", .days = 28};

class OutcomesMargin : public Command {
 public:
  explicit OutcomesMargin(const Connection& connection)
      : Command(
            {"outcomes", "margin"},
            "Show the margin per inference request beside the same window a year earlier, and why "
            "it changed. The daemon is asked, unless --ledger or --inference names another source"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override {
    return FromDaemon() ? std::optional(connection_.address) : std::nullopt;
  }
  int Run() override {
    const int printed = PrintAnswer(Ask(), output_, FormatMargin);  // counts refused rows
    return WithRefused(printed, refused_rows_);
  }

 private:
  void AddFiles(Flags& flags);
  void AddQuestion(Flags& flags);
  absl::Status ReadWindow(const std::string& text);
  absl::Status CheckFiles() const;
  absl::Status CheckBooks() const;
  bool FromDaemon() const { return ledger_.empty() && inference_.empty(); }
  v1::GetMarginRequest Request() const;
  absl::StatusOr<v1::MarginReport> Ask();
  absl::StatusOr<v1::MarginReport> WorkOut();

  const Connection& connection_;
  std::string ledger_;     // a ledger's file
  std::string inference_;  // CSV
  CsvForm form_;
  std::string prices_;  // empty: none
  std::optional<int64_t> to_unix_seconds_;
  std::optional<outcomes::Window> window_;  // nothing: 365d of files, else kDefaultWindow
  int64_t window_nanos_ = kLongestOfFiles;  // of files
  std::string basis_ = "allocated";
  uint32_t limit_ = 0;   // most rows of a scope; 0: as many as there may be
  std::string refused_;  // where refused rows go; empty: nowhere
  size_t refused_rows_ = 0;
};

void OutcomesMargin::AddFlags(Flags& flags) {
  AddOutcomesLedger(flags, &ledger_);
  AddFiles(flags);
  AddFileForm(flags, &form_);
  AddQuestion(flags);
  AddOutcomesRefused(flags, &refused_);
  AddOutput(flags, &output_);
}

void OutcomesMargin::AddFiles(Flags& flags) {
  flags
      .Add("--inference", &inference_,
           "A CSV file, plain or gzip, with the columns start, model, customer_tier, "
           "requests, input_tokens and output_tokens. Optional columns: cached_input_tokens, "
           "revenue_usd, cost_usd. It needs --to")
      .ValueName("FILE");
  flags
      .Add("--prices", &prices_,
           "The price book for rows without revenue_usd, and for subscriptions")
      .ValueName("FILE");
}

void OutcomesMargin::AddQuestion(Flags& flags) {
  AddOutcomesTime(flags, "--to",
                  "The end of the window, which is not part of it. Without it, today (UTC) is the "
                  "last day of the window",
                  &to_unix_seconds_);
  flags
      .Add(
          "--window", [this](const std::string& text) { return ReadWindow(text); },
          "The length of the window: quarter (91d), year (365d) or days. The default is 28d, and "
          "365d for a CSV file")
      .ValueName("28d|quarter|year|Nd");
  flags
      .Add("--basis", &basis_,
           "Count the cost of all chip-time that serves a model (allocated), or of its busy "
           "part (used), where unmeasured time counts in full. A CSV file has its own costs")
      .OneOf({"allocated", "used"})
      .ShowDefault();
  flags
      .Add("--limit", &limit_,
           "Show at most this many rows of models, of customer tiers and of segments. Others are "
           "merged into one row named overflow. It does not apply to a CSV file")
      .InRange(1, 1'000)
      .ValueName("N");
}

absl::Status OutcomesMargin::ReadWindow(const std::string& text) {
  window_ = outcomes::ParseWindow(text);
  const auto nanos = window_ ? std::optional(window_->days * kDay) : ParseDuration(text);
  if (!nanos || *nanos < kDay || (!window_ && *nanos > kLongestOfFiles)) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is no window; expected quarter (91d), year (365d) or days such as 28d", Quoted(text)));
  }
  window_nanos_ = *nanos;
  return absl::OkStatus();
}

// What goes with what; the library can only say that of single flags.
absl::Status OutcomesMargin::CheckFlags() const {
  if (!inference_.empty() && !ledger_.empty()) {
    return absl::InvalidArgumentError("--inference and --ledger: expected one of the two");
  }
  if (FromDaemon() && !prices_.empty()) {
    return absl::InvalidArgumentError(
        "--prices takes --inference or --ledger: a daemon has a price book of its own");
  }
  return inference_.empty() ? CheckBooks() : CheckFiles();
}

absl::Status OutcomesMargin::CheckFiles() const {
  if (!to_unix_seconds_) return absl::InvalidArgumentError("--inference takes --to");
  if (window_nanos_ > kLongestOfFiles) {
    return absl::InvalidArgumentError(
        "--window: is longer than 365d, the most that files are looked at for");
  }
  return absl::OkStatus();
}

absl::Status OutcomesMargin::CheckBooks() const {
  if (absl::Status form = RefuseFileForm(form_, "--inference"); !form.ok()) return form;
  if (!window_ && window_nanos_ != kLongestOfFiles) {
    return absl::InvalidArgumentError("--window: expected quarter, year or days such as 28d");
  }
  if (to_unix_seconds_.value_or(0) % kSecondsPerDay != 0) {
    return absl::InvalidArgumentError("--to: is not midnight, UTC; the books have whole days");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::MarginReport> OutcomesMargin::Ask() {
  if (!inference_.empty()) return WorkOut();
  if (!ledger_.empty()) return MarginOfLedger(ledger_, prices_, Request());
  return QueryClient(connection_).GetMargin(Request());
}

v1::GetMarginRequest OutcomesMargin::Request() const {
  const outcomes::Window window = window_.value_or(kDefaultWindow);
  v1::GetMarginRequest request;
  request.set_basis(basis_);
  request.set_limit(limit_);
  if (to_unix_seconds_) {
    request.set_to_unix_seconds(*to_unix_seconds_);
    request.set_from_unix_seconds(*to_unix_seconds_ - window.days * kSecondsPerDay);
  } else {
    request.set_window(window.name);
  }
  return request;
}

// --- By CSV files ------------------------------------------------------------------------------

// A window and what was sold in it.
struct Side {
  outcomes::Span span;
  outcomes::Period period = {};
  int64_t accrued = 0;  // of subscriptions, micro-USD
  int64_t left = 0;     // of that, of tiers without requests
};

// Spreads what accrued in the side's span over its period.
absl::Status Subscribe(const outcomes::PriceBook& prices, Side* side) {
  const auto accrued = prices.subscriptions().Accrued(side->span.from, side->span.to);
  if (!accrued.ok()) return accrued.status();
  for (const auto& [tier, amount] : *accrued) {
    if (__builtin_add_overflow(side->accrued, amount, &side->accrued)) {
      return absl::OutOfRangeError("subscriptions add up to more than 64 bits hold; expected less");
    }
  }
  const auto left = outcomes::SpreadSubscriptions(*accrued, &side->period);
  if (!left.ok()) return left.status();
  side->left = *left;
  return absl::OkStatus();
}

// A window, what lies alike in the year before, and the part of the window that this is compared
// with: as far as the file tells.
struct Sides {
  Side after;
  Side before;
  Side compared;
  bool are_cut = false;  // the file tells of a part of one of the years only
};

// The days from the first row's to the last's, which a file tells of.
outcomes::Span ToldBy(const std::vector<imports::InferenceRow>& rows) {
  outcomes::Span told;
  for (const imports::InferenceRow& row : rows) {
    // A moment is a time too.
    const int64_t end = std::max(row.end_unix_seconds, row.start_unix_seconds + 1);
    told.from = told.to == 0 ? row.start_unix_seconds : std::min(told.from, row.start_unix_seconds);
    told.to = std::max(told.to, end);
  }
  return told;
}

Sides SidesOf(const std::vector<imports::InferenceRow>& rows, const outcomes::Span& window) {
  const outcomes::Span told = ToldBy(rows);
  const outcomes::Span earlier = outcomes::YearEarlier(window);
  const outcomes::Span known = outcomes::DaysTold(window, told, true);
  const outcomes::BothYears alike = outcomes::AlikeInBoth(
      window, {.before = outcomes::DaysTold(earlier, told, true), .after = known});
  // Where a year is not told at all, the other stands alone.
  if (outcomes::IsEmpty(alike.before) || outcomes::IsEmpty(alike.after)) {
    return {.after = {.span = window}, .before = {.span = earlier}, .compared = {.span = window}};
  }
  return {.after = {.span = known},
          .before = {.span = alike.before},
          .compared = {.span = alike.after},
          .are_cut = alike.before != earlier || alike.after != window};
}

// What the rows say of each side, with subscriptions.
absl::Status FillPeriods(const std::vector<imports::InferenceRow>& rows, const std::string& file,
                         const outcomes::PriceBook& prices, Sides* sides) {
  for (Side* side : {&sides->before, &sides->after, &sides->compared}) {
    auto period = imports::PeriodOf(rows, side->span.from, side->span.to);
    if (!period.ok()) return period.status();
    side->period = *std::move(period);
  }
  if (sides->after.period.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("{}: no row lies in the window from {} to {}; expected at least one", file,
                    UtcTime(sides->after.span.from * kNanosPerSecond),
                    UtcTime(sides->after.span.to * kNanosPerSecond)));
  }
  for (Side* side : {&sides->before, &sides->after, &sides->compared}) {
    if (absl::Status status = Subscribe(prices, side); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::MarginReport> Review(const Sides& sides, const outcomes::Span& window) {
  const auto review = outcomes::ReviewMargin(sides.before.period, sides.after.period,
                                             sides.compared.period, outcomes::VolumeRule{});
  if (!review.ok()) return review.status();
  v1::MarginReport report = MarginMessage(*review);
  report.set_subscription_micro_usd(sides.after.accrued);
  report.set_unattributed_subscription_micro_usd(sides.after.left);
  report.set_before_subscription_micro_usd(sides.before.accrued);
  report.set_before_unattributed_subscription_micro_usd(sides.before.left);
  // Both ends by the calendar, so that a year is all of its months, leap day or not.
  const outcomes::Span earlier = outcomes::YearEarlier(window);
  report.set_from_unix_seconds(window.from);
  report.set_to_unix_seconds(window.to);
  report.set_before_from_unix_seconds(earlier.from);
  report.set_before_to_unix_seconds(earlier.to);
  if (!sides.are_cut) return report;
  report.set_compared_from_unix_seconds(sides.compared.span.from);
  report.set_compared_to_unix_seconds(sides.compared.span.to);
  report.set_compared_before_from_unix_seconds(sides.before.span.from);
  report.set_compared_before_to_unix_seconds(sides.before.span.to);
  return report;
}

absl::StatusOr<v1::MarginReport> MarginOfRows(const std::vector<imports::InferenceRow>& rows,
                                              const std::string& file, const outcomes::Span& span,
                                              const outcomes::PriceBook& prices) {
  Sides sides = SidesOf(rows, span);
  if (absl::Status filled = FillPeriods(rows, file, prices, &sides); !filled.ok()) return filled;
  auto report = Review(sides, span);
  if (report.ok()) report->set_price_book_version(prices.version());
  return report;
}

absl::StatusOr<v1::MarginReport> OutcomesMargin::WorkOut() {
  const auto prices = prices_.empty() ? outcomes::PriceBook() : LoadPriceBook(prices_);
  if (!prices.ok()) return prices.status();
  auto csv = CsvReader::Open(inference_, form_);
  if (!csv.ok()) return csv.status();
  const auto rows = imports::ReadInference(*csv, *prices);
  if (!rows.ok()) return rows.status();
  if (auto kept = KeepRefused(inference_, rows->refused, refused_, true); !kept.ok()) return kept;
  refused_rows_ += rows->refused.size();
  const int64_t to = *to_unix_seconds_;
  const outcomes::Span span = {.from = to - window_nanos_ / kNanosPerSecond, .to = to};
  return MarginOfRows(rows->rows, inference_, span, *prices);
}

}  // namespace

std::unique_ptr<Command> MakeOutcomesMargin(const Connection& connection) {
  return std::make_unique<OutcomesMargin>(connection);
}

}  // namespace fleetmeter::ctl
