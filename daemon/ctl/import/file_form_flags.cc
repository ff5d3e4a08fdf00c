#include "daemon/ctl/import/file_form_flags.h"

#include <fmt/format.h>

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
        fmt::format("{} is not NAME=COLUMN, such as requests=n_requests", Quoted(text)));
  }
  if (!form->columns.emplace(name, text.substr(equals + 1)).second) {
    return absl::InvalidArgumentError(
        fmt::format("{} is given twice; expected it once", Quoted(name)));
  }
  return absl::OkStatus();
}

absl::Status ReadEncoding(const std::string& text, CsvForm* form) {
  if (text != "utf-8" && text != "latin-1") {
    return absl::InvalidArgumentError(
        fmt::format("{} is not utf-8 or latin-1. UTF-16 is recognised", Quoted(text)));
  }
  form->encoding = text == "latin-1" ? TextEncoding::kLatin1 : TextEncoding::kUtf8;
  return absl::OkStatus();
}

absl::Status ReadTimeZone(const std::string& text, CsvForm* form) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(text, &zone)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a time zone such as Europe/Berlin", Quoted(text)));
  }
  form->time_zone = zone;
  return absl::OkStatus();
}

}  // namespace

void AddFileForm(Flags& flags, CsvForm* form) {
  form->advice = kAdvice;
  const auto read_columns = [form](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (absl::Status status = ReadColumn(text, form); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
  flags
      .AddList("--column", read_columns,
               "What the file calls a column, such as requests=n_requests")
      .ValueName("NAME=COLUMN")
      .OneValueEach();
  flags.AddSwitch("--ignore-unknown-columns", &form->ignore_unknown_columns,
                  "Ignore columns whose names are not known. Without the flag they are an error, "
                  "since a misspelt column of revenue would count as none");
  flags
      .Add(
          "--encoding", [form](const std::string& text) { return ReadEncoding(text, form); },
          "utf-8 or latin-1, for files without a byte-order mark. The default is utf-8; UTF-16 is "
          "recognised")
      .ValueName("ENCODING");
  flags.AddSwitch(
      "--decimal-comma", &form->decimal_comma,
      "Numbers have a comma before their decimals, as in 12,50. Points may stand between "
      "thousands, as in 1.234,50");
  flags
      .Add(
          "--time-zone", [form](const std::string& text) { return ReadTimeZone(text, form); },
          "The time zone of times that have no offset, such as Europe/Berlin. An offset that is "
          "written in the file wins. The default is the time zone of the daemon's days, which is "
          "UTC unless outcomes.time_zone says otherwise")
      .ValueName("ZONE");
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
