// What a file of history becomes: reports in an order that follows from the file and the rules
// alone, so that the same file makes the same reports whenever and wherever it is read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/csv.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/line_set.h"
#include "daemon/ctl/import/row_reader.h"
#include "daemon/ctl/import/usage_amounts.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter::imports {

// What the daemon takes.
inline constexpr int64_t kMostAmount = 1'000'000'000'000'000;
inline constexpr size_t kMostRows = 16'384;  // of an outcome report
inline constexpr size_t kMostGroups = 4'096;
inline constexpr size_t kMostLabelBytes = 128;
inline constexpr int64_t kLongestOutcomeWindow = 366 * kDay;

struct ImportReport {
  std::variant<OutcomeReport, UsageReport> report;
  LineSet lines;         // of the file, that it says
  int64_t repeated = 0;  // of them: an earlier report has another part of what they say

  // Rows that are counted with it.
  int64_t rows() const { return lines.count() - repeated; }
};

class StoredReports;

struct ImportBatch {
  std::vector<ImportReport> reports;
  // In place of `reports`, where they are too many to be held in memory: of usage alone.
  std::shared_ptr<const StoredReports> stored;
  std::vector<imports::RefusedRow> refused;  // ascending by line
  int64_t rows = 0;                          // in the file
  int64_t passed_over = 0;                   // of them, those that say nothing of the kind
  // Sources come of the file's name: the same file under another name is the same history.
  bool source_of_name = false;
  UsageAmounts amounts;           // of usage
  std::string time_zone = "UTC";  // whose days the books have, as far as windows were laid by them

  // Of the reports, wherever they are. What At() gives is good until its next call.
  size_t size() const;
  bool empty() const { return size() == 0; }
  const ImportReport& At(size_t index) const;
  // Not OK: At() gave a report that is not one of them, since a temporary file cannot be read.
  absl::Status read_status() const;

  // The same with all of it in `reports`, for those who go to and fro in it.
  absl::StatusOr<ImportBatch> InMemory() const;

  void Refuse(const LineSet& lines, std::string_view reason);
  // Puts `refused` in order.
  void Finish();
};

// Calls `take(reader, line)` for every record; what the reader then refuses goes to the plan, and
// so do records of another form than the header's.
template <class Take>
void ReadInto(CsvReader& csv, ImportBatch& plan, const Take& take) {
  while (csv.NextOrWrong()) {
    ++plan.rows;
    if (csv.wrong_form()) {
      plan.refused.push_back({csv.line(), *csv.wrong_form()});
      continue;
    }
    imports::RowReader reader(csv);
    take(reader, csv.line());
    if (!reader.ok()) plan.refused.push_back({csv.line(), reader.reason()});
  }
}

// From a column "end": when the row's window ends, which is after `start`.
std::optional<int64_t> ReadEnd(imports::RowReader& reader, int64_t start);

}  // namespace fleetmeter::imports
