// How a file differs from the books, and the reports that make the books say what the file says.
// Pure: the same file, books and rules give the same plan. So whoever is cut off on the way works
// it out again: what was booked differs no more.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter::ctl {

// The books keep outcomes by the day. What tells a day's amounts apart: of inference model,
// customer tier, pool and workload; of training model, family, run, phase and pool.
struct CellKey {
  int64_t day = 0;  // seconds since 1970
  std::array<std::string, 5> names;

  friend auto operator<=>(const CellKey&, const CellKey&) = default;
};

inline constexpr std::array kCellAmountNames = {
    "requests",      "unpriced_requests", "input_tokens", "cached_input_tokens",
    "output_tokens", "revenue_micro_usd", "h100e_seconds"};
using CellAmounts = std::array<int64_t, kCellAmountNames.size()>;

// `corrections` that a sum has seen: each makes another state of it, also where its amounts were
// the same before.
struct BookedCell {
  CellAmounts amounts{};
  int64_t corrections = 0;
  uint32_t price_book_version = 0;  // that said all of the revenue; 0: no single one did
};

struct BookedSource {
  WindowSet counted;  // time that it has reported
  std::map<CellKey, BookedCell> cells;
};

// Model, benchmark, version, date and who measured it.
using ResultKey = std::tuple<std::string, std::string, std::string, int64_t, std::string>;
struct StandingResult {
  BenchmarkRow row;
  int64_t corrections = 0;
};

// What the books hold, as far as a file speaks of it.
struct Books {
  std::map<std::string, BookedSource> sources;
  std::map<ResultKey, StandingResult> results;
  // What the price book makes of rows without a revenue, by report, row and day of its window;
  // nothing: it has no price of that day.
  std::map<std::tuple<size_t, size_t, int64_t>, std::optional<int64_t>> prices;
  uint32_t price_book_version = 0;  // whose prices those are
};

struct CorrectionRules {
  DayZone zone = {};  // whose days the books have
  // The file is all that its sources have to tell of this time; without it, of the days that it has
  // rows of. The first and the last day of a file are compared where the books have nothing of them
  // before and after the file.
  std::optional<TimeSpan> covers;
  std::string reason;  // why the books are corrected
};

// What a report of the file is to the books.
enum class Standing : uint8_t {
  kNew,        // of time, or a result, that they do not have
  kUnchanged,  // they say the same
  kChanged,    // they say something else
  kPartial,    // of a day of which the file has only a part, so that the two cannot be compared
};

struct CellChange {
  std::string source;
  CellKey key;
  CellAmounts before{};
  CellAmounts after{};
  // Before and after the price book in force says the revenue. The daemon then works the difference
  // out exactly, and `after` has it to within the rounding of each row.
  bool by_price_book = false;
};

struct ResultChange {
  BenchmarkRow before;
  BenchmarkRow after;
};

struct PartialDay {
  std::string source;
  int64_t day = 0;

  friend auto operator<=>(const PartialDay&, const PartialDay&) = default;
};

struct CorrectionPlan {
  // What to send: reports of new time, then corrections, each with an id that follows from what it
  // changes, so that two who correct the same at once book it once.
  imports::ImportBatch batch;
  std::vector<Standing> standings;  // of the file's reports, in their order
  std::vector<CellChange> changes;  // by source and day
  std::vector<ResultChange> results;
  std::vector<PartialDay> partial;
};

// The file's outcome reports beside the books. FailedPrecondition: the books have merged segments,
// so that the file's cannot be told apart.
absl::StatusOr<CorrectionPlan> PlanCorrection(const imports::ImportBatch& file, const Books& books,
                                              const CorrectionRules& rules);

// Whether the plan would leave less than nothing of something, such as -400 requests of a day: then
// the file tells what is taken back, and not what there was. Revenue may be below 0.
bool LeavesLessThanNothing(const CorrectionPlan& plan);

// Of a result in the books.
ResultKey KeyOfResult(const BenchmarkRow& row);

}  // namespace fleetmeter::ctl
