// Submissions that wait, in an order that is fair to their senders: who has a long line waits for
// its own line, and not everybody else.
//
// Those of one sender keep their order. Among senders, the next is the one that has had least
// (start-time fair queueing, Goyal, Vin and Cheng, 1996): each submission starts where the one
// before it of its sender ends, by their weights, but not before what is being taken now. Not
// thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "daemon/accounting/submission.h"

namespace fleetmeter {

class FairLine {
 public:
  struct Waiting {
    Submission submission;
    size_t weight = 0;
    bool part = false;  // of a submission that was divided
  };

  void Push(const std::string& sender, Waiting waiting) {
    Sender& from = senders_[sender];
    const Place place{std::max(now_, from.finish), ++pushed_};
    from.finish = place.first + std::max<size_t>(1, waiting.weight);
    if (from.line.empty()) next_.emplace(place, sender);
    from.line.emplace_back(place, std::move(waiting));
  }

  bool empty() const { return next_.empty(); }
  const Waiting& Front() const {
    return senders_.find(next_.begin()->second)->second.line.front().second;
  }

  Waiting Pop() {
    const auto [place, sender] = *next_.begin();
    next_.erase(next_.begin());
    now_ = place.first;
    auto& line = senders_.find(sender)->second.line;
    Waiting waiting = std::move(line.front().second);
    line.pop_front();
    if (!line.empty()) next_.emplace(line.front().first, sender);
    if (senders_.size() > 2 * next_.size() + kMostIdle) ForgetIdle();
    return waiting;
  }

 private:
  static constexpr size_t kMostIdle = 1'024;

  using Place = std::pair<uint64_t, uint64_t>;  // where it starts; its number, among equals
  struct Sender {
    uint64_t finish = 0;  // of the latest that it pushed
    std::deque<std::pair<Place, Waiting>> line;
  };

  // Who has had no more than others can be forgotten.
  void ForgetIdle() {
    absl::erase_if(senders_, [&](const auto& sender) {
      return sender.second.line.empty() && sender.second.finish <= now_;
    });
  }

  absl::flat_hash_map<std::string, Sender> senders_;
  std::map<Place, std::string> next_;  // the first of each line
  uint64_t now_ = 0;                   // where what was taken last started
  uint64_t pushed_ = 0;
};

}  // namespace fleetmeter
