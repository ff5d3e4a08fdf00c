#include "daemon/accounting/outcome_state.h"

#include <cstdlib>

namespace fleetmeter {
namespace {

// Segments beyond the limit that still tell their model.
constexpr size_t kMostOverflowModels = 1'000;

constexpr char kOverflow[] = "overflow";

}  // namespace

InferenceAmounts Sum(const InferenceAmounts& a, const InferenceAmounts& b) {
  return {.requests = a.requests + b.requests,
          .unpriced_requests = a.unpriced_requests + b.unpriced_requests,
          .input_tokens = a.input_tokens + b.input_tokens,
          .cached_input_tokens = a.cached_input_tokens + b.cached_input_tokens,
          .output_tokens = a.output_tokens + b.output_tokens,
          .revenue_micro_usd = a.revenue_micro_usd + b.revenue_micro_usd};
}

InferenceAmounts Magnitude(const InferenceAmounts& a) {
  return {.requests = std::abs(a.requests),
          .unpriced_requests = std::abs(a.unpriced_requests),
          .input_tokens = std::abs(a.input_tokens),
          .cached_input_tokens = std::abs(a.cached_input_tokens),
          .output_tokens = std::abs(a.output_tokens),
          .revenue_micro_usd = std::abs(a.revenue_micro_usd)};
}

OutcomeState::ResultKey OutcomeState::KeyOf(const BenchmarkRow& row) {
  return {row.model, row.benchmark, row.version, row.date_unix_seconds, row.source};
}

void OutcomeState::Add(const SegmentKey& key, const InferenceAmounts& reported,
                       const InferenceAmounts& corrected, Books* books) {
  const auto [it, is_new] = books->segments.try_emplace(key, books->totals.size());
  if (is_new) {
    books->totals.push_back(
        {.model = key.first, .customer_tier = key.second, .reported = {}, .corrected = {}});
  }
  SegmentTotal& total = books->totals[it->second];
  total.reported = Sum(total.reported, reported);
  total.corrected = Sum(total.corrected, corrected);
  books->magnitude = Sum(
      books->magnitude, Sum(::fleetmeter::Magnitude(reported), ::fleetmeter::Magnitude(corrected)));
}

void OutcomeState::Restore(const RestoredOutcomes& books) {
  for (const OutcomeSource& source : books.sources) {
    kept_.windows[{source.kind, source.source}] = source.windows;
  }
  for (const SegmentTotal& total : books.segments) {
    Add({total.model, total.customer_tier}, total.reported, total.corrected, &kept_);
  }
  for (const TrainingTotal& total : books.training) {
    kept_.training[{total.model, total.run, total.phase}] +=
        total.reported_h100e_seconds + total.corrected_h100e_seconds;
    kept_.training_magnitude +=
        total.reported_h100e_seconds + std::abs(total.corrected_h100e_seconds);
  }
  for (const CorrectionKey& key : books.corrections) {
    kept_.corrections.emplace(key.kind, key.source, key.id);
  }
  for (const BenchmarkRow& row : books.benchmarks) kept_.results.insert(KeyOf(row));
}

const WindowSet* OutcomeState::Windows(OutcomeKind kind, const std::string& source) const {
  const SourceKey key{kind, source};
  if (const auto it = staged_.windows.find(key); it != staged_.windows.end()) return &it->second;
  const auto it = kept_.windows.find(key);
  return it == kept_.windows.end() ? nullptr : &it->second;
}

bool OutcomeState::HasCorrection(OutcomeKind kind, const std::string& source,
                                 const std::string& id) const {
  const std::tuple key{kind, source, id};
  return kept_.corrections.contains(key) || staged_.corrections.contains(key);
}

bool OutcomeState::HasResult(const ResultKey& key) const {
  return kept_.results.contains(key) || staged_.results.contains(key);
}

SegmentTotal OutcomeState::Segment(const SegmentKey& key) const {
  SegmentTotal sum{
      .model = key.first, .customer_tier = key.second, .reported = {}, .corrected = {}};
  for (const Books* books : {&kept_, &staged_}) {
    const auto it = books->segments.find(key);
    if (it == books->segments.end()) continue;
    sum.reported = Sum(sum.reported, books->totals[it->second].reported);
    sum.corrected = Sum(sum.corrected, books->totals[it->second].corrected);
  }
  return sum;
}

int64_t OutcomeState::TrainingSeconds(const RunKey& key) const {
  int64_t sum = 0;
  for (const Books* books : {&kept_, &staged_}) {
    const auto it = books->training.find(key);
    if (it != books->training.end()) sum += it->second;
  }
  return sum;
}

bool OutcomeState::Knows(const SegmentKey& segment) const {
  return kept_.segments.contains(segment) || staged_.segments.contains(segment);
}

InferenceAmounts OutcomeState::Magnitude() const { return Sum(kept_.magnitude, staged_.magnitude); }

OutcomeState::SegmentKey OutcomeState::BookedAs(const SegmentKey& segment, size_t most,
                                                const std::map<SegmentKey, SegmentTotal>& added,
                                                size_t added_new) const {
  const auto known = [&](const SegmentKey& key) { return Knows(key) || added.contains(key); };
  // Staged ones that are kept as well count twice: the limit bounds memory, and may come a little
  // early.
  const size_t segments = kept_.segments.size() + staged_.segments.size() + added_new;
  if (segments < most || known(segment)) return segment;
  const SegmentKey of_model{segment.first, kOverflow};
  if (segments < most + kMostOverflowModels || known(of_model)) return of_model;
  return {kOverflow, kOverflow};
}

void OutcomeState::Stage(const OutcomeEntry& entry) {
  if (entry.correction) {
    staged_.corrections.emplace(entry.kind, entry.source, entry.correction->id);
  } else if (entry.kind != OutcomeKind::kBenchmarks) {
    staged_.windows[{entry.kind, entry.source}] = entry.windows;
  }
  for (const BookedInference& row : entry.inference) {
    const InferenceAmounts none;
    Add({row.model, row.customer_tier}, entry.correction ? none : row.amounts,
        entry.correction ? row.amounts : none, &staged_);
  }
  for (const TrainingRow& row : entry.training) {
    staged_.training[{row.model, row.run, row.phase}] += row.h100e_seconds;
    staged_.training_magnitude += std::abs(row.h100e_seconds);
  }
  for (const BenchmarkRow& row : entry.benchmarks) staged_.results.insert(KeyOf(row));
}

void OutcomeState::KeepStaged() {
  for (auto& [key, windows] : staged_.windows) kept_.windows[key] = std::move(windows);
  kept_.corrections.merge(staged_.corrections);
  kept_.results.merge(staged_.results);
  const InferenceAmounts magnitude = Magnitude();
  for (const SegmentTotal& total : staged_.totals) {
    Add({total.model, total.customer_tier}, total.reported, total.corrected, &kept_);
  }
  kept_.magnitude = magnitude;  // of each amount, where the totals hold sums
  for (const auto& [key, seconds] : staged_.training) kept_.training[key] += seconds;
  kept_.training_magnitude += staged_.training_magnitude;
  staged_ = {};
}

void OutcomeState::DropStaged() { staged_ = {}; }

}  // namespace fleetmeter
