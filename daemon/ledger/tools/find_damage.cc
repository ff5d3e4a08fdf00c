#include "daemon/ledger/tools/find_damage.h"

#include <array>

#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Of each check: enough to see a pattern.
constexpr size_t kMostFindings = 10;

template <class Condition>
std::string AnyOf(Condition&& condition) {
  std::string text;
  for (const std::string_view amount : kAmountNames) {
    text += fmt::format("{}{}", text.empty() ? "" : " OR ", condition(amount));
  }
  return text;
}

}  // namespace

absl::Status Finder::Find(const std::string& sql,
                          const std::function<std::string(const Statement&)>& text) {
  Statement rows;
  if (absl::Status s = database_.Prepare(sql, &rows); !s.ok()) return s;
  size_t found = 0;
  const absl::Status status = rows.ForEach([&](const Statement& row) {
    std::string finding = text(row);
    if (!finding.empty() && ++found <= kMostFindings) findings_.push_back(std::move(finding));
    return absl::OkStatus();
  });
  if (found > kMostFindings) {
    findings_.push_back(fmt::format("... and {} more of these", found - kMostFindings));
  }
  return status;
}

absl::Status Finder::FindBadWindows(std::string_view table, std::string_view name) {
  return Find(fmt::format("SELECT {}, counted_from_unix_nanos, counted_to_unix_nanos, gaps FROM {}",
                          name, table),
              [](const Statement& row) -> std::string {
                const auto gaps = ParseGaps(row.Text(3));
                bool ok = gaps.ok() && row.Integer(1) < row.Integer(2);
                int64_t at = row.Integer(1);
                for (const TimeSpan& gap : gaps.value_or(std::vector<TimeSpan>{})) {
                  // Something was counted before each gap, and after the last.
                  ok = ok && gap.start_unix_nanos > at && gap.end_unix_nanos > gap.start_unix_nanos;
                  at = gap.end_unix_nanos;
                }
                if (ok && at < row.Integer(2)) return "";
                return fmt::format("source {} counts {} to {} with gaps {}", row.Text(0),
                                   row.Integer(1), row.Integer(2), row.Text(3));
              });
}

std::string NegatedAmountColumns() {
  std::string text = "-" + AmountColumnNames();
  for (size_t at = 0; (at = text.find(", ", at)) != std::string::npos; at += 3) {
    text.replace(at, 2, ", -");
  }
  return text;
}

std::string AnyAmountLeft() {
  return AnyOf([](std::string_view a) {
    return fmt::format("sum({0}_s) <> -(sum({0}_ns) / 1000000000) OR sum({0}_ns) % 1000000000 <> 0",
                       a);
  });
}

std::string AnyAmountBelowZero() {
  // The nanoseconds may be below zero too: rounded down to whole seconds.
  return AnyOf([](std::string_view a) {
    return fmt::format(
        "sum({0}_s) + (sum({0}_ns) - (sum({0}_ns) % 1000000000 + 1000000000) % 1000000000) / "
        "1000000000 < 0",
        a);
  });
}

}  // namespace fleetmeter
