#include "collectors/core/deferred_reports.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/base/digest.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter::collector {
namespace {

// How often the time of use is worth remembering for itself: a crash makes reports younger by so
// much at most.
constexpr int64_t kRememberUseEvery = kHour;
constexpr int64_t kLookForOldEvery = kMinute;
constexpr uint64_t kMostDeferralWarnings = 50;
constexpr size_t kProbes = 2;

}  // namespace

DeferredReports::DeferredReports(const DeferralOptions& options, const Clock& clock,
                                 std::unique_ptr<DeferredStore> store, int64_t in_use_nanos)
    : options_(options),
      clock_(clock),
      store_(std::move(store)),
      in_use_before_(in_use_nanos),
      opened_at_(clock.MonotonicNanos()),
      use_remembered_(in_use_nanos),
      looked_for_old_(in_use_nanos) {}

void DeferredReports::Restore(const std::vector<DeferredRecord>& records) {
  for (const DeferredRecord& record : records) {
    next_id_ = std::max(next_id_, record.id + 1);
    Add(record, 0);
  }
}

absl::Status DeferredReports::DropWaiting(const std::set<uint64_t>& digests) {
  std::vector<uint64_t> ids;
  for (const uint64_t digest : digests) {
    const auto it = by_digest_.find(digest);
    if (it != by_digest_.end()) ids.push_back(it->second);
  }
  if (ids.empty()) return absl::OkStatus();
  absl::Status dropped = store_->Drop(ids, InUse());
  if (!dropped.ok()) return dropped;
  for (const uint64_t id : ids) Remove(id);
  return absl::OkStatus();
}

void DeferredReports::Add(const DeferredRecord& record, uint64_t round) {
  v1::UsageReport report;
  report.ParsePartialFromString(record.bytes);
  Entry entry;
  entry.group = {record.reason, record.subject};
  entry.start_unix_nanos = report.window_start_unix_nanos();
  entry.end_unix_nanos = entry.start_unix_nanos + report.window_length_nanos();
  entry.deferred_at = record.deferred_at_nanos;
  entry.bytes = record.bytes.size();
  entry.digest = Digest64(record.bytes);
  entry.round = round;
  Group& group = groups_[entry.group];
  if (group.wait_nanos == 0) {
    group.wait_nanos = options_.first_offer_nanos;
    group.next_at = clock_.MonotonicNanos() + group.wait_nanos;
  }
  group.detail = record.detail;
  group.waiting.emplace(entry.start_unix_nanos, record.id);
  starts_.insert(entry.start_unix_nanos);
  by_digest_[entry.digest] = record.id;
  bytes_ += entry.bytes;
  entries_[record.id] = std::move(entry);
}

void DeferredReports::Remove(uint64_t id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  const Entry& entry = it->second;
  const GroupKey key = entry.group;
  groups_[key].waiting.erase({entry.start_unix_nanos, id});
  starts_.erase(starts_.find(entry.start_unix_nanos));
  by_digest_.erase(entry.digest);
  bytes_ -= entry.bytes;
  entries_.erase(it);
  ForgetIfEmpty(key);
}

void DeferredReports::ForgetIfEmpty(const GroupKey& key) {
  const auto it = groups_.find(key);
  if (it == groups_.end() || !it->second.waiting.empty() || it->second.unanswered > 0) return;
  if (it->second.said) {
    spdlog::info("no report is deferred any more for {}: {}", key.first, key.second);
  }
  groups_.erase(it);
}

absl::Status DeferredReports::Defer(const std::vector<std::pair<Deferral, std::string>>& reports) {
  std::vector<DeferredRecord> records;
  std::vector<uint64_t> rounds;
  std::set<uint64_t> digests;
  uint64_t more = 0;
  for (const auto& [deferral, bytes] : reports) {
    const uint64_t digest = Digest64(bytes);
    if (by_digest_.contains(digest) || !digests.insert(digest).second) continue;
    DeferredRecord record{.id = next_id_ + records.size(),
                          .reason = deferral.reason,
                          .subject = deferral.subject,
                          .detail = deferral.detail,
                          .deferred_at_nanos = InUse(),
                          .bytes = bytes};
    uint64_t round = 0;
    if (const auto before = unanswered_.find(digest); before != unanswered_.end()) {
      record.deferred_at_nanos = before->second.deferred_at;
      round = before->second.round;
    }
    more += bytes.size();
    records.push_back(std::move(record));
    rounds.push_back(round);
  }
  if (absl::Status room = MakeRoom(more); !room.ok()) return room;
  if (absl::Status kept = store_->Keep(records, InUse()); !kept.ok()) return kept;
  next_id_ += records.size();
  for (size_t i = 0; i < records.size(); ++i) {
    Add(records[i], rounds[i]);
    const GroupKey key{records[i].reason, records[i].subject};
    Group& group = groups_[key];
    if (!group.said && ++warnings_ <= kMostDeferralWarnings) {
      spdlog::warn(
          "the daemon defers reports: {}: {}: {}; they are kept and offered again, until they are "
          "counted or have waited for {:.1f} days",
          records[i].reason, records[i].subject, records[i].detail,
          static_cast<double>(options_.max_wait_nanos) / kDay);
    }
    group.said = true;
    // Answered: the group that offered it learns that it was not settled.
    const auto before = unanswered_.find(Digest64(records[i].bytes));
    if (before == unanswered_.end()) continue;
    const GroupKey offered = before->second.group;
    starts_.erase(starts_.find(before->second.start_unix_nanos));
    unanswered_.erase(before);
    Group& old = groups_[offered];
    if (--old.unanswered == 0) AllAnswered(offered, old);
  }
  return absl::OkStatus();
}

absl::Status DeferredReports::Lose(const std::vector<uint64_t>& ids, const char* why) {
  if (ids.empty()) return absl::OkStatus();
  if (absl::Status dropped = store_->Drop(ids, InUse()); !dropped.ok()) return dropped;
  std::map<GroupKey, uint64_t> counts;
  for (const uint64_t id : ids) {
    const Entry& entry = entries_.at(id);
    ++lost_[entry.group.first];
    ++counts[entry.group];
    Remove(id);
  }
  for (const auto& [key, count] : counts) {
    spdlog::error("{} deferred reports are lost, since {}: {}: {}", count, why, key.first,
                  key.second);
  }
  return absl::OkStatus();
}

absl::Status DeferredReports::LoseOld() {
  const int64_t since = InUse() - looked_for_old_;
  if (since < std::min(kLookForOldEvery, options_.max_wait_nanos / 8)) return absl::OkStatus();
  looked_for_old_ = InUse();
  std::vector<uint64_t> old;
  const int64_t now = InUse();
  for (const auto& [id, entry] : entries_) {
    if (now - entry.deferred_at > options_.max_wait_nanos) old.push_back(id);
  }
  return Lose(old, "they have waited as long as deferred reports may");
}

absl::Status DeferredReports::MakeRoom(uint64_t more) {
  if (bytes_ + more <= options_.max_bytes) return absl::OkStatus();
  std::vector<std::pair<int64_t, uint64_t>> by_age;
  for (const auto& [id, entry] : entries_) by_age.emplace_back(entry.deferred_at, id);
  std::sort(by_age.begin(), by_age.end());
  // An eighth more than is needed, so that this is not done for each report.
  const uint64_t enough = options_.max_bytes - options_.max_bytes / 8;
  uint64_t left = bytes_ + more;
  std::vector<uint64_t> ids;
  for (const auto& [deferred_at, id] : by_age) {
    if (left <= enough) break;
    left -= entries_.at(id).bytes;
    ids.push_back(id);
  }
  return Lose(ids, "all that are deferred take more room than they may");
}

std::vector<uint64_t> DeferredReports::Choose(const Group& group, size_t most) const {
  std::vector<uint64_t> ids;
  if (!group.flowing) {
    ids.push_back(group.waiting.begin()->second);
    const uint64_t newest = group.waiting.rbegin()->second;
    if (newest != ids.front() && ids.size() < std::min(kProbes, most)) ids.push_back(newest);
    return ids;
  }
  for (const auto& [start, id] : group.waiting) {
    if (ids.size() >= most) break;
    if (entries_.at(id).round != group.round) ids.push_back(id);
  }
  return ids;
}

absl::StatusOr<std::vector<DeferredReports::Offer>> DeferredReports::Due(size_t most) {
  if (absl::Status lost = LoseOld(); !lost.ok()) return lost;
  if (absl::Status remembered = RememberUse(); !remembered.ok()) return remembered;
  std::vector<Offer> offers;
  const int64_t now = clock_.MonotonicNanos();
  for (auto& [key, group] : groups_) {
    if (offers.size() >= most) break;
    if (group.unanswered > 0 || group.waiting.empty() || now < group.next_at) continue;
    for (const uint64_t id : Choose(group, most - offers.size())) {
      auto bytes = store_->Read(id);
      if (!bytes.ok()) return bytes.status();
      offers.push_back({id, *std::move(bytes), entries_.at(id).end_unix_nanos});
    }
  }
  return offers;
}

absl::Status DeferredReports::Offered(const std::vector<Offer>& offers, uint64_t position) {
  std::vector<uint64_t> ids;
  for (const Offer& offer : offers) ids.push_back(offer.id);
  // A store that fails here has them still, and they would be offered twice at worst, which counts
  // once.
  absl::Status dropped = store_->Drop(ids, InUse());
  for (const Offer& offer : offers) {
    const Entry entry = entries_.at(offer.id);
    Group& group = groups_[entry.group];
    if (group.unanswered++ == 0) group.settled = 0;
    starts_.insert(entry.start_unix_nanos);
    unanswered_[entry.digest] = {entry.group, entry.start_unix_nanos, entry.deferred_at, position++,
                                 group.round};
    Remove(offer.id);
  }
  return dropped;
}

void DeferredReports::Answered(uint64_t position) {
  for (auto it = unanswered_.begin(); it != unanswered_.end();) {
    if (it->second.position > position) {
      ++it;
      continue;
    }
    const GroupKey key = it->second.group;
    starts_.erase(starts_.find(it->second.start_unix_nanos));
    it = unanswered_.erase(it);
    Group& group = groups_[key];
    ++group.settled;
    if (--group.unanswered == 0) AllAnswered(key, group);
  }
}

void DeferredReports::AllAnswered(const GroupKey& key, Group& group) {
  const int64_t now = clock_.MonotonicNanos();
  if (group.settled > 0) {
    // It seems to be mended: whatever was not offered in this round follows at once.
    group.flowing = true;
    group.wait_nanos = options_.first_offer_nanos;
    group.next_at = now;
    if (Choose(group, 1).empty()) {
      group.flowing = false;
      ++group.round;
      group.next_at = now + group.wait_nanos;
    }
  } else {
    if (group.flowing) ++group.round;
    group.flowing = false;
    group.wait_nanos = std::min(group.wait_nanos * 2, options_.longest_offer_nanos);
    group.next_at = now + group.wait_nanos;
  }
  ForgetIfEmpty(key);
}

void DeferredReports::OfferSoon() {
  const int64_t now = clock_.MonotonicNanos();
  for (auto& [key, group] : groups_) {
    group.next_at = now;
    group.wait_nanos = options_.first_offer_nanos;
  }
}

bool DeferredReports::Quiet() const {
  const int64_t now = clock_.MonotonicNanos();
  return unanswered_.empty() && std::all_of(groups_.begin(), groups_.end(), [&](const auto& group) {
           return group.second.waiting.empty() || group.second.next_at > now;
         });
}

absl::Status DeferredReports::RememberUse() {
  if (entries_.empty() || InUse() - use_remembered_ < kRememberUseEvery) return absl::OkStatus();
  use_remembered_ = InUse();
  return store_->Drop({}, use_remembered_);
}

DeferredStats DeferredReports::stats() const {
  DeferredStats stats;
  stats.reports = entries_.size();
  stats.bytes = store_->bytes();
  stats.lost = lost_;
  for (const auto& [key, group] : groups_) {
    if (group.waiting.empty()) continue;
    stats.groups.push_back({key.first, key.second, group.detail, group.waiting.size()});
  }
  std::stable_sort(
      stats.groups.begin(), stats.groups.end(),
      [](const DeferredGroup& a, const DeferredGroup& b) { return a.reports > b.reports; });
  for (const auto& [id, entry] : entries_) {
    stats.oldest_wait_nanos = std::max(stats.oldest_wait_nanos, InUse() - entry.deferred_at);
  }
  return stats;
}

}  // namespace fleetmeter::collector
