// Books that last as long as the process: everything begins anew after a restart. For trials and
// tests.
#pragma once

#include <random>
#include <string>

#include "daemon/ledger/ledger.h"

namespace fleetmeter {

class MemoryLedger : public Ledger {
 public:
  MemoryLedger() {
    std::random_device random;
    for (char& byte : id_) byte = static_cast<char>(random());
  }

  absl::StatusOr<RestoredBooks> Restore() override { return RestoredBooks{}; }
  absl::Status Commit(const LedgerTransaction&) override { return absl::OkStatus(); }
  absl::Status RecordReferenceData(const ReferenceData&, int64_t) override {
    return absl::OkStatus();
  }
  absl::Status Maintain(int64_t) override { return absl::OkStatus(); }
  LedgerIdentity Identity() const override { return {.id = id_, .durable = false}; }
  std::string Describe() const override {
    return "books are kept in memory only: a restart begins them anew";
  }

 private:
  std::string id_ = std::string(16, '\0');
};

}  // namespace fleetmeter
