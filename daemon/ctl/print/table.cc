#include "daemon/ctl/print/table.h"

#include <algorithm>
#include <utility>

namespace fleetmeter::ctl {

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

std::string Table::Render(bool colors) const {
  std::vector<size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
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
    if (i > 0) out += "  ";
    if (columns_[i].align == Align::kRight) {
      out += pad + text;
    } else {
      out += i + 1 < used ? text + pad : text;
    }
  }
  return out;
}

}  // namespace fleetmeter::ctl
