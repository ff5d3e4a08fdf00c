// How much each sender may add to the totals of outcomes, so that every sum of rows of the books
// stays within 64 bits, and nobody can use that up for the others.
//
// Two limits hold for each amount, both shared out by BookRoom: of what is in the books when
// corrections are taken away, which a correction makes free again; and of all that was ever added,
// whatever became of it. A correction that takes away counts against whoever has reported its
// source. What was booked before the start is nobody's. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/accounting/book_room.h"
#include "daemon/base/transaction_part.h"
#include "daemon/ledger/outcome_books.h"

namespace fleetmeter {

// The amounts of outcomes, as they are named in reports.
inline constexpr std::array kOutcomeAmounts = {
    "requests",      "unpriced_requests", "input_tokens",  "cached_input_tokens",
    "output_tokens", "revenue_micro_usd", "h100e_seconds",
};
inline constexpr size_t kRevenueAmount = 5;
inline constexpr size_t kTrainingAmount = 6;

// What a report adds and takes away, by amount; both 0 or more.
struct OutcomeChange {
  std::array<absl::int128, kOutcomeAmounts.size()> added{};
  std::array<absl::int128, kOutcomeAmounts.size()> taken{};

  void Count(size_t amount, int64_t value) {
    if (value > 0) added[amount] += value;
    if (value < 0) taken[amount] -= value;
  }
  void Count(const InferenceAmounts& amounts);
};

// What a sender may still add. Counts can be taken away as far as there are any, which is asked
// elsewhere; revenue also beyond that.
struct OutcomeRoom {
  std::array<absl::int128, kOutcomeAmounts.size()> added{};
  absl::int128 revenue_taken = 0;

  // The first amount of which the change has too much; kOutcomeAmounts.size(): none.
  size_t FirstBeyond(const OutcomeChange& change) const;
};

class OutcomeShares final : public TransactionPart {
 public:
  // Of all books, for each amount: what was ever added, and what is there.
  static constexpr int64_t kMostAdded = INT64_MAX / 4;
  static constexpr int64_t kMostNet = INT64_MAX / 8;

  void Restore(const RestoredOutcomes& books);

  // The part of an amount's limits that is taken: of whichever more is taken of.
  double UsedRatio(size_t amount) const;

  // For a report about `source`.
  OutcomeRoom RoomFor(const std::string& sender, OutcomeKind kind, const std::string& source) const;

  // `corrects`: it is part of a correction, which does not make its sender the source's reporter.
  void Stage(const std::string& sender, OutcomeKind kind, const std::string& source,
             const OutcomeChange& change, bool corrects);
  void Commit() override;
  void Rollback() override;

 private:
  using SourceKey = std::pair<OutcomeKind, std::string>;
  struct Shares {
    BookRoom net{kMostNet};
    BookRoom added{kMostAdded};
  };
  // Who has reported the source first since the start; empty: nobody.
  std::string ReporterOf(const SourceKey& source) const;

  std::array<Shares, kOutcomeAmounts.size()> amounts_;
  BookRoom refunds_{kMostAdded};  // revenue that was taken away
  std::map<SourceKey, std::string> reporters_;
  std::map<SourceKey, std::string> staged_reporters_;
};

}  // namespace fleetmeter
