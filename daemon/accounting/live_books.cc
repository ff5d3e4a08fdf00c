#include "daemon/accounting/live_books.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace fleetmeter {

void LiveBooks::Restore(const RestoredBooks& books, int64_t now_unix_nanos) {
  for (const StreamPosition& position : books.streams) streams.Restore(position);
  streams.RestoreRetired(books.retired.marks);
  fleet.Restore(books, now_unix_nanos);
  outcomes.Restore(books.outcomes);
  usage.Restore(books.chip_nanos);
  for (const RejectedEntry& entry : books.rejected) Remember(entry);
  names.Restore(books.aliases);
  entries = books.entries;
  // The last term was kept, and goes on; those before it do not change any more.
  if (!books.terms.empty()) first_term_ = books.terms.size() - 1;
  staged_first_term_ = first_term_;
}

void LiveBooks::Remember(const RejectedEntry& entry) {
  if (!streams.HadSession(entry.stream)) rejected.Add(entry);
}

void LiveBooks::NoteForeign(const std::string& source, const std::string& identity, bool outcome,
                            int64_t now_unix_nanos) {
  const bool known = outcome ? outcomes.HasSource(source) : fleet.FindSource(source).has_value();
  if (known) (outcome ? foreign_outcomes : foreign).Add(source, identity, now_unix_nanos);
}

void LiveBooks::GrantBreak(int64_t nanos) {
  const auto term = fleet.GrantBreak(nanos);
  if (term) first_term_ = std::min(first_term_, *term);
  staged_first_term_ = first_term_;
}

void LiveBooks::Apply(const AdminEntry& entry, int64_t now_unix_nanos) {
  switch (entry.action) {
    case AdminAction::kForget:
      fleet.Forget(entry.source);
      break;
    case AdminAction::kRename:
      fleet.Rename(entry.source, entry.new_source, now_unix_nanos);
      names.Rename(entry.source, entry.new_source);
      break;
    case AdminAction::kMove:
      fleet.SetOwner(entry.source, entry.new_owner);
      outcomes.SetOwner(entry.source, entry.new_owner);
      foreign.Forget(entry.source);
      foreign_outcomes.Forget(entry.source);
      break;
    case AdminAction::kReprice:
      break;  // it was staged
    case AdminAction::kCorrectUsage:
      fleet.SetHistoryWindows(entry.source, entry.restated.windows);
      usage.Restore(entry.chip_nanos);
      break;
  }
  AdminEntry kept = entry;
  kept.repriced.clear();
  kept.restated = {};
  entries.push_back(std::move(kept));
}

void LiveBooks::Complete(LedgerTransaction* transaction) {
  streams.StageRetirement();
  transaction->streams = streams.Staged();
  transaction->unlisted = fleet.UnlistedAfter(transaction->counted);
  const std::vector<AllocationTerm>& terms = fleet.allocations();
  transaction->first_term = first_term_;
  transaction->terms.assign(terms.begin() + static_cast<int64_t>(first_term_), terms.end());
  if (!terms.empty()) staged_first_term_ = terms.size() - 1;
}

void LiveBooks::Commit() {
  streams.Commit();
  outcomes.Commit();
  signals.Commit();
  usage.Commit();
  first_term_ = staged_first_term_;
}

void LiveBooks::Rollback() {
  streams.Rollback();
  outcomes.Rollback();
  signals.Rollback();
  usage.Rollback();
  staged_first_term_ = first_term_;
}

}  // namespace fleetmeter
