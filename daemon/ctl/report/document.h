// A report as values, before it has a format. What people read of it is text that is made once, so
// that all formats say the same. Plain values.
//
// Text may hold whatever people wrote: each format shows it as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fleetmeter::ctl::report {

// A text, or a number with the text that people read.
struct Cell {
  std::string text = {};
  // Of a number: what the text was made of. Nothing: it is not known, and `note` says why.
  std::optional<double> value = {};
  bool is_number = false;
  std::string note = {};  // what the number rests on, such as the part of the chips that is heard
  bool is_gap = false;    // lines are broken there, since too little of it is heard
};

struct Column {
  std::string key = {};    // in JSON and CSV
  std::string title = {};  // for people, with the unit
  bool is_number = false;
  // On a page it stands below the column before it, after its title.
  bool below = false;
  // A page leaves it out of folded rows, so that it stays small.
  bool only_open = false;
};

enum class Tone : uint8_t { kAllocated, kAssigned, kBusy, kIdle, kAct };

// A picture of columns of a table. A number that is not known is hatched among bars and a gap in
// lines; so is, in lines, a number of which too little is heard.
struct Plot {
  struct Series {
    std::string key = {};  // of a column of numbers
    std::string title = {};
    Tone tone = Tone::kAssigned;
  };
  enum class Kind : uint8_t { kBars, kLines };
  Kind kind = Kind::kBars;
  std::string title = {};
  std::vector<Series> series = {};
  size_t most_rows = 12;  // of bars: the first rows
  double full = 0;        // a bar of all of its width is worth at least so much
};

struct Table {
  std::string id = {};
  std::string title = {};
  std::vector<Column> columns = {};  // the first one names the row
  std::vector<std::vector<Cell>> rows = {};
  std::string empty = {};  // what it means that there are no rows: a sentence
  size_t open_rows = 20;   // that a page shows at once; the rest is folded
  std::vector<Plot> plots = {};
};

struct Figure {
  std::string key = {};
  std::string title = {};
  Cell cell = {};
};

struct Section {
  std::string id = {};
  std::string title = {};
  // Why the part is not there: a sentence. Empty: it is there.
  std::string missing = {};
  std::vector<std::string> says = {};  // sentences, the answer first
  std::vector<Figure> figures = {};
  std::vector<Table> tables = {};
  std::vector<std::string> notes = {};  // rules and definitions
};

struct Document {
  std::string kind = {};  // "allocation"
  std::string title = {};
  std::string subtitle = {};
  std::vector<Figure> basis = {};  // versions and times
  std::vector<Section> sections = {};
};

}  // namespace fleetmeter::ctl::report
