// Gives out a number of places, such as open streams or room in a queue, so that no identity gets
// all of them. What can be booked for good is shared out by another rule, see BookRoom.
//
// An identity may have at most three times as much as is left. Alone it can have three quarters;
// with others that want much it gets as much as each of them; and whoever has nothing yet finds
// some. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace fleetmeter {

class FairShare {
 public:
  enum class Sharing {
    kAll,   // each identity may have everything: senders cannot be told apart
    kFair,  // as above
  };

  FairShare(size_t places, Sharing sharing) : places_(places), sharing_(sharing) {}

  // False: there is no room, or none for this identity; nothing was taken then.
  bool TryTake(const std::string& identity, size_t amount = 1) {
    if (!Has(identity, amount)) return false;
    taken_ += amount;
    if (amount > 0) taken_of_[identity] += amount;
    return true;
  }

  // Whether TryTake would succeed.
  bool Has(const std::string& identity, size_t amount) const {
    const size_t left = places_ - taken_;
    if (amount == 0) return true;
    if (amount > left) return false;
    const size_t own = sharing_ == Sharing::kFair ? Of(identity) : 0;
    return own == 0 || own + amount <= 3 * left;
  }

  // What it took before.
  void GiveBack(const std::string& identity, size_t amount = 1) {
    if (amount == 0) return;
    const auto own = taken_of_.find(identity);
    taken_ -= amount;
    own->second -= amount;
    if (own->second == 0) taken_of_.erase(own);
  }

  size_t Of(const std::string& identity) const {
    const auto own = taken_of_.find(identity);
    return own == taken_of_.end() ? 0 : own->second;
  }
  size_t taken() const { return taken_; }
  size_t places() const { return places_; }

 private:
  const size_t places_;
  const Sharing sharing_;
  size_t taken_ = 0;
  absl::flat_hash_map<std::string, size_t> taken_of_;  // by identity
};

}  // namespace fleetmeter
