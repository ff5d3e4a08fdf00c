#include "daemon/ledger/sqlite/capacity_tables.h"

#include <optional>
#include <string>
#include <utility>

#include "daemon/ledger/read/read_capacity_events.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityEvent;
using capacity::CapacityForm;
using capacity::Roi;

std::optional<int64_t> OfRoi(const std::optional<Roi>& roi, int64_t Roi::* member) {
  return roi ? std::optional((*roi).*member) : std::nullopt;
}

std::string PoolOf(const CapacityEvent& event) {
  return event.action == Action::kRank ? event.pool : event.form.pool;
}

std::string NatureOf(const CapacityEvent& event) {
  switch (event.action) {
    case Action::kSubmit:
    case Action::kAmend:
      return std::string(Name(event.form.nature));
    case Action::kRank:
      return std::string(Name(event.nature));
    default:
      return "";
  }
}

}  // namespace

absl::Status CapacityTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO capacity_events (number, at_unix_nanos, action, identity, reason, request_id, "
        "revision, pool, team, chip, chips, cores, start_unix_seconds, hours, workload, "
        "workload_type, model, run, nature, goal, gain, expected_micro_usd, low_micro_usd, "
        "high_micro_usd, confidence_basis_points, expected_by_unix_seconds, beyond_allocation, "
        "trade_off, note, micro_h100e, catalog_version, granted_chips, grant_start_unix_seconds, "
        "grant_end_unix_seconds, decision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
        "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, nullif(?21, ''), ?22, ?23, ?24, ?25, ?26, "
        "?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35)",
        &insert_event_},
       {"INSERT INTO capacity_event_workloads (number, position, workload) VALUES (?1, ?2, ?3)",
        &insert_workload_}});
}

absl::Status CapacityTables::Restore(RestoredBooks* books) {
  auto events = ReadCapacityEvents(database_);
  if (!events.ok()) return events.status();
  for (const CapacityEvent& event : *events) {
    if (const std::string fault = chain_.Take(event); !fault.empty()) {
      return absl::DataLossError(
          fmt::format("{}: the file is damaged; 'fleetmeterctl ledger verify' says more, and "
                      "'fleetmeterctl ledger restore' goes back to a backup",
                      fault));
    }
  }
  books->capacity = *std::move(events);
  return absl::OkStatus();
}

absl::Status CapacityTables::Stage(const LedgerTransaction& transaction) {
  if (transaction.capacity.empty()) return absl::OkStatus();
  staged_ = chain_;
  for (const CapacityEvent& event : transaction.capacity) {
    if (const std::string fault = staged_->Take(event); !fault.empty()) {
      return absl::InvalidArgumentError(fault);
    }
    absl::Status status = Write(event);
    if (status.ok()) status = WriteWorkloads(event);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void CapacityTables::Commit() {
  if (staged_) chain_ = *std::exchange(staged_, std::nullopt);
}

absl::Status CapacityTables::Write(const CapacityEvent& e) {
  const CapacityForm& form = e.form;
  const std::optional<Roi>& roi = form.roi;
  return insert_event_.Run(
      e.number, e.at_unix_nanos, std::string(Name(e.action)), e.identity, e.reason, e.request_id,
      e.revision, PoolOf(e), form.team, form.chip, form.chips, form.cores, form.start_unix_seconds,
      form.hours, form.workload, form.workload_type, form.model, form.run, NatureOf(e), form.goal,
      std::string(roi ? Name(roi->gain) : ""), OfRoi(roi, &Roi::expected_micro_usd),
      OfRoi(roi, &Roi::low_micro_usd), OfRoi(roi, &Roi::high_micro_usd),
      OfRoi(roi, &Roi::confidence_basis_points), OfRoi(roi, &Roi::expected_by_unix_seconds),
      int64_t{form.beyond_allocation ? 1 : 0}, form.trade_off, form.note, e.worth.micro_h100e,
      e.worth.catalog_version, e.granted_chips, e.start_unix_seconds, e.end_unix_seconds,
      e.decision);
}

absl::Status CapacityTables::WriteWorkloads(const CapacityEvent& event) {
  int64_t position = 0;
  for (const std::string& workload : event.workloads) {
    absl::Status status = insert_workload_.Run(event.number, position++, workload);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
