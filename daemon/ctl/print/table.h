// A table of text with aligned columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {

// Of a terminal that nobody has measured, and of pipes and files.
inline constexpr size_t kUsualColumns = 80;

// "3 columns left out; --wide shows all." ; empty where none was.
std::string LeftOutNote(const std::vector<std::string>& left_out);

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  // What matters less has a higher one, and is left out first where room is scarce; 0: it stays.
  int rank = 0;
};

struct Cell {
  Cell(std::string cell_text, Style cell_style = Style::kPlain)  // NOLINT: a text is a cell
      : text(std::move(cell_text)), style(cell_style) {}
  Cell(const char* cell_text, Style cell_style = Style::kPlain)  // NOLINT: likewise
      : text(cell_text), style(cell_style) {}

  std::string text;
  Style style;
};

// Collects rows, then gives them as lines. Cells are made printable here, so that no caller
// forgets.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // One cell a column.
  void AddRow(std::vector<Cell> cells);

  // Leaves columns out until all lines fit into `width`; where that is not enough, the texts of the
  // first column are shortened. The titles of what was left out. After the last row.
  std::vector<std::string> FitInto(size_t width);

  // Whether every cell of the column, but its title, is one of `texts`.
  bool ColumnIs(size_t column, const std::vector<std::string>& texts) const;
  // Columns of the rank `first` or beyond, which tell of something out of the ordinary, give way
  // before all others where each of their cells is one of `texts`. Before FitInto().
  void RankEmptyLast(int first, const std::vector<std::string>& texts);

  // Title line and rows, each with its line end and without trailing spaces.
  std::string Render(bool colors = false) const;

 private:
  std::vector<size_t> Widths() const;
  void Remove(size_t column);
  void ShortenFirst(size_t width);
  std::string Line(const std::vector<Cell>& cells, const std::vector<size_t>& widths,
                   bool colors) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;  // the first holds the titles
};

}  // namespace fleetmeter::ctl
