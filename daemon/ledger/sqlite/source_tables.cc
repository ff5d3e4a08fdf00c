#include "daemon/ledger/sqlite/source_tables.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/ledger/gaps_text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kExpirySlice = 2'000;  // rows that are looked at in one go

uint64_t DigestOf(const std::vector<HeldCell>& held) {
  static_assert(std::has_unique_object_representations_v<HeldCell>);
  return Digest64({reinterpret_cast<const char*>(held.data()), held.size() * sizeof(HeldCell)});
}

using Slots = std::array<uint64_t, RecentDigests::kKept>;

std::string SlotBytes(const Slots& slots) {
  std::string bytes;
  for (uint64_t slot : slots) {
    for (int i = 0; i < 8; ++i, slot >>= 8) bytes += static_cast<char>(slot & 0xff);
  }
  return bytes;
}

absl::StatusOr<Slots> ParseSlots(const std::string& bytes) {
  Slots slots{};
  if (bytes.size() != slots.size() * 8) {
    return absl::DataLossError(fmt::format("the digests of a stream are {} bytes; expected {}",
                                           bytes.size(), slots.size() * 8));
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    slots[i / 8] |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 8));
  }
  return slots;
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
  for (const auto& [sql, statement] : {
           std::pair{"INSERT INTO sources (source, counted_from_unix_nanos, counted_to_unix_nanos, "
                     "gaps, history) VALUES (?1, ?2, ?3, ?4, ?5)",
                     &insert_source_},
           {"UPDATE sources SET counted_from_unix_nanos = ?2, counted_to_unix_nanos = ?3, "
            "gaps = ?4, history = ?5 WHERE source_row = ?1",
            &update_source_},
           {"DELETE FROM sources WHERE source_row = ?1", &delete_source_},
           {"SELECT source_row, source, counted_to_unix_nanos FROM sources WHERE source_row > ?1 "
            "AND history = 0 ORDER BY source_row LIMIT ?2",
            &expired_sources_},
           {"DELETE FROM holdings WHERE source_row = ?1", &delete_holdings_},
           {"INSERT INTO holdings (source_row, cell_id, micro_chips) VALUES (?1, ?2, ?3)",
            &insert_holding_},
           {"UPDATE streams SET sequence = ?3, epoch = ?4, digests = ?5 "
            "WHERE identity = ?1 AND stream_id = ?2",
            &update_stream_},
           {"INSERT INTO streams (identity, stream_id, sequence, epoch, digests) "
            "VALUES (?1, ?2, ?3, ?4, ?5)",
            &insert_stream_},
       }) {
    if (absl::Status status = database_.Prepare(sql, statement); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SourceTables::Load(const std::vector<BookTotal>& totals,
                                const std::vector<int64_t>& cell_ids, RestoredBooks* books) {
  if (absl::Status status = LoadStreams(books); !status.ok()) return status;
  Statement sources;
  absl::Status status = database_.Prepare(
      "SELECT source_row, source, counted_from_unix_nanos, counted_to_unix_nanos, gaps, history "
      "FROM sources ORDER BY source_row",
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
    index.emplace(row.Integer(0), books->sources.size() - 1);
    known_.emplace(
        record.source,
        Known{.row = row.Integer(0), .holdings = DigestOf({}), .history = record.history});
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return LoadHoldings(totals, cell_ids, index, books);
}

absl::Status SourceTables::LoadStreams(RestoredBooks* books) {
  Statement streams;
  absl::Status status = database_.Prepare(
      "SELECT identity, stream_id, sequence, epoch, digests FROM streams", &streams);
  if (!status.ok()) return status;
  const auto count = database_.Integer("SELECT count(*) FROM streams");
  if (!count.ok()) return count.status();
  books->streams.reserve(static_cast<size_t>(*count));
  return streams.ForEach([&](const Statement& row) -> absl::Status {
    const auto slots = ParseSlots(row.Text(4));
    if (!slots.ok()) return slots.status();
    StreamPosition& stream = books->streams.emplace_back();
    stream.stream = {row.Text(0), row.Text(1)};
    stream.sequence = static_cast<uint64_t>(row.Integer(2));
    stream.epoch = static_cast<uint64_t>(row.Integer(3));
    stream.digests.set_slots(*slots);
    return absl::OkStatus();
  });
}

absl::Status SourceTables::LoadHoldings(const std::vector<BookTotal>& totals,
                                        const std::vector<int64_t>& cell_ids,
                                        const absl::flat_hash_map<int64_t, size_t>& index,
                                        RestoredBooks* books) {
  absl::flat_hash_map<int64_t, const BookTotal*> cells;
  for (size_t i = 0; i < totals.size(); ++i) cells.emplace(cell_ids[i], &totals[i]);
  Statement holdings;
  absl::Status status = database_.Prepare(
      "SELECT source_row, cell_id, micro_chips FROM holdings ORDER BY source_row, cell_id",
      &holdings);
  if (!status.ok()) return status;
  int64_t at = 0;
  std::vector<HeldCell> held;
  const auto remember = [&] {
    if (!held.empty()) known_[books->sources[index.at(at)].source].holdings = DigestOf(held);
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
    const BookTotal& c = *cell->second;
    books->sources[source->second].holdings.push_back({.state = c.state,
                                                       .pool = c.pool,
                                                       .team = c.team,
                                                       .signal = c.signal,
                                                       .conversion = c.conversion,
                                                       .micro_chips = row.Integer(2)});
    return absl::OkStatus();
  });
  if (status.ok()) remember();
  return status;
}

absl::Status SourceTables::WriteSources(const LedgerTransaction& transaction,
                                        const std::vector<int64_t>& cells) {
  absl::flat_hash_map<std::string_view, size_t> index;
  std::vector<std::pair<const std::string*, Change>> changes;  // in the order of the reports
  const int64_t* entry_cells = cells.data();
  for (const LedgerEntry& entry : transaction.counted) {
    const std::string& source = entry.report.source;
    const auto [it, is_new] = index.try_emplace(source, changes.size());
    if (is_new) changes.push_back({&source, {}});
    Change& change = changes[it->second].second;
    change.last = &entry;
    change.history = change.history || entry.history;
    if (entry.latest && !entry.history) {
      change.holds = &entry;
      change.cells = entry_cells;
    }
    entry_cells += entry.report.groups.size();
  }
  for (const auto& [source, change] : changes) {
    if (absl::Status status = Write(*source, change); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SourceTables::Write(const std::string& source, const Change& change) {
  const WindowSet& windows = change.last->windows;
  const int64_t from = windows.counted().start_unix_nanos;
  const int64_t to = windows.counted().end_unix_nanos;
  const std::string gaps = GapsText(windows.gaps());
  const auto found = known_.find(source);
  Known known = found == known_.end() ? Known{.row = 0, .holdings = DigestOf({}), .history = false}
                                      : found->second;
  const Known before = known;
  known.history = known.history || change.history;
  const int64_t history = known.history ? 1 : 0;
  if (known.row == 0) {
    if (absl::Status s = insert_source_.Run(source, from, to, gaps, history); !s.ok()) return s;
    known.row = database_.LastInsertedRow();
  } else {
    if (absl::Status s = update_source_.Run(known.row, from, to, gaps, history); !s.ok()) return s;
  }
  if (change.holds != nullptr) {
    const std::vector<HeldCell> held = HeldBy(change.holds->report, change.cells);
    // Most reports say the same as the one before: nothing to write.
    if (DigestOf(held) != known.holdings) {
      if (absl::Status s = WriteHoldings(known.row, held); !s.ok()) return s;
      known.holdings = DigestOf(held);
    }
  }
  if (known != before) {
    staged_.emplace_back(source, known);
  }
  return absl::OkStatus();
}

absl::Status SourceTables::WriteHoldings(int64_t row, const std::vector<HeldCell>& held) {
  absl::Status status = delete_holdings_.Run(row);
  for (const HeldCell& cell : held) {
    if (!status.ok()) return status;
    status = insert_holding_.Run(row, cell.cell_id, cell.micro_chips);
  }
  return status;
}

absl::Status SourceTables::WriteStreams(const LedgerTransaction& transaction) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  for (const StreamPosition& stream : transaction.streams) {
    if (stream.sequence > kMost || stream.epoch > kMost) {
      return absl::InvalidArgumentError(
          fmt::format("a stream is at sequence {} of epoch {}; expected at most {}",
                      stream.sequence, stream.epoch, kMost));
    }
    const std::string digests = SlotBytes(stream.digests.slots());
    const auto run = [&](Statement& statement) {
      return statement.Run(stream.stream.identity, Blob{stream.stream.id},
                           static_cast<int64_t>(stream.sequence),
                           static_cast<int64_t>(stream.epoch), Blob{digests});
    };
    if (absl::Status s = run(update_stream_); !s.ok()) return s;
    if (database_.Changes() == 1) continue;
    if (absl::Status s = run(insert_stream_); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> SourceTables::NextExpired(
    int64_t before_unix_nanos) {
  std::vector<std::pair<int64_t, std::string>> expired;
  int64_t rows = 0;
  const absl::Status status = expired_sources_.ForEach(
      [&](const Statement& row) {
        ++rows;
        expiry_cursor_ = row.Integer(0);
        if (row.Integer(2) < before_unix_nanos) expired.emplace_back(row.Integer(0), row.Text(1));
        return absl::OkStatus();
      },
      expiry_cursor_, kExpirySlice);
  if (!status.ok()) return status;
  if (rows < kExpirySlice) expiry_cursor_ = 0;  // from the beginning again
  return expired;
}

absl::Status SourceTables::Delete(const std::vector<std::pair<int64_t, std::string>>& sources) {
  for (const auto& [row, source] : sources) {
    if (absl::Status status = delete_holdings_.Run(row); !status.ok()) return status;
    if (absl::Status status = delete_source_.Run(row); !status.ok()) return status;
    staged_deletes_.push_back(source);
  }
  return absl::OkStatus();
}

void SourceTables::Keep() {
  for (auto& [source, known] : staged_) known_[std::move(source)] = known;
  for (const std::string& source : staged_deletes_) known_.erase(source);
  Drop();
}

void SourceTables::Drop() {
  staged_.clear();
  staged_deletes_.clear();
}

}  // namespace fleetmeter
