// Rows of reports as cells of the books have them, and reports made of cells. Pure.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "daemon/ctl/import/correction_plan.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter::ctl {

inline constexpr size_t kRevenueAmount = 5;  // of CellAmounts

struct ToldRow {
  std::array<std::string, 5> names;
  CellAmounts amounts{};
  bool by_price_book = false;  // which says its revenue
};

const OutcomeReport& OutcomeOf(const imports::ImportReport& planned);
TimeSpan SpanOf(const OutcomeReport& report);

// The parts of a span that were counted, or were not, in order.
std::vector<TimeSpan> PiecesOf(TimeSpan span, const WindowSet& counted, bool that_are_counted);

// As the books have the rows of a report of inference or training on one day of its window: priced
// by `books`, at the price of the day, where it brings no revenue. `index`: of the report, by which
// prices are found.
std::vector<ToldRow> ToldRows(const OutcomeReport& report, size_t index, const HourSlice& day,
                              const Books& books);

// Adds a row of a correction, or, of no amounts, of time in which nothing was.
void AddTo(const std::array<std::string, 5>& names, const CellAmounts& a, OutcomeReport* report);
// The same of a difference of tokens whose revenue the price book of this version says.
void AddPriced(const std::array<std::string, 5>& names, const CellAmounts& a,
               uint32_t price_book_version, OutcomeReport* report);

// Whether it takes something back, such as -400 requests. Revenue below 0 is a refund, which a
// report may say.
bool TakesBack(const OutcomeReport& report);

// "1,2,3": all of them, in their order.
std::string TextOf(const CellAmounts& amounts);

// Without rows.
OutcomeReport ReportOf(OutcomeKind kind, const std::string& source, TimeSpan window);

// What is not counted yet of a report's time goes into `batch` as time in which nothing was, so
// that a correction may name it.
void AddEmptyTime(const OutcomeReport& report, WindowSet* counted, imports::ImportBatch* batch);

}  // namespace fleetmeter::ctl
