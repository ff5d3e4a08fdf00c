// Answers about outcomes that were worked out before, as long as they would come out the same: who
// asks the same again and again costs the ledger nothing. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/base/mutex.h"
#include "daemon/domain/reference_data.h"
#include "google/protobuf/message_lite.h"

namespace fleetmeter {

class AnswerCache {
 public:
  // What an answer rests on beside its question.
  struct Basis {
    uint64_t commits = 0;      // Writer::outcome_commits, read before the ledger was
    int64_t quarter_hour = 0;  // subscriptions accrue, and days of all zones end with one
    std::shared_ptr<const ReferenceData> reference;
    friend bool operator==(const Basis&, const Basis&) = default;
  };

  // Fills `response` from what was kept, or from `work_out(response)`, which it then keeps. Errors
  // are not kept.
  template <class WorkOut>
  absl::Status Answer(const Basis& basis, const google::protobuf::MessageLite& request,
                      google::protobuf::MessageLite* response, const WorkOut& work_out) {
    const std::string question = request.SerializeAsString();
    if (Find(basis, question, response)) return absl::OkStatus();
    absl::Status status = work_out();
    if (status.ok()) Keep(basis, question, response->SerializeAsString());
    return status;
  }

 private:
  // Answers of a basis that has passed are forgotten, and all when there are many.
  static constexpr size_t kMostBytes = size_t{16} << 20;

  bool Find(const Basis& basis, const std::string& question,
            google::protobuf::MessageLite* response) {
    MutexLock lock(mutex_);
    if (basis != basis_) return false;
    const auto kept = answers_.find(question);
    return kept != answers_.end() && response->ParseFromString(kept->second);
  }

  void Keep(const Basis& basis, const std::string& question, std::string answer) {
    MutexLock lock(mutex_);
    if (basis != basis_ || bytes_ > kMostBytes) {
      answers_.clear();
      bytes_ = 0;
      basis_ = basis;
    }
    bytes_ += question.size() + answer.size();
    answers_[question] = std::move(answer);
  }

  Mutex mutex_;
  Basis basis_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, std::string> answers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
