#include "daemon/ledger/sqlite/silence_tables.h"

#include <algorithm>

#include "daemon/ledger/sqlite/source_tables.h"

namespace fleetmeter {
namespace {

// The gap that the latest window has left before it; nullptr: it has left none.
const TimeSpan* GapBefore(const WindowSet& windows, int64_t start) {
  const std::vector<TimeSpan>& gaps = windows.gaps();
  return gaps.empty() || gaps.back().end_unix_nanos != start ? nullptr : &gaps.back();
}

bool GapFollows(const WindowSet& windows, int64_t end) {
  return std::any_of(windows.gaps().begin(), windows.gaps().end(),
                     [&](const TimeSpan& each) { return each.start_unix_nanos == end; });
}

}  // namespace

absl::Status SilenceTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO pools_told (pool, from_unix_nanos) VALUES (?1, ?2) "
        "ON CONFLICT (pool) DO UPDATE SET from_unix_nanos = ?2",
        &tell_pool_},
       {"INSERT INTO silences (source, from_unix_nanos, cell_id, micro_chips) "
        "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        &insert_},
       // What a person said about the time is not said again.
       {"INSERT INTO silences (source, from_unix_nanos, cell_id, micro_chips) "
        "SELECT s.source, ?2, h.cell_id, h.micro_chips FROM sources AS s "
        "JOIN holdings AS h USING (source_row) WHERE s.source = ?1 AND h.micro_chips > 0 "
        "ON CONFLICT DO NOTHING",
        &insert_held_},
       {"DELETE FROM silences WHERE source = ?1 AND from_unix_nanos = ?2", &delete_},
       {"INSERT INTO silences (source, from_unix_nanos, cell_id, until_unix_nanos, micro_chips) "
        "SELECT s.source, s.counted_to_unix_nanos, h.cell_id, ?2, h.micro_chips FROM sources AS s "
        "JOIN holdings AS h USING (source_row) WHERE s.source = ?1 AND h.micro_chips > 0 "
        "AND s.counted_to_unix_nanos < ?2 ON CONFLICT DO NOTHING",
        &insert_gone_},
       {"DELETE FROM silences WHERE source = ?2 AND from_unix_nanos IN "
        "(SELECT from_unix_nanos FROM silences WHERE source = ?1)",
        &delete_alike_},
       {"UPDATE silences SET source = ?2 WHERE source = ?1", &rename_}});
}

absl::Status SilenceTables::Restore(RestoredBooks* /*books*/) {
  Statement pools;
  absl::Status status = database_.Prepare("SELECT pool, from_unix_nanos FROM pools_told", &pools);
  if (!status.ok()) return status;
  return pools.ForEach([&](const Statement& row) {
    pools_[row.Text(0)] = row.Integer(1);
    return absl::OkStatus();
  });
}

absl::Status SilenceTables::Stage(const LedgerTransaction& transaction) {
  Latest latest;
  const int64_t* cells = usage_.cells().data();
  absl::Status status;
  for (const LedgerEntry& entry : transaction.counted) {
    if (status.ok()) status = TellPools(entry);
    if (status.ok() && !entry.history) status = Silence({&entry, cells}, latest);
    if (entry.latest && !entry.history) latest[entry.report.source] = {&entry, cells};
    cells += entry.report.groups.size();
  }
  for (const AdminEntry& entry : transaction.entries) {
    if (status.ok()) status = Decide(entry, transaction.now_unix_nanos);
  }
  return status;
}

absl::Status SilenceTables::TellPools(const LedgerEntry& entry) {
  absl::Status status;
  for (const UsageGroup& group : entry.report.groups) {
    if (status.ok()) status = TellPool(group.pool, entry.report.window_start_unix_nanos);
  }
  return status;
}

absl::Status SilenceTables::TellPools(const HistoryWindow& window) {
  absl::Status status;
  for (const UsageGroup& group : window.groups) {
    if (status.ok()) status = TellPool(group.pool, window.start_unix_nanos);
  }
  return status;
}

absl::Status SilenceTables::TellPool(const std::string& pool, int64_t from_unix_nanos) {
  if (pool.empty()) return absl::OkStatus();
  const auto staged = staged_.find(pool);
  if (staged != staged_.end() && staged->second <= from_unix_nanos) return absl::OkStatus();
  const auto known = pools_.find(pool);
  if (known != pools_.end() && known->second <= from_unix_nanos) return absl::OkStatus();
  staged_[pool] = from_unix_nanos;
  return tell_pool_.Run(pool, from_unix_nanos);
}

absl::Status SilenceTables::Silence(const Counted& counted, const Latest& latest) {
  const UsageReport& report = counted.entry->report;
  const WindowSet& windows = counted.entry->windows;
  const int64_t start = report.window_start_unix_nanos;
  const int64_t end = report.WindowEnd();
  if (end < windows.counted().end_unix_nanos) {
    // A late window: what was silent from its start on is so from its end on at most.
    absl::Status status = delete_.Run(report.source, start);
    if (status.ok() && GapFollows(windows, end)) status = Write(counted, end);
    return status;
  }
  const TimeSpan* gap = GapBefore(windows, start);
  if (gap == nullptr) return absl::OkStatus();
  const auto before = latest.find(report.source);
  if (before != latest.end()) return Write(before->second, gap->start_unix_nanos);
  return insert_held_.Run(report.source, gap->start_unix_nanos);
}

absl::Status SilenceTables::Write(const Counted& held, int64_t from_unix_nanos) {
  absl::Status status;
  for (const HeldCell& cell : HeldBy(held.entry->report, held.cells)) {
    if (!status.ok()) return status;
    if (cell.micro_chips <= 0) continue;
    status =
        insert_.Run(held.entry->report.source, from_unix_nanos, cell.cell_id, cell.micro_chips);
  }
  return status;
}

absl::Status SilenceTables::Decide(const AdminEntry& entry, int64_t now_unix_nanos) {
  switch (entry.action) {
    case AdminAction::kForget:
      if (!entry.whole_source) return absl::OkStatus();
      return insert_gone_.Run(entry.source, now_unix_nanos);
    case AdminAction::kRename: {
      absl::Status status = delete_alike_.Run(entry.source, entry.new_source);
      return status.ok() ? rename_.Run(entry.source, entry.new_source) : status;
    }
    case AdminAction::kCorrectUsage: {
      absl::Status status;
      for (const HistoryWindow& window : entry.restated.booked) {
        if (status.ok()) status = TellPools(window);
      }
      return status;
    }
    case AdminAction::kReprice:
    case AdminAction::kMove:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

void SilenceTables::Commit() {
  for (const auto& [pool, from_unix_nanos] : staged_) pools_[pool] = from_unix_nanos;
  staged_.clear();
}

}  // namespace fleetmeter
