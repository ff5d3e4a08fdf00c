// Reports that the daemon deferred: what waits, why, and when it is offered again.
//
// Reports with the same reason and subject are a group, since they are mended together. Of a group
// the oldest and the newest are offered first, with back-off; when one of them is settled, the rest
// follow. A report is lost when it has waited too long, or when there are too many; each is counted
// by its reason. An offered report leaves the store, since it then waits in the outbox; what is
// known of it is kept until the daemon answers.
//
// Belongs to an outbox, under the outbox's mutex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/core/deferred_store.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {

struct DeferralOptions {
  // How long a report waits while the collector runs. The time when it does not run is left out,
  // since only a wall clock could tell it.
  int64_t max_wait_nanos = 7 * kDay;
  uint64_t max_bytes = uint64_t{256} << 20;
  int64_t first_offer_nanos = 2 * kSecond;
  int64_t longest_offer_nanos = 2 * kMinute;
};

// What the daemon said of a report that it deferred.
struct Deferral {
  uint64_t sequence = 0;
  std::string reason;
  std::string subject;
  std::string detail;
};

// Reports that wait for the same.
struct DeferredGroup {
  std::string reason;
  std::string subject;
  std::string detail;  // of the latest
  uint64_t reports = 0;
};

struct DeferredStats {
  std::vector<DeferredGroup> groups;  // the largest first
  uint64_t reports = 0;
  uint64_t bytes = 0;
  int64_t oldest_wait_nanos = 0;         // 0: none waits
  std::map<std::string, uint64_t> lost;  // by reason, since the start of the process
};

class DeferredReports {
 public:
  // `clock` outlives it. `in_use_nanos`: for how long the store was in use before.
  DeferredReports(const DeferralOptions& options, const Clock& clock,
                  std::unique_ptr<DeferredStore> store, int64_t in_use_nanos = 0);

  // What the store held at the start, in order of their ids.
  void Restore(const std::vector<DeferredRecord>& records);
  // Drops what also waits in the outbox, by digest: it will be offered from there.
  absl::Status DropWaiting(const std::set<uint64_t>& digests);

  // Keeps reports, given by their bytes. What is kept already is not kept twice.
  absl::Status Defer(const std::vector<std::pair<Deferral, std::string>>& reports);

  struct Offer {
    uint64_t id = 0;
    std::string bytes;
    int64_t window_end_unix_nanos = 0;
  };
  // What is due, at most about `most`. Loses what has waited too long.
  absl::StatusOr<std::vector<Offer>> Due(size_t most);
  // They have the places from `position` on in the outbox now, which are positions over its life.
  absl::Status Offered(const std::vector<Offer>& offers, uint64_t position);
  // Everything up to this position is answered. What was deferred again was told first (Defer).
  void Answered(uint64_t position);
  // The daemon may have changed: every group is due at once.
  void OfferSoon();
  // Nothing is due at present, and nothing that was offered is unanswered.
  bool Quiet() const;

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  // The start of the oldest window that is kept or offered; 0: there is none.
  int64_t OldestStart() const { return starts_.empty() ? 0 : *starts_.begin(); }
  DeferredStats stats() const;

 private:
  using GroupKey = std::pair<std::string, std::string>;  // reason, subject
  struct Entry {
    GroupKey group;
    int64_t start_unix_nanos = 0;
    int64_t end_unix_nanos = 0;
    int64_t deferred_at = 0;
    uint64_t bytes = 0;
    uint64_t digest = 0;
    uint64_t round = 0;  // of the group, in which it was offered last
  };
  struct Group {
    std::set<std::pair<int64_t, uint64_t>> waiting;  // start, id
    std::string detail;
    int64_t wait_nanos = 0;  // before the next offer
    int64_t next_at = 0;     // monotonic
    uint64_t round = 1;
    bool flowing = false;  // some were settled: the rest follow in this round
    size_t unanswered = 0;
    size_t settled = 0;  // of those that were offered together
    bool said = false;
  };
  struct Unanswered {
    GroupKey group;
    int64_t start_unix_nanos = 0;
    int64_t deferred_at = 0;
    uint64_t position = 0;
    uint64_t round = 0;
  };

  int64_t InUse() const { return in_use_before_ + (clock_.MonotonicNanos() - opened_at_); }
  // An entry for the report, waiting in its group.
  void Add(const DeferredRecord& record, uint64_t round);
  void Remove(uint64_t id);
  std::vector<uint64_t> Choose(const Group& group, size_t most) const;
  absl::Status Lose(const std::vector<uint64_t>& ids, const char* why);
  absl::Status LoseOld();
  // Those that were there first, until the rest and `more` bytes fit.
  absl::Status MakeRoom(uint64_t more);
  void AllAnswered(const GroupKey& key, Group& group);
  void ForgetIfEmpty(const GroupKey& key);
  absl::Status RememberUse();

  const DeferralOptions options_;
  const Clock& clock_;
  const std::unique_ptr<DeferredStore> store_;
  const int64_t in_use_before_;
  const int64_t opened_at_;  // monotonic
  int64_t use_remembered_ = 0;
  int64_t looked_for_old_ = 0;
  uint64_t next_id_ = 1;
  uint64_t bytes_ = 0;
  std::map<uint64_t, Entry> entries_;       // by id
  std::map<uint64_t, uint64_t> by_digest_;  // id
  std::map<GroupKey, Group> groups_;
  std::map<uint64_t, Unanswered> unanswered_;  // by digest
  std::multiset<int64_t> starts_;              // of entries and of what is unanswered
  std::map<std::string, uint64_t> lost_;
  uint64_t warnings_ = 0;
};

}  // namespace fleetmeter::collector
