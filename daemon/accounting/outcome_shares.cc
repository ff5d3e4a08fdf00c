#include "daemon/accounting/outcome_shares.h"

#include <algorithm>

namespace fleetmeter {
namespace {

using Values = std::array<int64_t, kRevenueAmount + 1>;

Values ValuesOf(const InferenceAmounts& a) {
  return {a.requests,      a.unpriced_requests, a.input_tokens, a.cached_input_tokens,
          a.output_tokens, a.revenue_micro_usd};
}

}  // namespace

void OutcomeChange::Count(const InferenceAmounts& amounts) {
  const Values values = ValuesOf(amounts);
  for (size_t i = 0; i < values.size(); ++i) Count(i, values[i]);
}

size_t OutcomeRoom::FirstBeyond(const OutcomeChange& change) const {
  for (size_t i = 0; i < kOutcomeAmounts.size(); ++i) {
    if (change.added[i] > 0 && change.added[i] > added[i]) return i;
  }
  const absl::int128 taken = change.taken[kRevenueAmount];
  return taken > 0 && taken > revenue_taken ? kRevenueAmount : kOutcomeAmounts.size();
}

void OutcomeShares::Restore(const RestoredOutcomes& books) {
  OutcomeChange change;
  for (const SegmentTotal& total : books.segments) {
    change.Count(total.reported);
    change.Count(total.corrected);
  }
  for (const TrainingTotal& total : books.training) {
    change.Count(kTrainingAmount, total.reported_h100e_seconds);
    change.Count(kTrainingAmount, total.corrected_h100e_seconds);
  }
  for (size_t i = 0; i < kOutcomeAmounts.size(); ++i) {
    amounts_[i].added.Restore(change.added[i]);
    amounts_[i].net.Restore(change.added[i] - change.taken[i]);
  }
  refunds_.Restore(change.taken[kRevenueAmount]);
}

std::string OutcomeShares::ReporterOf(const SourceKey& source) const {
  for (const auto* reporters : {&staged_reporters_, &reporters_}) {
    if (const auto found = reporters->find(source); found != reporters->end()) {
      return found->second;
    }
  }
  return "";
}

double OutcomeShares::UsedRatio(size_t amount) const {
  const Shares& shares = amounts_[amount];
  const double used = std::max(shares.net.UsedRatio(), shares.added.UsedRatio());
  return amount == kRevenueAmount ? std::max(used, refunds_.UsedRatio()) : used;
}

OutcomeRoom OutcomeShares::RoomFor(const std::string& sender, OutcomeKind kind,
                                   const std::string& source) const {
  OutcomeRoom room;
  for (size_t i = 0; i < kOutcomeAmounts.size(); ++i) {
    room.added[i] = std::min(amounts_[i].net.RoomFor(sender), amounts_[i].added.RoomFor(sender));
  }
  // What its reporter brought can be taken back, whatever others have taken.
  const std::string reporter = ReporterOf({kind, source});
  const BookRoom& revenue = amounts_[kRevenueAmount].net;
  const absl::int128 brought = reporter.empty() ? revenue.total() : revenue.Of(reporter);
  room.revenue_taken = std::max(brought, refunds_.RoomFor(sender));
  return room;
}

void OutcomeShares::Stage(const std::string& sender, OutcomeKind kind, const std::string& source,
                          const OutcomeChange& change, bool corrects) {
  if (!corrects && ReporterOf({kind, source}).empty()) staged_reporters_[{kind, source}] = sender;
  const std::string reporter = ReporterOf({kind, source});
  for (size_t i = 0; i < kOutcomeAmounts.size(); ++i) {
    amounts_[i].added.Stage(sender, change.added[i]);
    amounts_[i].net.Stage(sender, change.added[i]);
    amounts_[i].net.Stage(reporter, -change.taken[i]);
  }
  refunds_.Stage(sender, change.taken[kRevenueAmount]);
}

void OutcomeShares::Commit() {
  for (Shares& shares : amounts_) {
    shares.net.Commit();
    shares.added.Commit();
  }
  refunds_.Commit();
  reporters_.merge(staged_reporters_);
  staged_reporters_.clear();
}

void OutcomeShares::Rollback() {
  for (Shares& shares : amounts_) {
    shares.net.Rollback();
    shares.added.Rollback();
  }
  refunds_.Rollback();
  staged_reporters_.clear();
}

}  // namespace fleetmeter
