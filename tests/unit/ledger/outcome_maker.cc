#include "tests/unit/ledger/outcome_maker.h"

#include <fmt/format.h>

#include "daemon/base/clock.h"
#include "daemon/ledger/sqlite/outcome_columns.h"

namespace fleetmeter {
namespace {

constexpr int64_t kHourNanos = 3'600 * kNanosPerSecond;

int64_t Pick(std::mt19937_64& random, int64_t below) {
  return std::uniform_int_distribution<int64_t>(0, below - 1)(random);
}

void Add(InferenceAmounts* sum, const InferenceAmounts& amounts) {
  for (const auto column : kInferenceColumns) sum->*column += amounts.*column;
}

InferenceAmounts RandomAmounts(std::mt19937_64& random) {
  InferenceAmounts a;
  a.requests = Pick(random, 1'000'000);
  a.unpriced_requests = Pick(random, 4) == 0 ? a.requests : 0;
  a.input_tokens = Pick(random, 1'000'000'000'000);
  a.cached_input_tokens = Pick(random, a.input_tokens + 1);
  a.output_tokens = Pick(random, 1'000'000'000'000);
  a.revenue_micro_usd = a.unpriced_requests > 0 ? 0 : Pick(random, 1'000'000'000'000'000);
  return a;
}

// Up to 1,000 more, or a small part less: so little that all corrections of a transaction leave
// something.
int64_t Difference(std::mt19937_64& random, int64_t whole) {
  return Pick(random, 2) == 0 ? Pick(random, 1'001) : -Pick(random, whole / 64 + 1);
}

InferenceAmounts RandomCorrection(std::mt19937_64& random, const SegmentTotal& total) {
  InferenceAmounts whole = total.reported;
  Add(&whole, total.corrected);
  InferenceAmounts a;
  a.requests = Difference(random, whole.requests - whole.unpriced_requests);
  a.unpriced_requests = -Pick(random, whole.unpriced_requests / 64 + 1);
  a.input_tokens = Difference(random, whole.input_tokens - whole.cached_input_tokens);
  a.cached_input_tokens = -Pick(random, whole.cached_input_tokens / 64 + 1);
  a.output_tokens = Difference(random, whole.output_tokens);
  a.revenue_micro_usd = Pick(random, 2'000'001) - 1'000'000;
  return a;
}

}  // namespace

OutcomeMaker::ResultKey OutcomeMaker::KeyOf(const BenchmarkRow& row) {
  return {row.model, row.benchmark, row.version, row.date_unix_seconds, row.source};
}

void OutcomeMaker::Begin() {
  next_sources_ = sources_;
  next_correction_ = correction_;
}

OutcomeEntry OutcomeMaker::Next(std::mt19937_64& random, int64_t now_unix_nanos) {
  OutcomeEntry entry;
  entry.kind = kOutcomeKinds[static_cast<size_t>(Pick(random, kOutcomeKinds.size()))];
  entry.source = fmt::format("system-{}", Pick(random, 3));
  WindowSet& windows = next_sources_[{entry.kind, entry.source}];
  const bool has_window = entry.kind != OutcomeKind::kBenchmarks;
  if (Pick(random, 4) == 0 && (!windows.empty() || !has_window)) {
    entry.correction = {.id = fmt::format("note-{}", ++next_correction_), .reason = "a refund"};
    entry.window_start_unix_nanos = windows.counted().start_unix_nanos;
    entry.window_length_nanos = has_window ? 1 + Pick(random, kHourNanos) : 0;
  } else if (has_window) {
    entry.window_start_unix_nanos =
        windows.empty() ? now_unix_nanos - Pick(random, int64_t{60} * 24) * kHourNanos
                        : windows.counted().end_unix_nanos + Pick(random, 2) * kHourNanos;
    entry.window_length_nanos = kHourNanos * (1 + Pick(random, 30));
    windows.Add(
        {entry.window_start_unix_nanos, entry.window_start_unix_nanos + entry.window_length_nanos});
  }
  entry.windows = windows;
  if (entry.kind == OutcomeKind::kInference) AddInference(random, &entry);
  if (entry.kind == OutcomeKind::kTraining) AddTraining(random, &entry);
  if (entry.kind == OutcomeKind::kBenchmarks) AddBenchmarks(random, &entry);
  return entry;
}

SegmentTotal OutcomeMaker::SegmentOf(const BookedInference& row) const {
  const auto it = segments_.find({row.model, row.customer_tier});
  return it == segments_.end() ? SegmentTotal{} : it->second;
}

void OutcomeMaker::AddInference(std::mt19937_64& random, OutcomeEntry* entry) {
  for (int64_t i = 1 + Pick(random, 4); i > 0; --i) {
    BookedInference row;
    row.model = fmt::format("model-{}", Pick(random, 3));
    row.customer_tier = fmt::format("tier-{}", Pick(random, 2));
    row.pool = Pick(random, 3) == 0 ? "" : fmt::format("pool-{}", Pick(random, 2));
    row.workload =
        row.pool.empty() || Pick(random, 2) == 0 ? "" : fmt::format("job-{}", Pick(random, 3));
    row.amounts =
        entry->correction ? RandomCorrection(random, SegmentOf(row)) : RandomAmounts(random);
    row.price_book_version = static_cast<uint32_t>(Pick(random, 3));
    entry->inference.push_back(std::move(row));
  }
}

void OutcomeMaker::AddTraining(std::mt19937_64& random, OutcomeEntry* entry) {
  for (int64_t i = 1 + Pick(random, 3); i > 0; --i) {
    TrainingRow row = {.model = fmt::format("model-{}", Pick(random, 3)),
                       .family = Pick(random, 2) == 0 ? "" : "family",
                       .run = fmt::format("reported-{}", Pick(random, 4)),
                       .phase = Pick(random, 2) == 0 ? TrainingPhase::kPre : TrainingPhase::kPost,
                       .h100e_seconds = Pick(random, 1'000'000'000'000'000),
                       .pool = Pick(random, 2) == 0 ? "" : "pool-1"};
    if (entry->correction) {
      const auto total = training_.find({row.model, row.run, row.phase});
      row.h100e_seconds =
          Difference(random, total == training_.end() ? 0
                                                      : total->second.reported_h100e_seconds +
                                                            total->second.corrected_h100e_seconds);
    }
    entry->training.push_back(std::move(row));
  }
}

void OutcomeMaker::AddBenchmarks(std::mt19937_64& random, OutcomeEntry* entry) {
  for (int64_t i = 1 + Pick(random, 3); i > 0; --i) {
    BenchmarkRow row = {.model = fmt::format("model-{}", Pick(random, 3)),
                        .family = Pick(random, 2) == 0 ? "" : "family",
                        .benchmark = fmt::format("benchmark-{}", Pick(random, 2)),
                        .version = Pick(random, 2) == 0 ? "" : "v2",
                        .date_unix_seconds = 86'400 * Pick(random, 20'000),
                        .source = Pick(random, 2) == 0 ? "" : "lab",
                        .score = static_cast<double>(Pick(random, 1'000'000)) / 7'919};
    if (entry->correction && !benchmarks_.empty()) {
      auto it = benchmarks_.begin();
      std::advance(it, Pick(random, static_cast<int64_t>(benchmarks_.size())));
      row = it->second;
      row.score = static_cast<double>(Pick(random, 1'000'000)) / 7;
    }
    if (entry->correction && Pick(random, 3) == 0) row.score.reset();
    entry->benchmarks.push_back(std::move(row));
  }
}

void OutcomeMaker::Committed(const OutcomeEntry& entry) {
  sources_[{entry.kind, entry.source}] = entry.windows;
  if (entry.correction) {
    ++correction_;
    corrections_.push_back({entry.kind, entry.source, entry.correction->id});
  }
  for (const BookedInference& row : entry.inference) {
    SegmentTotal& total = segments_[{row.model, row.customer_tier}];
    total.model = row.model;
    total.customer_tier = row.customer_tier;
    Add(entry.correction ? &total.corrected : &total.reported, row.amounts);
  }
  for (const TrainingRow& row : entry.training) {
    TrainingTotal& total = training_[{row.model, row.run, row.phase}];
    total.model = row.model;
    total.run = row.run;
    total.phase = row.phase;
    (entry.correction ? total.corrected_h100e_seconds : total.reported_h100e_seconds) +=
        row.h100e_seconds;
  }
  for (const BenchmarkRow& row : entry.benchmarks) benchmarks_[KeyOf(row)] = row;
}

RestoredOutcomes OutcomeMaker::Books() const {
  RestoredOutcomes books;
  for (const auto& [key, windows] : sources_) {
    books.sources.push_back({key.first, key.second, windows});
  }
  for (const auto& [key, total] : segments_) books.segments.push_back(total);
  for (const auto& [key, total] : training_) books.training.push_back(total);
  books.corrections = corrections_;
  for (const auto& [key, row] : benchmarks_) books.benchmarks.push_back(row);
  return books;
}

std::string TextOf(const InferenceAmounts& amounts) {
  std::string text;
  for (const auto column : kInferenceColumns) {
    text += fmt::format("{}{}", text.empty() ? "" : "/", amounts.*column);
  }
  return text;
}

std::vector<std::string> LinesOf(const RestoredOutcomes& outcomes) {
  std::vector<std::string> lines;
  for (const OutcomeSource& source : outcomes.sources) {
    std::string line = fmt::format("outcomes of {} {}: {}..{}", Name(source.kind), source.source,
                                   source.windows.counted().start_unix_nanos,
                                   source.windows.counted().end_unix_nanos);
    for (const TimeSpan& gap : source.windows.gaps()) {
      line += fmt::format(" -{}..{}", gap.start_unix_nanos, gap.end_unix_nanos);
    }
    lines.push_back(line);
  }
  for (const SegmentTotal& s : outcomes.segments) {
    lines.push_back(fmt::format("segment {} {}: {} {}", s.model, s.customer_tier,
                                TextOf(s.reported), TextOf(s.corrected)));
  }
  for (const TrainingTotal& t : outcomes.training) {
    lines.push_back(fmt::format("training {} {} {}: {} {}", t.model, t.run, Name(t.phase),
                                t.reported_h100e_seconds, t.corrected_h100e_seconds));
  }
  for (const CorrectionKey& c : outcomes.corrections) {
    lines.push_back(fmt::format("correction {} {} {}", Name(c.kind), c.source, c.id));
  }
  for (const BenchmarkRow& r : outcomes.benchmarks) {
    lines.push_back(fmt::format("result {}|{}|{}|{}|{}|{}: {}", r.model, r.family, r.benchmark,
                                r.version, r.date_unix_seconds, r.source,
                                r.score ? fmt::format("{}", *r.score) : "withdrawn"));
  }
  return lines;
}

}  // namespace fleetmeter
