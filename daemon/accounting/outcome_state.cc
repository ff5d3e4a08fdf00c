#include "daemon/accounting/outcome_state.h"

#include <algorithm>

namespace fleetmeter {
namespace {

// Segments beyond the limit that still tell their model.
constexpr size_t kMostOverflowModels = 1'000;

constexpr char kOverflow[] = "overflow";

SegmentTotal EmptyTotal(const outcomes::Segment& segment) {
  return {.model = segment.model,
          .customer_tier = segment.customer_tier,
          .reported = {},
          .corrected = {}};
}

}  // namespace

std::vector<InferenceAmounts> PartsOf(const BookedInference& row) {
  if (row.days.empty()) return {row.amounts};
  std::vector<InferenceAmounts> parts;
  for (const PricedDay& day : row.days) parts.push_back(day.amounts);
  return parts;
}

InferenceAmounts Sum(const InferenceAmounts& a, const InferenceAmounts& b) {
  return {.requests = a.requests + b.requests,
          .unpriced_requests = a.unpriced_requests + b.unpriced_requests,
          .input_tokens = a.input_tokens + b.input_tokens,
          .cached_input_tokens = a.cached_input_tokens + b.cached_input_tokens,
          .output_tokens = a.output_tokens + b.output_tokens,
          .revenue_micro_usd = a.revenue_micro_usd + b.revenue_micro_usd};
}

OutcomeState::ResultKey OutcomeState::KeyOf(const BenchmarkRow& row) {
  return {row.model, row.benchmark, row.version, row.date_unix_seconds, row.source};
}

void OutcomeState::Add(const SegmentTotal& more, Books* books) {
  const outcomes::Segment segment{more.model, more.customer_tier};
  const auto [it, is_new] = books->segments.try_emplace(segment, books->totals.size());
  if (is_new) {
    books->totals.push_back(EmptyTotal(segment));
  }
  SegmentTotal& total = books->totals[it->second];
  total.reported = Sum(total.reported, more.reported);
  total.corrected = Sum(total.corrected, more.corrected);
  total.history = Sum(total.history, more.history);
}

void OutcomeState::Restore(const RestoredOutcomes& books) {
  shares_.Restore(books);
  for (const OutcomeSource& source : books.sources) {
    committed_.windows[{source.kind, source.source}] = source.windows;
    std::string& owner = committed_.owners[source.source];
    if (owner.empty()) owner = source.owner;
  }
  for (const SegmentTotal& total : books.segments) {
    Add(total, &committed_);
    if (total.price_rest == 0) continue;
    committed_.price_rests[{total.model, total.customer_tier}] = total.price_rest;
  }
  for (const TrainingTotal& total : books.training) {
    committed_.training[{total.model, total.run, total.phase}] +=
        total.reported_h100e_seconds + total.corrected_h100e_seconds;
  }
  for (const CorrectionKey& key : books.corrections) {
    committed_.corrections.emplace(key.kind, key.source, key.id);
  }
  for (const BenchmarkRow& row : books.benchmarks) committed_.results.insert(KeyOf(row));
}

const WindowSet* OutcomeState::Windows(OutcomeKind kind, const std::string& source) const {
  const SourceKey key{kind, source};
  if (const auto it = staged_.windows.find(key); it != staged_.windows.end()) return &it->second;
  const auto it = committed_.windows.find(key);
  return it == committed_.windows.end() ? nullptr : &it->second;
}

bool OutcomeState::HasSource(const std::string& source) const {
  return committed_.owners.contains(source);
}

const std::string& OutcomeState::OwnerOf(const std::string& source) const {
  static const std::string kNobody;
  for (const Books* books : {&staged_, &committed_}) {
    const auto found = books->owners.find(source);
    if (found != books->owners.end()) return found->second;
  }
  return kNobody;
}

void OutcomeState::SetOwner(const std::string& source, const std::string& identity) {
  const auto found = committed_.owners.find(source);
  if (found != committed_.owners.end()) found->second = identity;
}

std::map<std::string, int64_t> OutcomeState::Sources() const {
  std::map<std::string, int64_t> told;
  for (const auto& [source, owner] : committed_.owners) told[source] = 0;
  for (const auto& [key, windows] : committed_.windows) {
    int64_t& until = told[key.second];
    until = std::max(until, windows.counted().end_unix_nanos);
  }
  return told;
}

void OutcomeState::FindOverlap(OutcomeKind kind, OverlapFinder* finder) const {
  for (const auto& [key, windows] : committed_.windows) {
    if (key.first == kind) finder->Look(key.second, windows);
  }
}

bool OutcomeState::HasCorrection(OutcomeKind kind, const std::string& source,
                                 const std::string& id) const {
  const std::tuple key{kind, source, id};
  return committed_.corrections.contains(key) || staged_.corrections.contains(key);
}

bool OutcomeState::HasResult(const ResultKey& key) const {
  return committed_.results.contains(key) || staged_.results.contains(key);
}

SegmentTotal OutcomeState::TotalOf(const outcomes::Segment& segment) const {
  SegmentTotal sum = EmptyTotal(segment);
  for (const Books* books : {&committed_, &staged_}) {
    const auto it = books->segments.find(segment);
    if (it == books->segments.end()) continue;
    sum.reported = Sum(sum.reported, books->totals[it->second].reported);
    sum.corrected = Sum(sum.corrected, books->totals[it->second].corrected);
    sum.history = Sum(sum.history, books->totals[it->second].history);
    const auto rest = books->price_rests.find(segment);
    if (rest != books->price_rests.end()) sum.price_rest = rest->second;
  }
  return sum;
}

int64_t OutcomeState::TrainingSeconds(const RunKey& key) const {
  int64_t sum = 0;
  for (const Books* books : {&committed_, &staged_}) {
    const auto it = books->training.find(key);
    if (it != books->training.end()) sum += it->second;
  }
  return sum;
}

bool OutcomeState::Knows(const outcomes::Segment& segment) const {
  return committed_.segments.contains(segment) || staged_.segments.contains(segment);
}

outcomes::Segment OutcomeState::BookedAs(const outcomes::Segment& segment, size_t most,
                                         const TotalsBySegment& added, size_t added_new) const {
  const auto known = [&](const outcomes::Segment& s) { return Knows(s) || added.contains(s); };
  // Staged ones that are committed as well count twice: the limit bounds memory, and may come a
  // little early.
  const size_t segments = committed_.segments.size() + staged_.segments.size() + added_new;
  if (segments < most || known(segment)) return segment;
  const outcomes::Segment of_model{segment.model, kOverflow};
  if (segments < most + kMostOverflowModels || known(of_model)) return of_model;
  return {kOverflow, kOverflow};
}

void OutcomeState::Stage(const OutcomeEntry& entry) {
  OutcomeChange change;
  staged_.owners[entry.source] = entry.new_owner.empty() ? OwnerOf(entry.source) : entry.new_owner;
  if (entry.correction) {
    staged_.corrections.emplace(entry.kind, entry.source, entry.correction->id);
  } else if (entry.kind != OutcomeKind::kBenchmarks) {
    staged_.windows[{entry.kind, entry.source}] = entry.windows;
  }
  for (const BookedInference& row : entry.inference) {
    for (const InferenceAmounts& part : PartsOf(row)) {
      const InferenceSides sides = SidesOf(part, entry.correction.has_value());
      SegmentTotal more = EmptyTotal({row.model, row.customer_tier});
      more.reported = sides.reported;
      more.corrected = sides.corrected;
      if (entry.history) more.history = sides.reported;
      change.Count(part);
      Add(more, &staged_);
    }
    if (row.price_rest) staged_.price_rests[{row.model, row.customer_tier}] = *row.price_rest;
  }
  for (const TrainingRow& row : entry.training) {
    staged_.training[{row.model, row.run, row.phase}] += row.h100e_seconds;
    change.Count(kTrainingAmount, row.h100e_seconds);
  }
  for (const BenchmarkRow& row : entry.benchmarks) staged_.results.insert(KeyOf(row));
  shares_.Stage(SenderOf(entry.stream, entry.source), entry.kind, entry.source, change,
                entry.correction.has_value());
}

void OutcomeState::StageRepriced(const AdminEntry& entry) {
  for (const RepricedDay& day : entry.repriced) {
    staged_.corrections.emplace(OutcomeKind::kInference, day.source,
                                RepriceCorrectionId(entry.number));
    SegmentTotal more = EmptyTotal({day.row.model, day.row.customer_tier});
    more.corrected = day.row.amounts;
    Add(more, &staged_);
    OutcomeChange change;
    change.Count(day.row.amounts);
    shares_.Stage(entry.identity, OutcomeKind::kInference, day.source, change, /*corrects=*/true);
  }
}

void OutcomeState::Commit() {
  for (auto& [key, windows] : staged_.windows) committed_.windows[key] = std::move(windows);
  for (auto& [source, owner] : staged_.owners) committed_.owners[source] = std::move(owner);
  committed_.corrections.merge(staged_.corrections);
  committed_.results.merge(staged_.results);
  for (const SegmentTotal& total : staged_.totals) {
    Add(total, &committed_);
  }
  for (const auto& [segment, rest] : staged_.price_rests) committed_.price_rests[segment] = rest;
  for (const auto& [key, seconds] : staged_.training) committed_.training[key] += seconds;
  staged_ = {};
  shares_.Commit();
}

void OutcomeState::Rollback() {
  staged_ = {};
  shares_.Rollback();
}

}  // namespace fleetmeter
