// How much of an amount the books can still hold, and how much of that each sender may add, so that
// no sender can use it up for the others.
//
// A sender may have at most half of what the others have left: whoever takes all that it may, the
// next one still finds half of the rest. What is taken back becomes free again. Senders are
// identities, or sources where callers have none (SenderOf). Not thread-safe.
//
// This is about what is booked for good. Places that are taken and given back while the daemon
// runs, such as open streams, are shared out by FairShare (daemon/base/fair_share.h).
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/numeric/int128.h"
#include "daemon/base/transaction_part.h"
#include "daemon/domain/report/stream_key.h"

namespace fleetmeter {

// Who is charged for what comes by a stream.
inline std::string SenderOf(const StreamKey& stream, const std::string& source) {
  return stream.identity == kLocalIdentity ? "source " + source : stream.identity;
}

class BookRoom final : public TransactionPart {
 public:
  // Beyond so many, what all of them have becomes nobody's: names of senders may come and go.
  static constexpr size_t kMostSenders = 500'000;

  // Of everything together. At most 2^126.
  explicit BookRoom(absl::int128 limit) : limit_(limit) {}

  // What is there already and is nobody's.
  void Restore(absl::int128 amount) { total_ += amount; }

  // What a sender has, which may be below 0.
  absl::int128 Of(const std::string& sender) const {
    const auto found = shares_.find(sender);
    return found == shares_.end() ? 0 : found->second;
  }
  // How much more a sender may have; below 0 where it has too much already.
  absl::int128 RoomFor(const std::string& sender) const {
    const absl::int128 own = Of(sender);
    return (limit_ - (total_ - own)) / 2 - own;
  }
  absl::int128 total() const { return total_; }
  // The part of the limit that is taken, from 0 to 1.
  double UsedRatio() const {
    return total_ <= 0 ? 0 : static_cast<double>(total_) / static_cast<double>(limit_);
  }

  // `amount` may be below 0: it is taken back. Of a sender without a name: nobody's.
  void Stage(const std::string& sender, absl::int128 amount) {
    if (amount == 0) return;
    Add(sender, amount);
    staged_.emplace_back(sender, amount);
  }
  void Commit() override {
    staged_.clear();
    if (shares_.size() > kMostSenders) shares_.clear();
  }
  void Rollback() override {
    for (const auto& [sender, amount] : staged_) Add(sender, -amount);
    staged_.clear();
  }

 private:
  void Add(const std::string& sender, absl::int128 amount) {
    total_ += amount;
    if (!sender.empty()) shares_[sender] += amount;
  }

  absl::int128 limit_;
  absl::int128 total_ = 0;
  absl::flat_hash_map<std::string, absl::int128> shares_;
  std::vector<std::pair<std::string, absl::int128>> staged_;
};

}  // namespace fleetmeter
