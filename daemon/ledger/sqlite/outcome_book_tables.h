// Books counted outcome reports: what was served and trained, by the days that its window has, each
// as much as it has of the window's time; results of
// benchmarks; corrections, and who reported which time. A transaction is added up in memory first,
// so that each row is written once. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/postings.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/name_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class OutcomeBookTables final : public LedgerTable {
 public:
  // `database` outlives it. Days are those of `zone`.
  OutcomeBookTables(Database& database, const DayZone& zone);

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  // InvalidArgument: a sum would leave 64 bits.
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override;
  void Rollback() override;

 private:
  // Keys of inference_days and training_days.
  using InferenceKey = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t>;
  using TrainingKey =
      std::tuple<int64_t, int64_t, std::string, std::string, int64_t, int64_t, int64_t>;

  // What the rows of an entry have in common.
  struct Context {
    std::vector<HourSlice> days;  // of the window; empty for benchmarks
    int64_t window_length_nanos = 0;
    int64_t source_row = 0;
    int64_t correction_row = 0;
    int64_t booked_day = 0;
    int64_t booked_unix_nanos = 0;
  };

  absl::Status PrepareNames();
  absl::Status PrepareInference();
  absl::Status PrepareTraining();
  absl::Status Add(const OutcomeEntry& entry, int64_t now_unix_nanos);
  absl::Status AddInferencePart(const InferenceKey& key, bool corrects,
                                const InferenceAmounts& part);
  absl::Status AddInference(const OutcomeEntry& entry, const Context& context);
  absl::Status AddTraining(const OutcomeEntry& entry, const Context& context);
  absl::Status WriteBenchmarks(const OutcomeEntry& entry, const Context& context);
  absl::StatusOr<int64_t> WriteSource(const OutcomeEntry& entry);
  // What the source reports of outcomes, of whatever kind, belongs to that identity.
  absl::Status WriteOwner(const std::string& source, const std::string& owner);
  absl::StatusOr<int64_t> WriteCorrection(const OutcomeEntry& entry, int64_t source_row,
                                          int64_t now_unix_nanos);
  // The differences that an entry books, as a correction of each source.
  absl::Status AddRepriced(const AdminEntry& entry, int64_t now_unix_nanos);
  absl::StatusOr<int64_t> WriteRepriceCorrection(const AdminEntry& entry, int64_t source_row,
                                                 int64_t now_unix_nanos);
  absl::Status WriteSums();
  absl::Status WriteInferenceSums();
  absl::Status WriteTrainingSums();

  Database& database_;
  const DayZone zone_;
  NameTable sources_;
  NameTable segments_;
  NameTable servers_;
  NameTable training_;
  Statement set_windows_;
  Statement own_source_;
  Statement insert_correction_;
  Statement add_segment_;
  Statement correct_segment_;
  Statement set_price_rest_;
  Statement add_inference_day_;
  Statement add_segment_history_;
  Statement add_training_;
  Statement correct_training_;
  Statement add_training_day_;
  Statement add_training_history_;
  Statement insert_benchmark_;

  // Of the transaction under way.
  std::map<InferenceKey, InferenceAmounts> inference_days_;
  std::map<int64_t, InferenceAmounts> segments_reported_;
  std::map<int64_t, InferenceAmounts> segments_corrected_;
  std::map<int64_t, InferenceAmounts> segments_history_;  // the part of those reported
  std::map<int64_t, int64_t> price_rests_;                // by segment, as they are after it
  std::map<TrainingKey, int64_t> training_days_;
  std::map<int64_t, int64_t> training_reported_;
  std::map<int64_t, int64_t> training_corrected_;
  std::map<int64_t, int64_t> training_history_;  // the part of those reported
};

}  // namespace fleetmeter
