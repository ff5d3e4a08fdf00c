#include "daemon/ledger/sqlite/outcome_book_tables.h"

#include <algorithm>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/clock.h"
#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "daemon/ledger/sqlite/restore_outcomes.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::Status Beyond(std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("the sum of {} of one day would leave 64 bits; expected smaller amounts", what));
}

// A row's days as they are booked. The first one has a row whatever its amounts, so that the books
// tell that the time was reported.
std::vector<PricedDay> DaysOf(const BookedInference& row, const std::vector<HourSlice>& slices,
                              int64_t window_length_nanos) {
  if (!row.days.empty()) return row.days;
  std::vector<PricedDay> days;
  for (const HourSlice& slice : slices) {
    days.push_back({.day_start = slice.hour_start,
                    .amounts = PartIn(slice, row.amounts, window_length_nanos),
                    .unpriced = row.unpriced});
  }
  return days;
}

// "a = a + ?2, b = b + ?3, ..." for columns "a, b, ...".
std::string Additions(const std::string& columns, int first) {
  std::string out;
  for (size_t at = 0; at < columns.size();) {
    const size_t end = std::min(columns.find(", ", at), columns.size());
    const std::string column = columns.substr(at, end - at);
    out += fmt::format("{}{} = {} + ?{}", out.empty() ? "" : ", ", column, column, first++);
    at = end + 2;
  }
  return out;
}

std::string Corrected(std::string_view columns) {
  std::string out = fmt::format("corrected_{}", columns);
  for (size_t at = 0; (at = out.find(", ", at)) != std::string::npos; at += 2) {
    out.insert(at + 2, "corrected_");
  }
  return out;
}

}  // namespace

OutcomeBookTables::OutcomeBookTables(Database& database, const DayZone& zone)
    : database_(database),
      zone_(zone),
      sources_(database),
      segments_(database),
      servers_(database),
      training_(database) {}

absl::Status OutcomeBookTables::Prepare() {
  absl::Status status = PrepareNames();
  if (status.ok()) status = PrepareInference();
  if (status.ok()) status = PrepareTraining();
  if (!status.ok()) return status;
  return database_.PrepareAll(
      {{"UPDATE outcome_sources SET counted_from_unix_nanos = ?2, "
        "counted_to_unix_nanos = ?3, gaps = ?4 WHERE source_row = ?1",
        &set_windows_},
       {"UPDATE outcome_sources SET owner = ?2 WHERE "
        "kind IN ('inference', 'training', 'benchmarks') AND source = ?1",
        &own_source_},
       {"INSERT INTO outcome_corrections (source_row, correction, reason, "
        "window_start_unix_nanos, window_length_nanos, booked_unix_nanos, identity, "
        "stream_id, sequence, entry_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &insert_correction_},
       {"INSERT INTO benchmark_results (model, family, benchmark, version, date_start, "
        "measured_by, score, source_row, correction_row, booked_unix_nanos) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &insert_benchmark_}});
}

absl::Status OutcomeBookTables::PrepareNames() {
  const std::string amounts(kInferenceColumnNames);
  absl::Status status =
      sources_.Prepare({.table = "outcome_sources",
                        .id = "source_row",
                        .names = {"kind", "source"},
                        .zeros = "counted_from_unix_nanos, counted_to_unix_nanos"});
  if (!status.ok()) return status;
  status = segments_.Prepare({.table = "segment_totals",
                              .id = "segment_id",
                              .names = {"model", "customer_tier"},
                              .zeros = amounts + ", " + Corrected(amounts)});
  if (!status.ok()) return status;
  status = servers_.Prepare({.table = "inference_servers",
                             .id = "server_id",
                             .names = {"pool", "workload"},
                             .zeros = ""});
  if (!status.ok()) return status;
  return training_.Prepare({.table = "training_totals",
                            .id = "training_id",
                            .names = {"model", "run", "phase"},
                            .zeros = "h100e_seconds, corrected_h100e_seconds"});
}

absl::Status OutcomeBookTables::PrepareInference() {
  const std::string amounts(kInferenceColumnNames);
  return database_.PrepareAll(
      {{fmt::format("UPDATE segment_totals SET {} WHERE segment_id = ?1", Additions(amounts, 2)),
        &add_segment_},
       {fmt::format("UPDATE segment_totals SET {} WHERE segment_id = ?1",
                    Additions(Corrected(amounts), 2)),
        &correct_segment_},
       {fmt::format("INSERT INTO segment_history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                    "ON CONFLICT DO UPDATE SET {}",
                    Additions(amounts, 2)),
        &add_segment_history_},
       {"UPDATE segment_totals SET price_rest = ?2 WHERE segment_id = ?1", &set_price_rest_},
       {fmt::format("INSERT INTO inference_days VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                    "?11, ?12, ?13) ON CONFLICT DO UPDATE SET {}",
                    Additions(amounts, 8)),
        &add_inference_day_}});
}

absl::Status OutcomeBookTables::PrepareTraining() {
  return database_.PrepareAll(
      {{"UPDATE training_totals SET h100e_seconds = h100e_seconds + ?2 WHERE training_id = ?1",
        &add_training_},
       {"UPDATE training_totals SET corrected_h100e_seconds = corrected_h100e_seconds + ?2 "
        "WHERE training_id = ?1",
        &correct_training_},
       {"INSERT INTO training_history VALUES (?1, ?2) "
        "ON CONFLICT DO UPDATE SET h100e_seconds = h100e_seconds + ?2",
        &add_training_history_},
       {"INSERT INTO training_days VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
        "ON CONFLICT DO UPDATE SET h100e_seconds = h100e_seconds + ?8",
        &add_training_day_}});
}

absl::Status OutcomeBookTables::Restore(RestoredBooks* books) {
  return RestoreOutcomes(database_, &books->outcomes);
}

absl::Status OutcomeBookTables::Stage(const LedgerTransaction& transaction) {
  inference_days_.clear();
  segments_reported_.clear();
  segments_corrected_.clear();
  segments_history_.clear();
  price_rests_.clear();
  training_days_.clear();
  training_reported_.clear();
  training_corrected_.clear();
  training_history_.clear();
  for (const OutcomeEntry& entry : transaction.outcomes) {
    absl::Status status = Add(entry, transaction.now_unix_nanos);
    if (!status.ok()) return status;
  }
  for (const AdminEntry& entry : transaction.entries) {
    absl::Status status = AddRepriced(entry, transaction.now_unix_nanos);
    if (status.ok() && entry.action == AdminAction::kMove) {
      status = WriteOwner(entry.source, entry.new_owner);
    }
    if (!status.ok()) return status;
  }
  return WriteSums();
}

absl::Status OutcomeBookTables::Add(const OutcomeEntry& entry, int64_t now_unix_nanos) {
  const auto source_row = WriteSource(entry);
  if (!source_row.ok()) return source_row.status();
  const auto correction_row = WriteCorrection(entry, *source_row, now_unix_nanos);
  if (!correction_row.ok()) return correction_row.status();
  std::vector<HourSlice> days;
  if (entry.kind != OutcomeKind::kBenchmarks) {
    auto sliced = SliceByDay(entry.window_start_unix_nanos, entry.window_length_nanos, zone_);
    if (!sliced.ok()) return sliced.status();
    days = *std::move(sliced);
  }
  const Context context = {.days = std::move(days),
                           .window_length_nanos = entry.window_length_nanos,
                           .source_row = *source_row,
                           .correction_row = *correction_row,
                           .booked_day = DayOf(zone_.Local(now_unix_nanos / kNanosPerSecond)),
                           .booked_unix_nanos = now_unix_nanos};
  absl::Status status = AddInference(entry, context);
  if (status.ok()) status = AddTraining(entry, context);
  if (status.ok()) status = WriteBenchmarks(entry, context);
  return status;
}

absl::StatusOr<int64_t> OutcomeBookTables::WriteSource(const OutcomeEntry& entry) {
  const auto row = sources_.Id(Name(entry.kind), entry.source);
  if (!row.ok()) return row;
  absl::Status status;
  if (!entry.new_owner.empty()) status = WriteOwner(entry.source, entry.new_owner);
  if (!status.ok()) return status;
  if (entry.windows.empty()) return row;
  const TimeSpan& counted = entry.windows.counted();
  status = set_windows_.Run(*row, counted.start_unix_nanos, counted.end_unix_nanos,
                            GapsText(entry.windows.gaps()));
  if (!status.ok()) return status;
  return row;
}

absl::Status OutcomeBookTables::WriteOwner(const std::string& source, const std::string& owner) {
  return own_source_.Run(source, owner);
}

absl::StatusOr<int64_t> OutcomeBookTables::WriteCorrection(const OutcomeEntry& entry,
                                                           int64_t source_row,
                                                           int64_t now_unix_nanos) {
  if (!entry.correction) return 0;
  absl::Status status = insert_correction_.Run(
      source_row, entry.correction->id, entry.correction->reason, entry.window_start_unix_nanos,
      entry.window_length_nanos, now_unix_nanos, entry.stream.identity, Blob{entry.stream.id},
      static_cast<int64_t>(entry.sequence), int64_t{0});
  if (!status.ok()) return status;
  return database_.LastInsertedRow();
}

absl::Status OutcomeBookTables::AddInference(const OutcomeEntry& entry, const Context& c) {
  for (const BookedInference& row : entry.inference) {
    const auto segment = segments_.Id(row.model, row.customer_tier);
    if (!segment.ok()) return segment.status();
    if (row.price_rest) price_rests_[*segment] = *row.price_rest;
    const auto server = servers_.Id(row.pool, row.workload);
    if (!server.ok()) return server.status();
    const std::vector<PricedDay> days = DaysOf(row, c.days, c.window_length_nanos);
    for (const PricedDay& day : days) {
      if (day.amounts == InferenceAmounts() && &day != &days.front()) continue;
      const int64_t unpriced = row.lacks_tokens ? kNoTokensVersion : kNoPriceVersion;
      const int64_t version = day.unpriced ? unpriced : int64_t{row.price_book_version};
      const InferenceKey key = {day.day_start, *segment,         *server,     version,
                                c.source_row,  c.correction_row, c.booked_day};
      absl::Status status = AddInferencePart(key, entry.correction.has_value(), day.amounts);
      if (!status.ok()) return status;
      const InferenceAmounts reported = SidesOf(day.amounts, entry.correction.has_value()).reported;
      if (entry.history && !AddTo(&segments_history_[*segment], reported)) {
        return Beyond("what was served");
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> OutcomeBookTables::WriteRepriceCorrection(const AdminEntry& entry,
                                                                  int64_t source_row,
                                                                  int64_t now_unix_nanos) {
  // No stream brought it.
  absl::Status status = insert_correction_.Run(
      source_row, RepriceCorrectionId(entry.number), entry.reason,
      zone_.BeginOf(entry.from_day) * kNanosPerSecond,
      (zone_.BeginOf(entry.to_day) - zone_.BeginOf(entry.from_day)) * kNanosPerSecond,
      now_unix_nanos, entry.identity, Blob{""}, int64_t{0}, entry.number);
  if (!status.ok()) return status;
  return database_.LastInsertedRow();
}

absl::Status OutcomeBookTables::AddRepriced(const AdminEntry& entry, int64_t now_unix_nanos) {
  std::map<std::string, std::pair<int64_t, int64_t>> rows;  // of source and correction, by source
  for (const RepricedDay& day : entry.repriced) {
    const auto [it, is_new] = rows.try_emplace(day.source);
    if (is_new) {
      const auto source = sources_.Id(Name(OutcomeKind::kInference), day.source);
      if (!source.ok()) return source.status();
      const auto correction = WriteRepriceCorrection(entry, *source, now_unix_nanos);
      if (!correction.ok()) return correction.status();
      it->second = {*source, *correction};
    }
    const auto segment = segments_.Id(day.row.model, day.row.customer_tier);
    if (!segment.ok()) return segment.status();
    const auto server = servers_.Id(day.row.pool, day.row.workload);
    if (!server.ok()) return server.status();
    const InferenceKey key = {day.day_start,
                              *segment,
                              *server,
                              int64_t{day.row.price_book_version},
                              it->second.first,
                              it->second.second,
                              DayOf(zone_.Local(now_unix_nanos / kNanosPerSecond))};
    absl::Status status = AddInferencePart(key, /*corrects=*/true, day.row.amounts);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status OutcomeBookTables::AddInferencePart(const InferenceKey& key, bool corrects,
                                                 const InferenceAmounts& part) {
  const int64_t segment = std::get<1>(key);
  const InferenceSides sides = SidesOf(part, corrects);
  const bool fits = AddTo(&segments_reported_[segment], sides.reported) &&
                    AddTo(&segments_corrected_[segment], sides.corrected) &&
                    AddTo(&inference_days_[key], part);
  return fits ? absl::OkStatus() : Beyond("what was served");
}

absl::Status OutcomeBookTables::AddTraining(const OutcomeEntry& entry, const Context& c) {
  for (const TrainingRow& row : entry.training) {
    const auto training = training_.Id(row.model, row.run, Name(row.phase));
    if (!training.ok()) return training.status();
    auto& totals = entry.correction ? training_corrected_ : training_reported_;
    const bool history = entry.history && !entry.correction;
    if (history && !AddTo(&training_history_[*training], row.h100e_seconds)) {
      return Beyond("what was trained");
    }
    for (const HourSlice& day : c.days) {
      const int64_t part = PartIn(day, row.h100e_seconds, c.window_length_nanos);
      if (part == 0 && day.from_nanos > 0) continue;
      const TrainingKey key = {day.hour_start, *training,        row.family,  row.pool,
                               c.source_row,   c.correction_row, c.booked_day};
      if (!AddTo(&totals[*training], part) || !AddTo(&training_days_[key], part)) {
        return Beyond("what was trained");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status OutcomeBookTables::WriteBenchmarks(const OutcomeEntry& entry, const Context& c) {
  for (const BenchmarkRow& row : entry.benchmarks) {
    const auto run = [&](const auto& score) {
      return insert_benchmark_.Run(row.model, row.family, row.benchmark, row.version,
                                   row.date_unix_seconds, row.source, score, c.source_row,
                                   c.correction_row, c.booked_unix_nanos);
    };
    absl::Status status = row.score ? run(*row.score) : run(nullptr);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status OutcomeBookTables::WriteSums() {
  absl::Status status = WriteInferenceSums();
  return status.ok() ? WriteTrainingSums() : status;
}

absl::Status OutcomeBookTables::WriteInferenceSums() {
  for (const auto& [key, amounts] : inference_days_) {
    absl::Status status = std::apply(
        [&](const auto&... keys) { return RunWithInference(add_inference_day_, amounts, keys...); },
        key);
    if (!status.ok()) return status;
  }
  for (const auto& [totals, statement] : {std::pair{&segments_reported_, &add_segment_},
                                          {&segments_corrected_, &correct_segment_},
                                          {&segments_history_, &add_segment_history_}}) {
    for (const auto& [segment, amounts] : *totals) {
      absl::Status status = RunWithInference(*statement, amounts, segment);
      if (!status.ok()) return status;
    }
  }
  for (const auto& [segment, rest] : price_rests_) {
    if (absl::Status status = set_price_rest_.Run(segment, rest); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status OutcomeBookTables::WriteTrainingSums() {
  for (const auto& [key, h100e_seconds] : training_days_) {
    absl::Status status =
        std::apply([&, amount = h100e_seconds](
                       const auto&... keys) { return add_training_day_.Run(keys..., amount); },
                   key);
    if (!status.ok()) return status;
  }
  for (const auto& [totals, statement] : {std::pair{&training_reported_, &add_training_},
                                          {&training_corrected_, &correct_training_},
                                          {&training_history_, &add_training_history_}}) {
    for (const auto& [training, h100e_seconds] : *totals) {
      if (absl::Status s = statement->Run(training, h100e_seconds); !s.ok()) return s;
    }
  }
  return absl::OkStatus();
}

void OutcomeBookTables::Commit() {
  for (NameTable* names : {&sources_, &segments_, &servers_, &training_}) names->Commit();
}

void OutcomeBookTables::Rollback() {
  for (NameTable* names : {&sources_, &segments_, &servers_, &training_}) names->Rollback();
}

}  // namespace fleetmeter
