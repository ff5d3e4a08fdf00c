#include "collectors/replay/csv/fleet_csv.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "collectors/replay/parse_number.h"

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kSilent = "silent";
constexpr size_t kMaxNameBytes = 128;

struct Columns {
  explicit Columns(const CsvReader& csv)
      : time(csv.Column("time_seconds")),
        host(csv.Column("host")),
        chip(csv.Column("chip")),
        chips(csv.Column("chips")),
        state(csv.Column("state")),
        pool(csv.Column("pool")),
        team(csv.Column("team")),
        workload(csv.Column("workload")),
        workload_type(csv.Column("workload_type")),
        model(csv.Column("model")),
        run(csv.Column("run")),
        signal(csv.Column("signal")),
        activity(csv.Column("activity")),
        productive(csv.Column("productive")) {}

  size_t time, host, chip, chips, state, pool, team, workload, workload_type, model, run, signal,
      activity, productive;
};

absl::Status CheckHeader(const CsvReader& csv) {
  absl::Status status = csv.RequireColumns({"time_seconds", "host", "chip", "chips", "state"});
  if (!status.ok()) return status;
  return csv.RefuseOtherColumns({"time_seconds", "host", "chip", "chips", "state", "pool", "team",
                                 "workload", "workload_type", "model", "run", "signal", "activity",
                                 "productive"});
}

std::optional<v1::ChipState> ParseState(std::string_view text) {
  if (text == "assigned") return v1::CHIP_STATE_ASSIGNED;
  if (text == "unassigned") return v1::CHIP_STATE_UNASSIGNED;
  if (text == "unhealthy") return v1::CHIP_STATE_UNHEALTHY;
  if (text == "reserved") return v1::CHIP_STATE_RESERVED;
  return {};
}

// Reads the records of one file into a timeline; lives as long as that takes.
class FleetLoader {
 public:
  explicit FleetLoader(CsvReader& csv) : csv_(csv), column_(csv), holdings_(timeline_) {}

  absl::StatusOr<Timeline> Load();

 private:
  absl::Status ReadRow();
  absl::Status ReadSilence(bool is_new);
  absl::Status AddChips(Step& step);
  void AddRows(const Holding& holding, Row row, Step& step);
  absl::StatusOr<Holding> ReadHolding();
  absl::Status CheckAssignment(const Holding& holding);
  absl::Status ReadActivity(const Holding& holding, Row& row);
  absl::StatusOr<std::vector<double>> ReadRatios(size_t column, int64_t chips);
  absl::Status RequireEmpty(size_t column, std::string_view when);
  absl::Status CheckName(size_t column);
  std::string Text(size_t column) const { return std::string(csv_.Field(column)); }

  CsvReader& csv_;
  const Columns column_;
  Timeline timeline_;
  HoldingTable holdings_;
  std::map<std::string, size_t, std::less<>> hosts_;
};

absl::StatusOr<Timeline> FleetLoader::Load() {
  for (;;) {
    absl::StatusOr<bool> more = csv_.Next();
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (absl::Status status = ReadRow(); !status.ok()) return status;
  }
  if (timeline_.hosts.empty()) return csv_.WrongRecord("no rows; expected at least one");
  return std::move(timeline_);
}

absl::Status FleetLoader::ReadRow() {
  const std::optional<int64_t> at = ParseSeconds(csv_.Field(column_.time));
  if (!at) return csv_.Wrong(column_.time, kExpectedSeconds);
  if (absl::Status status = CheckName(column_.host); !status.ok()) return status;
  const auto [found, is_new_host] = hosts_.emplace(Text(column_.host), timeline_.hosts.size());
  if (is_new_host) timeline_.hosts.push_back({found->first, {}});
  std::vector<Step>& steps = timeline_.hosts[found->second].steps;
  if (!steps.empty() && *at < steps.back().at) {
    return csv_.Wrong(column_.time, "no time before that of the host's row above");
  }
  const bool is_new_step = steps.empty() || *at > steps.back().at;
  if (is_new_step) steps.push_back({*at, {}});
  if (csv_.Field(column_.state) == kSilent) return ReadSilence(is_new_step);
  if (!is_new_step && steps.back().rows.empty()) {
    return csv_.Wrong(column_.state, "no other row of a host at a time when it is silent");
  }
  return AddChips(steps.back());
}

absl::Status FleetLoader::ReadSilence(bool is_new) {
  if (!is_new) return csv_.Wrong(column_.state, "a silent row to be the host's only one at a time");
  const std::string_view chips = csv_.Field(column_.chips);
  if (!chips.empty() && chips != "0") return csv_.Wrong(column_.chips, "0 or nothing when silent");
  for (size_t column :
       {column_.pool, column_.team, column_.workload, column_.workload_type, column_.model,
        column_.run, column_.signal, column_.activity, column_.productive}) {
    if (absl::Status status = RequireEmpty(column, "silent"); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FleetLoader::AddChips(Step& step) {
  const std::optional<int64_t> chips = ParseInteger(csv_.Field(column_.chips), 1, kMaxChipsPerHost);
  if (!chips) return csv_.Wrong(column_.chips, "a whole number from 1 to 65536");
  absl::StatusOr<Holding> holding = ReadHolding();
  if (!holding.ok()) return holding.status();
  Row row;
  row.milli_chips = *chips * kMilliPerChip;
  if (absl::Status status = ReadActivity(*holding, row); !status.ok()) return status;
  int64_t milli = row.milli_chips;
  for (const Row& other : step.rows) milli += other.milli_chips;
  if (milli > kMaxChipsPerHost * kMilliPerChip) {
    return csv_.Wrong(column_.chips, "at most 65536 chips on a host");
  }
  AddRows(*holding, std::move(row), step);
  return absl::OkStatus();
}

// Chips whose reading is none are held and not measured, in a row of their own behind the others.
void FleetLoader::AddRows(const Holding& holding, Row row, Step& step) {
  const auto chips = static_cast<size_t>(row.milli_chips / kMilliPerChip);
  const auto of_chip = [](const std::vector<double>& ratios, size_t i) {
    return ratios.empty() ? 0.0 : ratios[ratios.size() == 1 ? 0 : i];
  };
  Row measured;
  size_t count = 0;
  for (size_t i = 0; i < chips; ++i) {
    const double activity = of_chip(row.activity, i);
    const double productive = of_chip(row.productive, i);
    if (std::isnan(activity) || std::isnan(productive)) continue;
    ++count;
    measured.activity.push_back(activity);
    if (!row.productive.empty()) measured.productive.push_back(productive);
  }
  if (count < chips) {
    row.activity = std::move(measured.activity);
    row.productive = std::move(measured.productive);
  }
  if (count > 0) {
    row.holding = holdings_.Intern(holding);
    row.milli_chips = static_cast<int64_t>(count) * kMilliPerChip;
    step.rows.push_back(std::move(row));
  }
  if (count == chips) return;
  Row unmeasured;
  unmeasured.holding = holdings_.Intern(Unmeasured(holding));
  unmeasured.milli_chips = static_cast<int64_t>(chips - count) * kMilliPerChip;
  step.rows.push_back(std::move(unmeasured));
}

absl::StatusOr<Holding> FleetLoader::ReadHolding() {
  const std::optional<v1::ChipState> state = ParseState(csv_.Field(column_.state));
  if (!state) {
    return csv_.Wrong(column_.state, "assigned, unassigned, unhealthy, reserved or silent");
  }
  if (absl::Status status = CheckName(column_.chip); !status.ok()) return status;
  Holding holding{Text(column_.chip),     *state,
                  Text(column_.pool),     Text(column_.team),
                  Text(column_.workload), Text(column_.workload_type),
                  Text(column_.model),    Text(column_.run),
                  Text(column_.signal)};
  if (absl::Status status = CheckAssignment(holding); !status.ok()) return status;
  return holding;
}

absl::Status FleetLoader::CheckAssignment(const Holding& holding) {
  if (holding.state == v1::CHIP_STATE_ASSIGNED) {
    for (size_t column : {column_.pool, column_.team, column_.signal}) {
      if (column == CsvReader::kAbsent) {
        return csv_.WrongRecord("an assigned row; expected columns pool, team and signal");
      }
      if (absl::Status status = CheckName(column); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  for (size_t column : {column_.team, column_.workload, column_.workload_type, column_.model,
                        column_.run, column_.signal}) {
    if (absl::Status status = RequireEmpty(column, "not assigned"); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FleetLoader::ReadActivity(const Holding& holding, Row& row) {
  if (holding.state != v1::CHIP_STATE_ASSIGNED || holding.signal == kAllocatedOnly) {
    const std::string_view when =
        holding.state == v1::CHIP_STATE_ASSIGNED ? "allocated_only" : "not assigned";
    if (absl::Status status = RequireEmpty(column_.activity, when); !status.ok()) return status;
    return RequireEmpty(column_.productive, when);
  }
  const int64_t chips = row.milli_chips / kMilliPerChip;
  if (column_.activity == CsvReader::kAbsent) {
    return csv_.WrongRecord("a measuring signal; expected a column activity");
  }
  absl::StatusOr<std::vector<double>> activity = ReadRatios(column_.activity, chips);
  if (!activity.ok()) return activity.status();
  row.activity = *std::move(activity);
  if (csv_.Field(column_.productive).empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<double>> productive = ReadRatios(column_.productive, chips);
  if (!productive.ok()) return productive.status();
  row.productive = *std::move(productive);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> FleetLoader::ReadRatios(size_t column, int64_t chips) {
  std::optional<std::vector<double>> ratios =
      ParseReadings(csv_.Field(column), &timeline_.odd_readings);
  const bool fits = ratios && (ratios->size() == 1 || ratios->size() == static_cast<size_t>(chips));
  if (fits) return *std::move(ratios);
  return csv_.Wrong(column,
                    fmt::format("a number from 0 to 1, or {} of them separated by ';'", chips));
}

absl::Status FleetLoader::RequireEmpty(size_t column, std::string_view when) {
  if (csv_.Field(column).empty()) return absl::OkStatus();
  return csv_.Wrong(column, fmt::format("nothing when {}", when));
}

absl::Status FleetLoader::CheckName(size_t column) {
  const size_t size = csv_.Field(column).size();
  if (size >= 1 && size <= kMaxNameBytes) return absl::OkStatus();
  return csv_.Wrong(column, "1 to 128 bytes");
}

}  // namespace

absl::StatusOr<Timeline> ReadFleetCsv(CsvReader& csv) {
  if (absl::Status status = CheckHeader(csv); !status.ok()) return status;
  return FleetLoader(csv).Load();
}

}  // namespace fleetmeter::collector
