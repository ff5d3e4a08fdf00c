#include <optional>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/report/render.h"

namespace fleetmeter::ctl::report {
namespace {

Json ValueJson(const Cell& cell) {
  if (!cell.is_number) return cell.text;
  return cell.value ? Json(*cell.value) : Json(nullptr);
}

Json FiguresJson(const std::vector<Figure>& figures) {
  Json out = Json::object();
  for (const Figure& figure : figures) {
    out[figure.key] = {{"title", figure.title},
                       {"value", ValueJson(figure.cell)},
                       {"text", figure.cell.text},
                       {"note", figure.cell.note}};
  }
  return out;
}

Json RowJson(const Table& table, const std::vector<Cell>& row) {
  Json out = Json::object();
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string& key = table.columns[i].key;
    out[key] = ValueJson(row[i]);
    if (!row[i].note.empty()) out[key + "_note"] = row[i].note;
  }
  return out;
}

Json TableJson(const Table& table) {
  Json out = {{"title", table.title}, {"columns", Json::array()}, {"rows", Json::array()}};
  for (const Column& column : table.columns) {
    out["columns"].push_back({{"key", column.key}, {"title", column.title}});
  }
  for (const auto& row : table.rows) out["rows"].push_back(RowJson(table, row));
  if (table.rows.empty()) out["empty"] = table.empty;
  return out;
}

Json SectionJson(const Section& section) {
  Json out = {{"title", section.title},
              {"missing", section.missing.empty() ? Json(nullptr) : Json(section.missing)},
              {"says", section.says},
              {"figures", FiguresJson(section.figures)},
              {"tables", Json::object()},
              {"notes", section.notes}};
  for (const Table& table : section.tables) out["tables"][table.id] = TableJson(table);
  return out;
}

}  // namespace

std::string DocumentJson(const Document& document) {
  Json out = {{"report", document.kind},
              {"title", document.title},
              {"subtitle", document.subtitle},
              {"basis", FiguresJson(document.basis)},
              {"sections", Json::object()}};
  for (const Section& section : document.sections) {
    out["sections"][section.id] = SectionJson(section);
  }
  return Dump(out, 1);
}

}  // namespace fleetmeter::ctl::report
