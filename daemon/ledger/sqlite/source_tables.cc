#include "daemon/ledger/sqlite/source_tables.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <type_traits>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/base/units.h"
#include "daemon/ledger/gaps_text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// What was counted of a source that is forgotten is kept for so long, for VerifyTimes.
constexpr int64_t kKeepExpired = 400 * kDay;
constexpr int64_t kExpirySlice = 2'000;  // rows that are looked at in one go

uint64_t HoldingsDigest(const std::vector<HeldCell>& held) {
  static_assert(std::has_unique_object_representations_v<HeldCell>);
  return Digest64({reinterpret_cast<const char*>(held.data()), held.size() * sizeof(HeldCell)});
}

Holding HoldingOf(const BookTotal& cell, int64_t micro_chips) {
  return {.state = cell.state,
          .pool = cell.pool,
          .team = cell.team,
          .signal = cell.signal,
          .conversion = cell.conversion,
          .micro_chips = micro_chips};
}

}  // namespace

std::vector<HeldCell> HeldBy(const UsageReport& report, const int64_t* cells) {
  std::map<int64_t, int64_t> held;
  for (const UsageGroup& group : report.groups) {
    held[*cells++] += MeanMicroChips(group.chip_nanos, report.duration_nanos);
  }
  std::vector<HeldCell> out;
  out.reserve(held.size());
  for (const auto& [cell, micro_chips] : held) out.push_back({cell, micro_chips});
  return out;
}

absl::Status SourceTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO sources (source, counted_from_unix_nanos, counted_to_unix_nanos, "
        "gaps, history) VALUES (?1, ?2, ?3, ?4, ?5)",
        &insert_source_},
       {"UPDATE sources SET counted_from_unix_nanos = ?2, counted_to_unix_nanos = ?3, "
        "gaps = ?4, history = ?5, forgotten = ?6 WHERE source_row = ?1",
        &update_source_},
       {"UPDATE sources SET forgotten = 1 WHERE source_row = ?1", &forget_source_},
       {"UPDATE sources SET owner = ?2 WHERE source_row = ?1", &own_source_},
       {"DELETE FROM sources WHERE source_row = ?1", &delete_source_},
       {"SELECT source_row, source, counted_to_unix_nanos < ?3 AND NOT EXISTS (SELECT 1 "
        "FROM holdings AS h WHERE h.source_row = sources.source_row AND h.micro_chips > 0) "
        "FROM sources WHERE source_row > ?1 "
        "AND history = 0 ORDER BY source_row LIMIT ?2",
        &next_sources_},
       {"INSERT INTO expired_sources (source, counted_from_unix_nanos, counted_to_unix_nanos, "
        "gaps, "
        "expired_unix_nanos) SELECT source, counted_from_unix_nanos, counted_to_unix_nanos, gaps, "
        "?2 FROM sources WHERE source_row = ?1",
        &note_expired_},
       {"DELETE FROM expired_sources WHERE expired_unix_nanos < ?1", &drop_expired_},
       {"DELETE FROM expired_sources WHERE source = ?1", &delete_expired_},
       {"DELETE FROM silences WHERE source NOT IN (SELECT source FROM sources) "
        "AND source NOT IN (SELECT source FROM expired_sources)",
        &drop_silences_},
       {"DELETE FROM holdings WHERE source_row = ?1", &delete_holdings_},
       {"INSERT INTO holdings (source_row, cell_id, micro_chips) VALUES (?1, ?2, ?3)",
        &insert_holding_}});
}

absl::Status SourceTables::Restore(RestoredBooks* books) {
  Statement sources;
  absl::Status status = database_.Prepare(
      "SELECT source_row, source, counted_from_unix_nanos, counted_to_unix_nanos, gaps, history, "
      "forgotten, owner FROM sources ORDER BY source_row",
      &sources);
  if (!status.ok()) return status;
  const auto count = database_.Integer("SELECT count(*) FROM sources");
  if (!count.ok()) return count.status();
  books->sources.reserve(static_cast<size_t>(*count));
  known_.reserve(static_cast<size_t>(*count));
  absl::flat_hash_map<int64_t, size_t> index;
  index.reserve(static_cast<size_t>(*count));
  status = sources.ForEach([&](const Statement& row) -> absl::Status {
    auto gaps = ParseGaps(row.Text(4));
    if (!gaps.ok()) return gaps.status();
    SourceRecord& record = books->sources.emplace_back();
    record.source = row.Text(1);
    record.windows = WindowSet({row.Integer(2), row.Integer(3)}, *std::move(gaps));
    record.history = row.Integer(5) != 0;
    record.forgotten = row.Integer(6) != 0;
    record.owner = row.Text(7);
    index.emplace(row.Integer(0), books->sources.size() - 1);
    known_.emplace(record.source, Known{.row = row.Integer(0),
                                        .holdings = HoldingsDigest({}),
                                        .history = record.history,
                                        .forgotten = record.forgotten});
    return absl::OkStatus();
  });
  return status.ok() ? RestoreHoldings(index, books) : status;
}

absl::Status SourceTables::RestoreHoldings(const absl::flat_hash_map<int64_t, size_t>& index,
                                           RestoredBooks* books) {
  absl::flat_hash_map<int64_t, const BookTotal*> cells;
  const std::vector<int64_t>& cell_ids = dimensions_.restored_cells();
  for (size_t i = 0; i < cell_ids.size(); ++i) cells.emplace(cell_ids[i], &books->totals[i]);
  Statement holdings;
  absl::Status status = database_.Prepare(
      "SELECT source_row, cell_id, micro_chips FROM holdings ORDER BY source_row, cell_id",
      &holdings);
  if (!status.ok()) return status;
  int64_t at = 0;
  std::vector<HeldCell> held;
  const auto remember = [&] {
    if (!held.empty()) known_[books->sources[index.at(at)].source].holdings = HoldingsDigest(held);
    held.clear();
  };
  status = holdings.ForEach([&](const Statement& row) -> absl::Status {
    const auto source = index.find(row.Integer(0));
    const auto cell = cells.find(row.Integer(1));
    if (source == index.end() || cell == cells.end()) {
      return absl::DataLossError(
          "the ledger has a holding of a source or a cell that it does not "
          "have; verify the ledger, and restore a backup");
    }
    if (row.Integer(0) != at) remember();
    at = row.Integer(0);
    held.push_back({row.Integer(1), row.Integer(2)});
    books->sources[source->second].holdings.push_back(HoldingOf(*cell->second, row.Integer(2)));
    return absl::OkStatus();
  });
  if (status.ok()) remember();
  return status;
}

absl::Status SourceTables::Stage(const LedgerTransaction& transaction) {
  for (const auto& [source, change] : ChangesOf(transaction)) {
    if (absl::Status status = Write(*source, change); !status.ok()) return status;
  }
  for (const AdminEntry& entry : transaction.entries) {
    if (absl::Status status = Decide(entry, transaction); !status.ok()) return status;
  }
  for (const SourceHoldings& decided : transaction.decided) {
    if (absl::Status status = WriteDecided(decided); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SourceTables::Decide(const AdminEntry& entry, const LedgerTransaction& transaction) {
  if (entry.action == AdminAction::kForget && entry.whole_source) return Forget(entry.source);
  if (entry.action == AdminAction::kMove) return Move(entry);
  if (entry.action == AdminAction::kRename) return Rename(entry, transaction.renamed_windows);
  if (entry.action == AdminAction::kCorrectUsage) return Restate(entry);
  return absl::OkStatus();
}

absl::Status SourceTables::WriteDecided(const SourceHoldings& decided) {
  // As this transaction has left it.
  const auto staged = std::find_if(staged_.rbegin(), staged_.rend(),
                                   [&](const auto& each) { return each.first == decided.source; });
  const auto found = known_.find(decided.source);
  if (staged == staged_.rend() && found == known_.end()) return absl::OkStatus();
  Known known = staged != staged_.rend() ? staged->second : found->second;
  const auto held = Together({}, &decided);
  if (!held.ok()) return held.status();
  absl::Status status = WriteHeld(*held, &known);
  if (status.ok()) staged_.emplace_back(decided.source, known);
  return status;
}

// A correction may bring time that was not counted before.
absl::Status SourceTables::Restate(const AdminEntry& entry) {
  const auto found = known_.find(entry.source);
  Known known = found == known_.end() ? Nothing() : found->second;
  known.history = true;
  absl::Status status = WriteSource(entry.source, entry.restated.windows, &known, false);
  if (status.ok()) staged_.emplace_back(entry.source, known);
  return status;
}

// What was counted of it stays, so that no time is counted twice.
absl::Status SourceTables::Forget(const std::string& source) {
  const auto found = known_.find(source);
  if (found == known_.end()) return absl::OkStatus();  // it has expired meanwhile
  Known known = found->second;
  absl::Status status = delete_holdings_.Run(known.row);
  if (status.ok()) status = forget_source_.Run(known.row);
  known.holdings = HoldingsDigest({});
  known.forgotten = true;
  if (status.ok()) staged_.emplace_back(source, known);
  return status;
}

absl::Status SourceTables::Move(const AdminEntry& entry) {
  const auto found = known_.find(entry.source);
  if (found == known_.end()) return absl::OkStatus();  // it has expired meanwhile
  return own_source_.Run(found->second.row, entry.new_owner);
}

// The new name takes over what was counted of the old one.
absl::Status SourceTables::Rename(const AdminEntry& entry, const WindowSet& windows) {
  absl::Status status;
  bool history = false;
  if (const auto old = known_.find(entry.source); old != known_.end()) {
    history = old->second.history;
    status = delete_holdings_.Run(old->second.row);
    if (status.ok()) status = delete_source_.Run(old->second.row);
    if (!status.ok()) return status;
    staged_deletes_.push_back(entry.source);
  }
  const auto found = known_.find(entry.new_source);
  Known known = found == known_.end() ? Nothing() : found->second;
  known.history = known.history || history;
  known.forgotten = false;
  status = WriteSource(entry.new_source, windows, &known, false);
  if (status.ok()) staged_.emplace_back(entry.new_source, known);
  return status;
}

SourceTables::Known SourceTables::Nothing() {
  return {.row = 0, .holdings = HoldingsDigest({}), .history = false, .forgotten = false};
}

// By source, in the order of the reports.
std::vector<std::pair<const std::string*, SourceTables::Change>> SourceTables::ChangesOf(
    const LedgerTransaction& transaction) const {
  absl::flat_hash_map<std::string_view, size_t> index;
  std::vector<std::pair<const std::string*, Change>> changes;
  const int64_t* entry_cells = usage_.cells().data();
  for (const LedgerEntry& entry : transaction.counted) {
    const std::string& source = entry.report.source;
    const auto [it, is_new] = index.try_emplace(source, changes.size());
    if (is_new) {
      changes.push_back({&source, {}});
      const TimeSpan window{entry.report.window_start_unix_nanos, entry.report.WindowEnd()};
      changes.back().second.is_fresh = entry.windows == WindowSet(window, {});
    }
    Change& change = changes[it->second].second;
    change.last = &entry;
    change.history = change.history || entry.history;
    if (!entry.new_owner.empty()) change.new_owner = entry.new_owner;
    if (entry.latest && !entry.history) {
      change.holds = &entry;
      change.cells = entry_cells;
    }
    entry_cells += entry.report.groups.size();
  }
  for (const SourceHoldings& unlisted : transaction.unlisted) {
    const auto it = index.find(unlisted.source);
    if (it != index.end()) changes[it->second].second.unlisted = &unlisted;
  }
  return changes;
}

absl::Status SourceTables::Write(const std::string& source, const Change& change) {
  const auto found = known_.find(source);
  Known known = found == known_.end() ? Nothing() : found->second;
  const Known before = known;
  known.history = known.history || change.history;
  // Late reports of what is gone do not bring it back.
  if (change.holds != nullptr) known.forgotten = false;
  absl::Status status = WriteSource(source, change.last->windows, &known, change.is_fresh);
  if (status.ok() && !change.new_owner.empty()) {
    status = own_source_.Run(known.row, change.new_owner);
  }
  if (status.ok() && change.holds != nullptr) status = WriteHoldings(change, &known);
  if (status.ok() && known != before) staged_.emplace_back(source, known);
  return status;
}

absl::Status SourceTables::WriteSource(const std::string& source, const WindowSet& windows,
                                       Known* known, bool is_fresh) {
  const int64_t from = windows.counted().start_unix_nanos;
  const int64_t to = windows.counted().end_unix_nanos;
  const std::string gaps = GapsText(windows.gaps());
  const int64_t history = known->history ? 1 : 0;
  if (known->row != 0) {
    const int64_t forgotten = known->forgotten ? 1 : 0;
    return update_source_.Run(known->row, from, to, gaps, history, forgotten);
  }
  absl::Status status = insert_source_.Run(source, from, to, gaps, history);
  known->row = database_.LastInsertedRow();
  // What was counted of it before, and the writer still knows, is in its row again.
  return status.ok() && !is_fresh ? delete_expired_.Run(source) : status;
}

absl::Status SourceTables::WriteHoldings(const Change& change, Known* known) {
  const auto held = Together(HeldBy(change.holds->report, change.cells), change.unlisted);
  return held.ok() ? WriteHeld(*held, known) : held.status();
}

absl::StatusOr<std::vector<HeldCell>> SourceTables::Together(const std::vector<HeldCell>& held,
                                                             const SourceHoldings* more) {
  if (more == nullptr) return held;
  std::map<int64_t, int64_t> sums;
  for (const HeldCell& cell : held) sums[cell.cell_id] += cell.micro_chips;
  for (const Holding& holding : more->holdings) {
    const auto conversion = dimensions_.Conversion(holding.conversion);
    if (!conversion.ok()) return conversion.status();
    const auto cell =
        dimensions_.Cell({holding.state, holding.pool, holding.team, holding.signal}, *conversion);
    if (!cell.ok()) return cell.status();
    sums[*cell] += holding.micro_chips;
  }
  std::vector<HeldCell> together;
  together.reserve(sums.size());
  for (const auto& [cell, micro_chips] : sums) together.push_back({cell, micro_chips});
  return together;
}

absl::Status SourceTables::WriteHeld(const std::vector<HeldCell>& held, Known* known) {
  // Most reports say the same as the one before: nothing to write.
  if (HoldingsDigest(held) == known->holdings) return absl::OkStatus();
  known->holdings = HoldingsDigest(held);
  absl::Status status = delete_holdings_.Run(known->row);
  for (const HeldCell& cell : held) {
    if (!status.ok()) return status;
    status = insert_holding_.Run(known->row, cell.cell_id, cell.micro_chips);
  }
  return status;
}

absl::StatusOr<bool> SourceTables::FindExpired(int64_t now_unix_nanos) {
  expired_.clear();
  expired_at_unix_nanos_ = now_unix_nanos;
  int64_t rows = 0;
  const absl::Status status = next_sources_.ForEach(
      [&](const Statement& row) {
        ++rows;
        expiry_cursor_ = row.Integer(0);
        // What holds chips holds them until somebody says otherwise.
        const bool expired = row.Integer(2) != 0;
        if (expired) expired_.push_back({row.Integer(0), row.Text(1)});
        return absl::OkStatus();
      },
      expiry_cursor_, kExpirySlice, now_unix_nanos - keep_nanos_);
  if (!status.ok()) return status;
  if (rows < kExpirySlice) expiry_cursor_ = 0;  // from the beginning again
  return !expired_.empty();
}

absl::Status SourceTables::DeleteExpired() {
  for (const SourceRow& expired : expired_) {
    absl::Status noted = note_expired_.Run(expired.row, expired_at_unix_nanos_);
    if (!noted.ok()) return noted;
    if (absl::Status status = delete_holdings_.Run(expired.row); !status.ok()) return status;
    if (absl::Status status = delete_source_.Run(expired.row); !status.ok()) return status;
    staged_deletes_.push_back(expired.source);
  }
  absl::Status dropped = drop_expired_.Run(expired_at_unix_nanos_ - kKeepExpired);
  return dropped.ok() ? drop_silences_.Run() : dropped;
}

void SourceTables::Commit() {
  for (auto& [source, known] : staged_) known_[std::move(source)] = known;
  for (const std::string& source : staged_deletes_) known_.erase(source);
  Rollback();
}

void SourceTables::Rollback() {
  staged_.clear();
  staged_deletes_.clear();
}

}  // namespace fleetmeter
