#include "daemon/ledger/sqlite/name_table.h"

#include "fmt/format.h"

namespace fleetmeter {

absl::Status NameTable::Prepare(const Columns& columns) {
  std::string names;
  std::string parameters;
  std::string conditions;
  for (size_t i = 0; i < columns.names.size(); ++i) {
    const std::string_view comma = i == 0 ? "" : ", ";
    names += fmt::format("{}{}", comma, columns.names[i]);
    parameters += fmt::format("{}?{}", comma, i + 1);
    conditions += fmt::format("{}{} = ?{}", i == 0 ? "" : " AND ", columns.names[i], i + 1);
  }
  if (!columns.zeros.empty()) {
    names += ", " + columns.zeros;
    parameters += ", 0";
    for (const char c : columns.zeros) parameters += c == ',' ? ", 0" : "";
  }
  absl::Status status = database_.Prepare(
      fmt::format("SELECT {} FROM {} WHERE {}", columns.id, columns.table, conditions), &find_);
  if (!status.ok()) return status;
  return database_.Prepare(
      fmt::format("INSERT INTO {} ({}) VALUES ({})", columns.table, names, parameters), &insert_);
}

}  // namespace fleetmeter
