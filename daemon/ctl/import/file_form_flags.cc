#include "daemon/ctl/import/file_form_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/text.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kAdvice[] =
    "--column NAME=COLUMN says what a column is called in the file, and --ignore-unknown-columns "
    "passes over the unknown ones";

absl::Status ReadColumn(const std::string& text, CsvForm* form) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (equals == std::string::npos || name.empty() || equals + 1 == text.size()) {
    return absl::InvalidArgumentError(
        fmt::format("--column: {} is not NAME=COLUMN, such as requests=n_requests", Quoted(text)));
  }
  if (!form->columns.emplace(name, text.substr(equals + 1)).second) {
    return absl::InvalidArgumentError(
        fmt::format("--column: {} is given twice; expected it once", Quoted(name)));
  }
  return absl::OkStatus();
}

absl::Status ReadEncoding(const std::string& text, CsvForm* form) {
  if (text != "utf-8" && text != "latin-1") {
    return absl::InvalidArgumentError(fmt::format(
        "--encoding: {} is not utf-8 or latin-1. UTF-16 is known by itself", Quoted(text)));
  }
  form->encoding = text == "latin-1" ? TextEncoding::kLatin1 : TextEncoding::kUtf8;
  return absl::OkStatus();
}

absl::Status ReadTimeZone(const std::string& text, CsvForm* form) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(text, &zone)) {
    return absl::InvalidArgumentError(
        fmt::format("--time-zone: {} is not a time zone such as Europe/Berlin", Quoted(text)));
  }
  form->time_zone = zone;
  return absl::OkStatus();
}

void Check(const absl::Status& status) {
  if (!status.ok()) throw CLI::ValidationError(std::string(status.message()));
}

}  // namespace

void AddFileForm(CLI::App& app, CsvForm* form) {
  form->advice = kAdvice;
  app.add_option_function<std::vector<std::string>>(
         "--column",
         [form](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) Check(ReadColumn(text, form));
         },
         "What the file calls a column, such as requests=n_requests. May be given several times")
      ->type_name("NAME=COLUMN")
      ->allow_extra_args(false);
  app.add_flag("--ignore-unknown-columns", form->ignore_unknown_columns,
               "Pass over columns that are not known. Without it they are an error, since a "
               "misspelt revenue would pass for none");
  app.add_option_function<std::string>(
         "--encoding", [form](const std::string& text) { Check(ReadEncoding(text, form)); },
         "utf-8 or latin-1, for files without a byte-order mark. The default is utf-8; UTF-16 is "
         "known by itself")
      ->type_name("ENCODING");
  app.add_flag("--decimal-comma", form->decimal_comma,
               "Numbers have a comma before their decimals, as in 12,50");
  app.add_option_function<std::string>(
         "--time-zone", [form](const std::string& text) { Check(ReadTimeZone(text, form)); },
         "The time zone of times that have no offset, such as Europe/Berlin. The default is UTC")
      ->type_name("ZONE");
}

absl::Status RefuseFileForm(const CsvForm& form, std::string_view taken_by) {
  const bool given = !form.columns.empty() || form.ignore_unknown_columns || form.decimal_comma ||
                     form.time_zone || form.encoding != TextEncoding::kUtf8;
  if (!given) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("--column, --ignore-unknown-columns, --encoding, --decimal-comma and --time-zone "
                  "take {}: they say how a CSV file is to be read",
                  taken_by));
}

}  // namespace fleetmeter::ctl
