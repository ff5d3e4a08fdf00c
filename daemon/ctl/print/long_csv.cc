#include "daemon/ctl/print/long_csv.h"

#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl {
namespace {

std::string TextOf(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return PlainNumber(value.get<double>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string Joined(const std::string& left, char between, const std::string& right) {
  return left.empty() ? right : left + between + right;
}

// The entry of a list by its own fields: protos put what tells entries apart first.
std::string NameOf(const Json& entry) {
  std::string name;
  for (const auto& [key, value] : entry.items()) {
    name = Joined(name, '/', TextOf(value));
    if (value.is_string()) break;
  }
  return name;
}

class Writer {
 public:
  explicit Writer(const std::string& root) : root_(root) {}

  void WriteFields(const Json& json, const std::string& table, const std::string& row,
                   const std::string& prefix) {
    for (const auto& [key, value] : json.items()) {
      if (value.is_object()) {
        // The parts of the message are tables; the parts of those are columns.
        if (table.empty()) {
          WriteFields(value, key, row, "");
        } else {
          WriteFields(value, table, row, prefix + key + ".");
        }
      } else if (value.is_array()) {
        WriteList(value, Joined(table, '.', prefix + key), row);
      } else {
        out_ += CsvLine({table.empty() ? root_ : table, row, prefix + key, TextOf(value)});
      }
    }
  }

  std::string Take() { return std::move(out_); }

 private:
  void WriteList(const Json& list, const std::string& table, const std::string& row) {
    int number = 0;
    for (const Json& entry : list) {
      ++number;
      if (entry.is_object()) {
        WriteFields(entry, table, Joined(row, '/', NameOf(entry)), "");
      } else {
        out_ += CsvLine({table, Joined(row, '/', std::to_string(number)), "value", TextOf(entry)});
      }
    }
  }

  const std::string& root_;
  std::string out_ = CsvLine({"table", "row", "column", "value"});
};

}  // namespace

std::string LongCsv(const Json& json, const std::string& root) {
  Writer writer(root);
  writer.WriteFields(json, "", "", "");
  return writer.Take();
}

}  // namespace fleetmeter::ctl
