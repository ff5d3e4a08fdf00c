#include "daemon/ledger/sqlite/ledger_memory.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::Status BooksAreGone(const std::string& path, const LedgerMemory& memory,
                          std::string_view what) {
  return absl::FailedPreconditionError(fmt::format(
      "{} {}; it held books that had settled {} reports; expected that file again, or a backup in "
      "its place ('fleetmeterctl ledger restore'); to begin new books, remove {}",
      Quoted(path), what, memory.settled, Quoted(path + ".lock")));
}

}  // namespace

LedgerMemory MemoryOf(std::string_view id, uint64_t settled) {
  LedgerMemory memory{.settled = settled};
  for (const char byte : id) {
    memory.ledger_id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return memory;
}

absl::Status CheckStillThere(const std::string& path, const LedgerMemory& memory) {
  if (memory.ledger_id.empty()) return absl::OkStatus();
  if (access(path.c_str(), F_OK) == 0 || errno != ENOENT) return absl::OkStatus();
  return BooksAreGone(path, memory, "is gone");
}

absl::Status CheckNotEmptied(Database& database, const std::string& path,
                             const LedgerMemory& memory) {
  if (memory.ledger_id.empty()) return absl::OkStatus();
  const auto tables = database.Integer("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  return *tables > 0 ? absl::OkStatus() : BooksAreGone(path, memory, "is empty");
}

absl::Status CheckNotOlder(const std::string& path, const LedgerMemory& before,
                           const LedgerMemory& restored) {
  // A log that was cut off early may leave books that have begun and no more.
  const bool begun_anew = !before.ledger_id.empty() && restored.settled == 0;
  const bool same = before.ledger_id == restored.ledger_id;
  if ((!same && !begun_anew) || before.settled <= restored.settled) return absl::OkStatus();
  return absl::DataLossError(fmt::format(
      "it has settled {} reports, and had settled {} when it was last written here: the end of its "
      "log is lost, or an older file was put in its place; 'fleetmeterctl ledger restore' goes "
      "back "
      "to a backup; to go on with what is here, remove {}",
      restored.settled, before.settled, Quoted(path + ".lock")));
}

}  // namespace fleetmeter
