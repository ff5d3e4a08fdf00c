// What came of a grant that named a model or a training run, beside what its request promised.
//
// Outcomes are booked by the day, so the day on which a grant begins counts as a whole. Money is
// that of the whole model, since the books do not divide it between those who have grants for it.
// A gain in efficiency compares with the kDaysBefore days before that day.
// `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/standing.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/view/efficiency_gain.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter {

// Four weeks, so that each day of the week counts alike.
inline constexpr int64_t kDaysBefore = 28;

struct ResultReview {
  // Since the grant began, on the days that are known. Nothing: it cannot be told, and `why` says
  // why.
  std::optional<int64_t> revenue_micro_usd;
  std::optional<double> margin_per_request_usd;
  // What the model gained over the one before it, of a model that has been measured since.
  std::optional<double> capability_per_1000_h100e_hours;
  // Of a request that promised a gain in efficiency: what came of it up to now.
  std::optional<EfficiencyGain> efficiency;
  capacity::Standing standing = capacity::Standing::kCannotBeTold;
  std::vector<std::string> why;  // whole sentences
};

// Reviews grants one after the other, within one read transaction of the caller. Not thread-safe.
class ResultReviewer {
 public:
  // What the books know of all grants. `ledger` and `rules` outlive the reviewer.
  static absl::StatusOr<ResultReviewer> Begin(Database& ledger, const outcomes::Rules& rules,
                                              int64_t now_unix_seconds);

  // `request` has a grant.
  absl::StatusOr<ResultReview> Review(const capacity::CapacityRequest& request);

 private:
  // What is known of a model's money in some days.
  struct Money {
    std::optional<int64_t> revenue_micro_usd;
    std::optional<double> margin_per_request_usd;
    bool any = false;              // something was told of it
    bool whole = true;             // of all of the days
    std::vector<std::string> why;  // what is missing
  };

  // A gain in efficiency from the days before `days` to those.
  struct Gain {
    std::optional<EfficiencyGain> gain;
    bool whole = true;  // all of `days` are known
    std::vector<std::string> why;
  };
  // Facts and answer of some days, as far as they are known.
  struct Known {
    WindowFacts facts;
    MarginAnswer answer;
  };

  ResultReviewer(Database& ledger, const outcomes::Rules& rules, int64_t now)
      : ledger_(ledger), rules_(rules), now_(now) {}

  // The model that a request is about; empty: nobody knows.
  std::string ModelOf(const capacity::CapacityForm& form) const;
  absl::StatusOr<const Known*> KnownIn(outcomes::Span days);
  absl::StatusOr<Money> MoneyOf(const std::string& model, outcomes::Span days);
  absl::StatusOr<ServedWork> WorkIn(const std::string& model, outcomes::Span days);
  absl::StatusOr<Gain> GainIn(const std::string& model, outcomes::Span days);
  // What had come in `days`, as the standing takes it.
  absl::StatusOr<capacity::Came> RevenueBy(const std::string& model, outcomes::Span days,
                                           std::vector<std::string>* why);
  absl::StatusOr<capacity::Came> GainBy(const std::string& model, outcomes::Span days,
                                        std::vector<std::string>* why);
  absl::Status AddMoney(const std::string& model, int64_t first, ResultReview* review);
  absl::Status AddEfficiency(const std::string& model, int64_t first, ResultReview* review);
  void AddCapability(const std::string& model, const capacity::CapacityRequest& request,
                     ResultReview* review) const;
  absl::Status Judge(const std::string& model, const capacity::CapacityRequest& request,
                     ResultReview* review);

  Database& ledger_;
  const outcomes::Rules& rules_;
  const int64_t now_;
  ToldTimes told_;
  int64_t today_ = 0;                                // by the clocks of the books
  std::map<std::string, std::string> model_of_run_;  // as training reports named it
  CapabilityAnswer capability_;
  std::map<outcomes::Span, Known> known_;  // of grants that began on one day
};

}  // namespace fleetmeter
