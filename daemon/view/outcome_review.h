// Margin and capability of what a ledger holds.
//
// `ledger` may be a connection that only reads. Whoever asks several questions that are to fit
// together asks them within one ReadTransaction.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/capability_view.h"
#include "daemon/domain/outcomes/margin_review.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/domain/outcomes/windows.h"
#include "daemon/ledger/read/read_told_times.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/view/known_time.h"
#include "daemon/view/training_hours.h"
#include "daemon/view/window_margin.h"

namespace fleetmeter {

// Sees the ledger as it was when the first question was asked, for as long as it lives.
class ReadTransaction {
 public:
  static absl::StatusOr<ReadTransaction> Begin(Database& ledger);
  ~ReadTransaction();
  ReadTransaction(ReadTransaction&& other) noexcept;
  ReadTransaction& operator=(ReadTransaction&&) = delete;

 private:
  explicit ReadTransaction(Database& ledger) : ledger_(&ledger) {}
  Database* ledger_;  // null: moved from
};

// A window and the same a year earlier, each as far as it is known.
struct MarginFacts {
  DayZone zone;  // whose days the window has
  KnownTime known;
  WindowFacts after;
  WindowFacts before;    // what lies alike in the window a year earlier
  WindowFacts compared;  // of after, what lies alike in before
};
// `span` is whole days of the zone of `told`, and `told` what ReadToldTimes gives. Subscriptions
// accrue up to the moment `now`, as chip-time does. InvalidArgument if the span is empty, not of
// whole days or begins before 1971.
absl::StatusOr<MarginFacts> ReadMarginFacts(Database& ledger, const outcomes::Rules& rules,
                                            const ToldTimes& told, outcomes::Span span,
                                            int64_t now_unix_seconds);

struct MarginAnswer {
  DayZone zone;  // whose days all of its times are
  outcomes::Span span;
  outcomes::Span before_span;
  outcomes::CostBasis basis = outcomes::CostBasis::kAllocated;
  uint32_t price_book_version = 0;  // in force now; 0: none
  WindowPeriod after;
  WindowPeriod before;
  WindowPeriod compared;
  // The days that are compared: the first and the last of any model.
  std::optional<outcomes::BothYears> both_years;
  std::vector<UnknownTime> unknown;
  outcomes::MarginReview review;
};
absl::StatusOr<MarginAnswer> ReviewFacts(const MarginFacts& facts, outcomes::CostBasis basis,
                                         const outcomes::Rules& rules);

struct CapabilityAnswer {
  DayZone zone;  // whose days and quarters they are
  // Nothing: the rules have no benchmark suite.
  std::optional<outcomes::CapabilityView> view;
  TrainingHours training;  // up to the last quarter's end
};
// Up to `last_quarter` (QuarterNumber), and at most up to the day of the moment `now`. If that is
// in the last quarter, it is still running.
absl::StatusOr<CapabilityAnswer> ReadCapability(Database& ledger, const outcomes::Rules& rules,
                                                int64_t last_quarter, int64_t now_unix_seconds);

// What chip-time of inference's pools cost since the books began, without history, by the model
// that usage reports named ("": they named none) and basis, in micro-USD. Of what has a price. As
// little as the chip-time itself does it ever shrink.
struct BookedCost {
  std::string model;
  outcomes::CostBasis basis = outcomes::CostBasis::kAllocated;
  int64_t micro_usd = 0;
};
absl::StatusOr<std::vector<BookedCost>> ReadBookedCosts(Database& ledger);

// H100e-seconds that trained each model in each phase since the books began, without history.
absl::StatusOr<std::map<std::pair<std::string, TrainingPhase>, double>> ReadTrainingSeconds(
    Database& ledger, const outcomes::Rules& rules);

}  // namespace fleetmeter
