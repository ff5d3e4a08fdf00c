#include "daemon/ledger/sqlite/confirmed_time_table.h"

#include <cstdlib>

#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

// A row that every transaction wrote would cost each of them a page.
constexpr int64_t kSaveConfirmedEvery = 10 * kSecond;

}  // namespace

absl::Status ConfirmedTimeTable::Prepare() {
  return database_.Prepare("INSERT OR REPLACE INTO confirmed_time VALUES (1, ?1, ?2)", &save_);
}

absl::Status ConfirmedTimeTable::Restore(RestoredBooks* books) {
  Statement load;
  absl::Status status = database_.Prepare("SELECT confirmed_unix_nanos FROM confirmed_time", &load);
  if (!status.ok()) return status;
  return load.ForEach([&](const Statement& row) {
    books->confirmed_unix_nanos = row.Integer(0);
    return absl::OkStatus();
  });
}

absl::Status ConfirmedTimeTable::Stage(const LedgerTransaction& transaction) {
  const int64_t confirmed = transaction.confirmed_unix_nanos;
  if (confirmed <= 0 || std::abs(confirmed - written_) < kSaveConfirmedEvery) {
    return absl::OkStatus();
  }
  absl::Status status = save_.Run(confirmed, transaction.now_unix_nanos);
  if (status.ok()) staged_ = confirmed;
  return status;
}

}  // namespace fleetmeter
