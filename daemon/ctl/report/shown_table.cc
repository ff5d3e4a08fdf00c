#include "daemon/ctl/report/shown_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace fleetmeter::ctl::report {
namespace {

constexpr size_t kFewRows = 2;  // in which nothing is said too often

bool NothingKnown(const Table& table, size_t column) {
  const Cell& first = table.rows.front()[column];
  if (!first.is_number || first.value || first.note.empty()) return false;
  return std::all_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
    return !row[column].value && row[column].text == first.text && row[column].note == first.note;
  });
}

// The end of a column and of those that stand below it.
size_t EndOfGroup(const Table& table, size_t begin) {
  size_t end = begin + 1;
  while (end < table.columns.size() && table.columns[end].below) ++end;
  return end;
}

// Whether nothing is known of the columns from `begin` to `end`.
bool NothingKnown(const Table& table, size_t begin, size_t end) {
  for (size_t column = begin; column < end; ++column) {
    if (!NothingKnown(table, column)) return false;
  }
  return true;
}

std::string UnknownText(const Table& table, const std::vector<bool>& left_out) {
  std::string out;
  for (size_t column = 0; column < table.columns.size(); ++column) {
    if (!left_out[column]) continue;
    out += fmt::format("{}{} ({})", out.empty() ? "Not known of any: " : "; ",
                       HeadOf(table.columns[column]), table.rows.front()[column].note);
  }
  return out.empty() ? "" : out + ".";
}

}  // namespace

ShownTable TableForPeople(const Table& table) {
  ShownTable shown{.table = table};
  if (table.rows.size() <= kFewRows) return shown;
  std::vector<bool> left_out(table.columns.size());
  for (size_t begin = 1; begin < table.columns.size(); begin = EndOfGroup(table, begin)) {
    const size_t end = EndOfGroup(table, begin);
    if (!NothingKnown(table, begin, end)) continue;
    std::fill(left_out.begin() + static_cast<std::ptrdiff_t>(begin),
              left_out.begin() + static_cast<std::ptrdiff_t>(end), true);
  }
  shown.unknown = UnknownText(table, left_out);
  for (size_t column = table.columns.size(); column-- > 0;) {
    if (!left_out[column]) continue;
    const auto place = static_cast<std::ptrdiff_t>(column);
    shown.table.columns.erase(shown.table.columns.begin() + place);
    for (auto& row : shown.table.rows) row.erase(row.begin() + place);
  }
  return shown;
}

std::string HeadOf(const Column& column) {
  std::string head = column.title.empty() ? column.key : column.title;
  std::replace(head.begin(), head.end(), '_', ' ');
  if (head.ends_with(':')) head.pop_back();
  if (!head.empty() && head.front() >= 'a' && head.front() <= 'z') {
    head.front() = static_cast<char>(head.front() - 'a' + 'A');
  }
  return head;
}

}  // namespace fleetmeter::ctl::report
