#include "daemon/ctl/print/usage_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

// Integer over integer, to the nearest; halves away from zero.
absl::int128 Rounded(absl::int128 value, absl::int128 divisor) {
  const absl::int128 half = divisor / 2;
  return value < 0 ? -((-value + half) / divisor) : (value + half) / divisor;
}

std::string Digits(absl::int128 value) { return fmt::format("{}", static_cast<__int128>(value)); }

std::string SecondsText(absl::int128 nanos) { return SecondsOfNanos(Digits(nanos)).value_or(""); }

// One decimal, thousands grouped; "-" for what is not known.
std::string TableHours(std::optional<absl::int128> nanos) {
  if (!nanos) return kUnknown;
  const absl::int128 tenths = Rounded(*nanos, kNanosPerHour / 10);
  const absl::int128 size = tenths < 0 ? -tenths : tenths;
  return Grouped(
      fmt::format("{}{}.{}", tenths < 0 ? "-" : "", Digits(size / 10), Digits(size % 10)));
}

// The parts of an amount that are known only where something measured them.
struct Measured {
  std::optional<absl::int128> busy, idle, productive;
};

Measured MeasuredOf(const UsageAmounts& a) {
  Measured known;
  if (a.measured != 0) {
    known.busy = a.busy;
    known.idle = a.measured - a.busy;
  }
  if (a.productive_measured != 0) known.productive = a.productive;
  return known;
}

struct Figure {
  std::string name;
  std::optional<absl::int128> nanos;
  bool exact_seconds = false;  // not hours
};

std::vector<Figure> FiguresOf(const UsageRow& row) {
  const Measured h100e = MeasuredOf(row.h100e);
  const Measured chips = MeasuredOf(row.chips);
  return {{"h100e_hours", row.h100e.chips},
          {"measured_h100e_hours", row.h100e.measured},
          {"busy_h100e_hours", h100e.busy},
          {"idle_h100e_hours", h100e.idle},
          {"productive_h100e_hours", h100e.productive},
          {"chip_hours", row.chips.chips},
          {"measured_chip_hours", row.chips.measured},
          {"busy_chip_hours", chips.busy},
          {"idle_chip_hours", chips.idle},
          {"productive_chip_hours", chips.productive},
          {"chip_seconds", row.chips.chips, true},
          {"busy_chip_seconds", chips.busy, true},
          {"productive_chip_seconds", chips.productive, true},
          {"allocated_h100e_hours", row.allocated}};
}

std::string FigureText(const Figure& figure) {
  if (!figure.nanos) return "";
  return figure.exact_seconds ? SecondsText(*figure.nanos) : HoursOfNanos(*figure.nanos);
}

std::string Upper(std::string_view name) {
  std::string text;
  for (const char c : name) text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

bool HasKey(const UsageAnswer& answer, UsageKey wanted) {
  for (const UsageKey key : answer.question.by) {
    if (key == wanted) return true;
  }
  return false;
}

std::string TimeOf(int64_t seconds) { return UtcTime(seconds * kNanosPerSecond); }

// Whose days and quarters the rows are; empty where they are neither and there is no need to say.
std::string ZoneText(const UsageAnswer& answer) {
  const bool days = HasKey(answer, UsageKey::kDay) || HasKey(answer, UsageKey::kQuarter);
  if (!days) return "";
  return fmt::format("days of {}; ", answer.question.zone.name());
}

std::string BasisText(const UsageAnswer& answer) {
  std::string plans;
  for (const auto& [plan, version] : answer.plans) {
    plans += fmt::format("{}{} version {}", plans.empty() ? "" : ", ", plan, version);
  }
  std::string catalogs;
  for (const int64_t version : answer.catalog_versions) {
    catalogs += fmt::format("{}{}", catalogs.empty() ? "" : ", ", version);
  }
  if (answer.rows.empty()) {
    return answer.question.time == UsageTime::kUsed ? "the books tell of no use in this time"
                                                    : "nothing was booked";
  }
  return fmt::format("plan {}; catalog version {}", plans, catalogs);
}

std::string UsageTable(const UsageAnswer& answer) {
  std::vector<Column> columns;
  for (const UsageKey key : answer.question.by) columns.push_back({Upper(Name(key))});
  const bool by_state = HasKey(answer, UsageKey::kState);
  const bool allocated =
      std::all_of(answer.question.by.begin(), answer.question.by.end(), PlansTell);
  if (allocated) columns.push_back({"ALLOCATED", Align::kRight});
  for (const char* title :
       {by_state ? "H100E-H" : "ASSIGNED", "BUSY", "IDLE", "PRODUCTIVE", "MEASURED", "CHIP-H"}) {
    columns.push_back({title, Align::kRight});
  }
  Table table(columns);
  const auto add = [&](const std::vector<std::string>& keys, const UsageRow& row) {
    std::vector<Cell> cells(keys.begin(), keys.end());
    if (allocated) cells.emplace_back(TableHours(row.allocated));
    const Measured known = MeasuredOf(row.h100e);
    for (const auto& nanos :
         {std::optional(row.h100e.chips), known.busy, known.idle, known.productive,
          std::optional(row.h100e.measured), std::optional(row.chips.chips)}) {
      cells.emplace_back(TableHours(nanos));
    }
    table.AddRow(std::move(cells));
  };
  UsageRow total;
  total.allocated = 0;
  for (const UsageRow& row : answer.rows) {
    add(row.keys, row);
    total.chips += row.chips;
    total.h100e += row.h100e;
    total.allocated = row.allocated && total.allocated
                          ? std::optional(*total.allocated + *row.allocated)
                          : std::nullopt;
  }
  if (!answer.question.by.empty() && answer.rows.size() > 1) {
    std::vector<std::string> keys(answer.question.by.size());
    keys[0] = "total";
    add(keys, total);
  }
  return table.Render() +
         fmt::format(
             "\n{} to {}, by the time of {}; {}H100e-hours, chips in chip-hours; {}; {}{}\n",
             TimeOf(answer.question.from), TimeOf(answer.question.to),
             answer.question.time == UsageTime::kUsed ? "use" : "booking", ZoneText(answer),
             by_state ? "chips of all states" : "assigned chips",
             allocated && !answer.rows.empty() ? "allocated by the plans of the time; " : "",
             BasisText(answer));
}

std::string UsageCsv(const UsageAnswer& answer) {
  std::vector<std::string> header;
  for (const UsageKey key : answer.question.by) header.emplace_back(Name(key));
  for (const Figure& figure : FiguresOf({})) header.push_back(figure.name);
  std::string out = CsvLine(header);
  for (const UsageRow& row : answer.rows) {
    std::vector<std::string> cells = row.keys;
    for (const Figure& figure : FiguresOf(row)) cells.push_back(FigureText(figure));
    out += CsvLine(cells);
  }
  return out;
}

std::string UsageJson(const UsageAnswer& answer) {
  Json out;
  out["from"] = TimeOf(answer.question.from);
  out["to"] = TimeOf(answer.question.to);
  out["time"] = Name(answer.question.time);
  out["time_zone"] = answer.question.zone.name();
  Json plans = Json::array();
  for (const auto& [plan, version] : answer.plans) {
    plans.push_back(Json{{"plan", plan}, {"version", version}});
  }
  out["basis"]["plans"] = plans;
  out["basis"]["catalog_versions"] = answer.catalog_versions;
  out["usage"] = Json::array();
  for (const UsageRow& row : answer.rows) {
    Json item;
    for (size_t i = 0; i < row.keys.size(); ++i) {
      item[std::string(Name(answer.question.by[i]))] = row.keys[i];
    }
    for (const Figure& figure : FiguresOf(row)) {
      item[figure.name] = figure.nanos ? Json(FigureText(figure)) : Json(nullptr);
    }
    out["usage"].push_back(item);
  }
  return Dump(out);
}

}  // namespace

std::string HoursOfNanos(absl::int128 nanos) {
  // In billionths of an hour, which the nanoseconds' point then shows: n / 3600.
  return SecondsText(Rounded(nanos, kSecondsPerHour));
}

std::string FormatUsage(const UsageAnswer& answer, OutputFormat format) {
  if (format == OutputFormat::kTable) return UsageTable(answer);
  return format == OutputFormat::kJson ? UsageJson(answer) : UsageCsv(answer);
}

}  // namespace fleetmeter::ctl
