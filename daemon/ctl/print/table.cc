#include "daemon/ctl/print/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kBetween = 2;       // spaces
constexpr size_t kShortest = 8;      // columns of a text that is shortened
constexpr size_t kLongestName = 32;  // before columns are left out
constexpr int kRankOfNothing = 100;  // beyond all ranks that columns are given

}  // namespace

std::string LeftOutNote(const std::vector<std::string>& left_out) {
  if (left_out.empty()) return "";
  return fmt::format("{} left out; --wide shows all.",
                     CountOf(static_cast<int64_t>(left_out.size()), "column"));
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  std::vector<Cell> titles;
  titles.reserve(columns_.size());
  for (const Column& column : columns_) titles.emplace_back(column.title, Style::kBold);
  AddRow(std::move(titles));
}

void Table::AddRow(std::vector<Cell> cells) {
  cells.resize(columns_.size(), Cell(""));
  for (Cell& cell : cells) cell.text = Printable(cell.text);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths() const {
  std::vector<size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
  return widths;
}

void Table::Remove(size_t column) {
  const auto place = static_cast<std::ptrdiff_t>(column);
  columns_.erase(columns_.begin() + place);
  for (auto& row : rows_) row.erase(row.begin() + place);
}

void Table::ShortenFirst(size_t width) {
  for (auto& row : rows_) row.front().text = Shortened(row.front().text, width);
}

void Table::RankEmptyLast(int first, const std::vector<std::string>& texts) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].rank < first || !ColumnIs(i, texts)) continue;
    columns_[i].rank = kRankOfNothing + static_cast<int>(i);
  }
}

std::vector<std::string> Table::FitInto(size_t width) {
  const auto whole = [this] {
    const std::vector<size_t> widths = Widths();
    return std::accumulate(widths.begin(), widths.end(), kBetween * (widths.size() - 1));
  };
  // One name that is very long must not hide all that is known.
  if (whole() > width) ShortenFirst(kLongestName);
  std::vector<std::string> left_out;
  while (whole() > width) {
    const auto least =
        std::max_element(columns_.begin(), columns_.end(),
                         [](const Column& a, const Column& b) { return a.rank < b.rank; });
    if (least->rank == 0) break;
    left_out.push_back(least->title);
    Remove(static_cast<size_t>(least - columns_.begin()));
  }
  if (const size_t is = whole(); is > width) {
    const size_t first = Widths().front();
    ShortenFirst(std::max(kShortest, first - std::min(first, is - width)));
  }
  return left_out;
}

bool Table::ColumnIs(size_t column, const std::vector<std::string>& texts) const {
  return std::all_of(rows_.begin() + 1, rows_.end(), [&](const std::vector<Cell>& row) {
    return std::find(texts.begin(), texts.end(), row[column].text) != texts.end();
  });
}

std::string Table::Render(bool colors) const {
  const std::vector<size_t> widths = Widths();
  std::string out;
  for (const auto& row : rows_) out += Line(row, widths, colors) + "\n";
  return out;
}

std::string Table::Line(const std::vector<Cell>& cells, const std::vector<size_t>& widths,
                        bool colors) const {
  size_t used = cells.size();
  while (used > 0 && cells[used - 1].text.empty()) --used;
  std::string out;
  for (size_t i = 0; i < used; ++i) {
    const Cell& cell = cells[i];
    // Spaces stay outside of the colours, and off the end of the line.
    const std::string pad(widths[i] - DisplayWidth(cell.text), ' ');
    const std::string text = Paint(cell.text, cell.style, colors);
    if (i > 0) out += std::string(kBetween, ' ');
    if (columns_[i].align == Align::kRight) {
      out += pad + text;
    } else {
      out += i + 1 < used ? text + pad : text;
    }
  }
  return out;
}

}  // namespace fleetmeter::ctl
