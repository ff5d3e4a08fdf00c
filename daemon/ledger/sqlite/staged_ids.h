// What a ledger remembers of its file, so that it need not ask: the row of each key. A key that a
// transaction adds goes when it is rolled back, since the file forgets its row too. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "daemon/base/transaction_part.h"

namespace fleetmeter {

// Texts and numbers as one text: no two different lists give the same key.
class KeyBuilder {
 public:
  KeyBuilder& Add(std::string_view text) {
    Add(static_cast<int64_t>(text.size()));
    key_ += text;
    return *this;
  }
  KeyBuilder& Add(int64_t number) {
    key_.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
  }
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

class StagedIds final : public TransactionPart {
 public:
  // The id of `key`; what is not known yet is asked of `make(): StatusOr<int64_t>`, and staged.
  template <class Make>
  absl::StatusOr<int64_t> FindOrStage(const std::string& key, const Make& make) {
    const auto found = ids_.find(key);
    if (found != ids_.end()) return found->second;
    absl::StatusOr<int64_t> id = make();
    if (!id.ok()) return id;
    staged_.push_back(key);
    ids_.emplace(key, *id);
    return id;
  }

  // What the file holds already.
  void Learn(const std::string& key, int64_t id) { ids_.emplace(key, id); }

  void Commit() override { staged_.clear(); }
  void Rollback() override {
    for (const std::string& key : staged_) ids_.erase(key);
    staged_.clear();
  }

  // Forgets everything, which costs only time. Not with something staged.
  void Clear() { ids_.clear(); }
  size_t size() const { return ids_.size(); }

 private:
  absl::flat_hash_map<std::string, int64_t> ids_;
  std::vector<std::string> staged_;
};

}  // namespace fleetmeter
