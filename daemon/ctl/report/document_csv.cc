#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/render.h"

namespace fleetmeter::ctl::report {
namespace {

std::string PlainValue(const Cell& cell) {
  if (!cell.is_number) return cell.text;
  return cell.value ? PlainNumber(*cell.value) : "";
}

std::string FiguresCsv(const std::string& section, const std::vector<Figure>& figures) {
  std::string out;
  for (const Figure& figure : figures) {
    out += CsvLine(
        {section, "", "", figure.title, figure.key, PlainValue(figure.cell), figure.cell.note});
  }
  return out;
}

std::string TableCsv(const std::string& section, const Table& table) {
  std::string out;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const auto& cells = table.rows[row];
    for (size_t i = 0; i < cells.size(); ++i) {
      out += CsvLine({section, table.id, std::to_string(row + 1), cells.front().text,
                      table.columns[i].key, PlainValue(cells[i]), cells[i].note});
    }
  }
  return out;
}

std::string SectionCsv(const Section& section) {
  std::string out;
  if (!section.missing.empty()) {
    out += CsvLine({section.id, "", "", section.title, "missing", section.missing, ""});
  }
  for (const std::string& sentence : section.says) {
    out += CsvLine({section.id, "", "", section.title, "says", sentence, ""});
  }
  out += FiguresCsv(section.id, section.figures);
  for (const Table& table : section.tables) out += TableCsv(section.id, table);
  return out;
}

}  // namespace

std::string DocumentCsv(const Document& document) {
  std::string out = CsvLine({"section", "table", "row", "name", "column", "value", "note"});
  out += FiguresCsv("basis", document.basis);
  for (const Section& section : document.sections) out += SectionCsv(section);
  return out;
}

}  // namespace fleetmeter::ctl::report
