#include "tests/unit/ledger/ledger_fixture.h"

#include <fmt/format.h>

#include <filesystem>

#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

std::string Digits(absl::int128 value) {
  return fmt::format("{}*2^64+{}", absl::Int128High64(value), absl::Int128Low64(value));
}

std::string CellText(ChipState state, const std::string& pool, const std::string& team,
                     const std::string& signal, const BookConversion& c) {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}", Name(state), pool, team, signal, c.chip,
                     c.chips_per_h100e.ToString(), c.catalog_version);
}

std::string HistogramText(const std::string& pool, const ActivityHistogram& h) {
  std::string text = fmt::format("activity {}: {} {}", pool, h.count, h.sum_micro);
  for (const uint64_t count : h.cumulative) text += fmt::format(" {}", count);
  return text + "\n";
}

std::string StreamText(const StreamPosition& s) {
  std::string text =
      fmt::format("stream {}/{}: {} {}", s.stream.identity, s.stream.id, s.sequence, s.epoch);
  for (const uint64_t slot : s.digests.slots()) text += fmt::format(" {}", slot);
  return text + "\n";
}

std::string WindowsText(const WindowSet& w) {
  std::string text =
      fmt::format(" {}..{}", w.counted().start_unix_nanos, w.counted().end_unix_nanos);
  for (const TimeSpan& gap : w.gaps()) {
    text += fmt::format(" -{}..{}", gap.start_unix_nanos, gap.end_unix_nanos);
  }
  return text;
}

std::string TermText(const AllocationTerm& t) {
  std::string text =
      fmt::format("term {} {} {} {}:", t.plan, t.plan_version, t.nanos, t.as_of_unix_nanos);
  for (const Grant& grant : t.grants) text += fmt::format(" {}={}", grant.pool, grant.h100e);
  return text + "\n";
}

std::string CountersText(uint64_t accepted, uint64_t duplicate, uint64_t conflicting,
                         const std::map<std::string, uint64_t>& rejected) {
  std::string text = fmt::format("reports {} {} {}", accepted, duplicate, conflicting);
  for (const auto& [reason, count] : rejected) text += fmt::format(" {}={}", reason, count);
  return text + "\n";
}

std::unique_ptr<Database> OpenPlainly(const std::string& path) {
  auto database = Database::Open(path, {});
  EXPECT_TRUE(database.ok()) << database.status();
  EXPECT_TRUE((*database)->Execute("PRAGMA busy_timeout = 5000").ok());
  return *std::move(database);
}

}  // namespace

SqliteLedgerOptions LedgerOptions(const std::string& path) {
  SqliteLedgerOptions options;
  options.path = path;
  options.keep_hours_nanos = 40 * kDay;
  options.keep_days_nanos = 400 * kDay;
  options.max_lateness_nanos = 6 * kHour;
  options.keep_sources_nanos = 10 * kDay;
  options.workloads_per_pool = 100;
  return options;
}

std::unique_ptr<SqliteLedger> OpenLedger(const SqliteLedgerOptions& options, RestoredBooks* books) {
  auto ledger = SqliteLedger::Open(options);
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  if (!ledger.ok()) return nullptr;
  auto restored = (*ledger)->Restore();
  EXPECT_TRUE(restored.ok()) << restored.status();
  if (!restored.ok()) return nullptr;
  if (books != nullptr) *books = *std::move(restored);
  return *std::move(ledger);
}

int64_t ReadInteger(const std::string& path, const std::string& sql) {
  const auto value = OpenPlainly(path)->Integer(sql);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or(-1);
}

std::string ReadText(const std::string& path, const std::string& sql) {
  const auto value = OpenPlainly(path)->Text(sql);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.value_or("");
}

void Tamper(const std::string& path, const std::string& sql) {
  const auto database = OpenPlainly(path);
  const absl::Status status =
      database->Execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; " + sql);
  EXPECT_TRUE(status.ok()) << status;
  const auto summed =
      database->Integer("SELECT count(*) FROM sqlite_schema WHERE name = 'row_checksums'");
  ASSERT_TRUE(summed.ok()) << summed.status();
  if (*summed > 0) {
    EXPECT_TRUE(database->Execute("DELETE FROM row_checksums").ok());
  }
}

UsageGroup MakeGroup(const std::string& pool, const std::string& team, int64_t chip_nanos) {
  UsageGroup group;
  group.chip = "half";
  group.pool = pool;
  group.team = team;
  group.signal = "gr_engine_active";
  group.chip_nanos = chip_nanos;
  group.busy_chip_nanos = chip_nanos / 3;
  return group;
}

StreamPosition& TransactionMaker::Advance(int stream) {
  StreamPosition& position = next_streams_[stream];
  position.stream = {fmt::format("sender-{}", stream % 5), fmt::format("stream-{:09}", stream)};
  position.digests.Put(++position.sequence, random_());
  return position;
}

LedgerEntry TransactionMaker::MakeEntry(int stream) {
  LedgerEntry entry;
  const StreamPosition& position = Advance(stream);
  entry.stream = position.stream;
  entry.sequence = position.sequence;
  entry.digest = position.digests.Get(position.sequence);
  entry.plan = "plan";
  entry.plan_version = static_cast<uint32_t>(1 + Pick(2));
  UsageReport& report = entry.report;
  report.source = fmt::format("host-{}", stream);
  WindowSet& windows = next_windows_[report.source];
  report.window_start_unix_nanos =
      windows.empty() ? now_ - kHour - Pick(kHour) : windows.counted().end_unix_nanos;
  // Now and then a gap, and a window across the edge of an hour.
  if (Pick(8) == 0) report.window_start_unix_nanos += Pick(30 * kNanosPerSecond);
  report.window_length_nanos = 1 + Pick(Pick(10) == 0 ? kHour : 20 * kNanosPerSecond);
  report.duration_nanos = report.window_length_nanos;
  for (int64_t g = 1 + Pick(3); g > 0; --g) AddGroup(&entry);
  windows.Add({report.window_start_unix_nanos, report.WindowEnd()});
  entry.windows = windows;
  entry.adjustment = Pick(20) == 0;
  entry.latest = Pick(10) != 0;
  entry.history = Pick(30) == 0;
  return entry;
}

void TransactionMaker::AddGroup(LedgerEntry* entry) {
  const int64_t pool = Pick(3);
  UsageGroup group = MakeGroup(fmt::format("pool-{}", pool), fmt::format("team-{}", Pick(2)),
                               Pick(16) * entry->report.duration_nanos + Pick(1'000));
  group.state = kChipStates[static_cast<size_t>(Pick(6) == 0 ? Pick(4) : 0)];
  group.workload = Pick(3) == 0 ? "" : fmt::format("job-{}", Pick(20));
  group.workload_type = group.workload.empty() ? "" : "train";
  group.model = Pick(2) == 0 ? "" : fmt::format("model-{}", Pick(4));
  group.run = Pick(2) == 0 ? "" : fmt::format("{}-{}", Pick(4) == 0 ? "reported" : "run", Pick(4));
  if (group.state != ChipState::kAssigned || Pick(5) == 0) {
    group.signal = group.state == ChipState::kAssigned ? kAllocatedOnly : "";
    group.busy_chip_nanos.reset();
  } else {
    group.busy_chip_nanos = Pick(group.chip_nanos + 1);
    if (Pick(2) == 0) group.productive_chip_nanos = Pick(*group.busy_chip_nanos + 1);
    for (int64_t s = Pick(4); s > 0; --s) {
      group.samples.push_back({kMicroChipsPerChip, static_cast<double>(Pick(101)) / 100});
    }
  }
  BookConversion conversion = HalfChip();
  conversion.chips_per_h100e = {3 + Pick(2), 2};
  entry->conversions.push_back(conversion);
  // As the plan and the catalog would say.
  static constexpr const char* kCategories[] = {"inference", "training", ""};
  GroupTerms& terms = entry->terms.emplace_back();
  terms.category = kCategories[pool];
  if (Pick(4) != 0) terms.micro_usd_per_chip_hour = 1'000'000 * Pick(3);
  entry->report.groups.push_back(std::move(group));
}

OutcomeEntry TransactionMaker::MakeOutcome(int stream) {
  const StreamPosition& position = Advance(stream);
  OutcomeEntry entry = outcomes_.Next(random_, now_);
  entry.stream = position.stream;
  entry.sequence = position.sequence;
  entry.digest = position.digests.Get(position.sequence);
  return entry;
}

LedgerTransaction TransactionMaker::Next(int64_t advance_nanos) {
  now_ += advance_nanos;
  next_streams_ = streams_;
  outcomes_.Begin();
  next_windows_.clear();
  for (const auto& [source, state] : sources_) next_windows_[source] = state.windows;
  LedgerTransaction transaction;
  transaction.now_unix_nanos = now_;
  std::map<int, bool> moved;
  for (int64_t i = 1 + Pick(12); i > 0; --i) {
    const int stream = static_cast<int>(Pick(30));
    moved[stream] = true;
    const int64_t what = Pick(10);
    if (what > 3) {
      transaction.counted.push_back(MakeEntry(stream));
      continue;
    }
    if (what > 0) {
      transaction.outcomes.push_back(MakeOutcome(stream));
      continue;
    }
    // A rejected report takes its place in the sequence.
    const StreamPosition& position = Advance(stream);
    transaction.rejected.push_back(
        {position.stream,
         position.sequence,
         fmt::format("host-{}", stream),
         {kRejectReasons[static_cast<size_t>(Pick(kRejectReasons.size()))], "field", "detail"}});
  }
  for (const auto& [stream, unused] : moved) transaction.streams.push_back(next_streams_[stream]);
  transaction.capacity = capacity_.Next(now_);
  transaction.duplicates = static_cast<uint64_t>(Pick(3));
  transaction.conflicts = static_cast<uint64_t>(Pick(2));
  // The last term grows, or a new one begins.
  transaction.first_term = terms_.empty() ? 0 : terms_.size() - 1;
  AllocationTerm term = terms_.empty() ? AllocationTerm{} : terms_.back();
  term.plan = "plan";
  term.plan_version = 1;
  term.nanos += advance_nanos;
  term.as_of_unix_nanos = now_;
  transaction.terms.push_back(term);
  if (terms_.empty() || Pick(10) == 0) {
    term.grants = {{"pool-0", static_cast<double>(Pick(1'000)) / 3}, {"pool-1", 64}};
    term.nanos = 0;
    transaction.terms.push_back(term);
  }
  return transaction;
}

void TransactionMaker::Committed(const LedgerTransaction& transaction) {
  streams_ = next_streams_;
  for (const LedgerEntry& entry : transaction.counted) {
    SourceState& source = sources_[entry.report.source];
    source.windows = entry.windows;
    source.history = source.history || entry.history;
    const bool holds = entry.latest && !entry.history;
    if (holds) source.holdings.clear();
    for (size_t i = 0; i < entry.report.groups.size(); ++i) {
      const UsageGroup& g = entry.report.groups[i];
      const std::string cell = CellText(g.state, g.pool, g.team, g.signal, entry.conversions[i]);
      const auto amounts = AmountsOf(g);
      EXPECT_TRUE(amounts.ok()) << amounts.status();
      totals_[cell] += *amounts;
      live_[cell] += entry.history ? UsageAmounts() : *amounts;
      // Rounded to the nearest millionth of a chip.
      const absl::int128 held =
          (absl::int128(g.chip_nanos) * 1'000'000 + entry.report.duration_nanos / 2) /
          entry.report.duration_nanos;
      if (holds) source.holdings[cell] += static_cast<int64_t>(held);
      if (entry.history) continue;
      for (const ChipSample& sample : g.samples) activity_[g.pool].Observe(sample.activity);
    }
  }
  for (const OutcomeEntry& entry : transaction.outcomes) outcomes_.Committed(entry);
  capacity_.Committed(transaction.capacity);
  accepted_ += transaction.counted.size() + transaction.outcomes.size();
  duplicates_ += transaction.duplicates;
  conflicts_ += transaction.conflicts;
  for (const RejectedEntry& entry : transaction.rejected) {
    ++rejected_[std::string(Name(entry.rejection.reason))];
  }
  terms_.resize(transaction.first_term);
  terms_.insert(terms_.end(), transaction.terms.begin(), transaction.terms.end());
}

std::string TransactionMaker::Expected() const {
  std::map<std::string, bool> lines;
  for (const auto& [unused, stream] : streams_) lines[StreamText(stream)] = true;
  for (const auto& [name, source] : sources_) {
    std::string line = fmt::format("source {}{}{}", name, WindowsText(source.windows),
                                   source.history ? " history" : "");
    for (const auto& [cell, held] : source.holdings) line += fmt::format(" {}:{}", cell, held);
    lines[line + "\n"] = true;
  }
  for (const auto& [cell, a] : live_) {
    lines[fmt::format("total {} {} {} {}\n", cell, Digits(a.chips), Digits(a.busy),
                      Digits(a.productive))] = true;
  }
  for (const auto& [pool, histogram] : activity_) lines[HistogramText(pool, histogram)] = true;
  for (const std::string& line : LinesOf(outcomes_.Books())) lines[line + "\n"] = true;
  std::string text;
  for (const auto& [line, unused] : lines) text += line;
  for (const AllocationTerm& term : terms_) text += TermText(term);
  for (const capacity::CapacityEvent& event : capacity_.events()) text += TextOf(event);
  return text + CountersText(accepted_, duplicates_, conflicts_, rejected_);
}

std::string TextOf(const RestoredBooks& books) {
  std::map<std::string, bool> lines;
  for (const StreamPosition& stream : books.streams) lines[StreamText(stream)] = true;
  for (const SourceRecord& source : books.sources) {
    std::string line = fmt::format("source {}{}{}", source.source, WindowsText(source.windows),
                                   source.history ? " history" : "");
    std::map<std::string, int64_t> holdings;
    for (const Holding& h : source.holdings) {
      holdings[CellText(h.state, h.pool, h.team, h.signal, h.conversion)] += h.micro_chips;
    }
    for (const auto& [cell, held] : holdings) line += fmt::format(" {}:{}", cell, held);
    lines[line + "\n"] = true;
  }
  for (const BookTotal& t : books.totals) {
    lines[fmt::format(
        "total {} {} {} {}\n", CellText(t.state, t.pool, t.team, t.signal, t.conversion),
        Digits(t.amounts.chips), Digits(t.amounts.busy), Digits(t.amounts.productive))] = true;
  }
  for (const auto& [pool, histogram] : books.activity) lines[HistogramText(pool, histogram)] = true;
  for (const std::string& line : LinesOf(books.outcomes)) lines[line + "\n"] = true;
  std::string text;
  for (const auto& [line, unused] : lines) text += line;
  for (const AllocationTerm& term : books.terms) text += TermText(term);
  for (const capacity::CapacityEvent& event : books.capacity) text += TextOf(event);
  const BookCounters& c = books.counters;
  return text + CountersText(c.accepted, c.duplicate, c.conflicting, c.rejected);
}

LedgerTransaction OneReport(const std::string& source, int64_t start, int64_t length,
                            const UsageGroup& group, int64_t now) {
  LedgerTransaction transaction;
  transaction.now_unix_nanos = now;
  LedgerEntry& entry = transaction.counted.emplace_back();
  entry.stream = {"sender", source + std::string(16 - source.size(), '.')};
  entry.sequence = 1;
  entry.report.source = source;
  entry.report.window_start_unix_nanos = start;
  entry.report.window_length_nanos = entry.report.duration_nanos = length;
  entry.report.groups.push_back(group);
  entry.conversions.push_back(HalfChip());
  entry.terms.emplace_back();
  entry.plan = "plan";
  entry.plan_version = 1;
  entry.windows.Add({start, start + length});
  transaction.streams.push_back({.stream = entry.stream, .sequence = 1, .epoch = 1, .digests = {}});
  return transaction;
}

}  // namespace fleetmeter
