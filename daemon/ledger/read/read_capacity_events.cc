#include "daemon/ledger/read/read_capacity_events.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ledger/read/read_rows.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityEvent;
using capacity::CapacityForm;

absl::Status NotKnown(const Statement& row, std::string_view what, const std::string& text) {
  return absl::DataLossError(fmt::format("event {} of requests for capacity is of the {} {}",
                                         row.Integer(0), what, Quoted(text)));
}

// Columns from 20 on.
absl::Status ReadRoi(const Statement& row, CapacityForm* form) {
  if (row.IsNull(20)) return absl::OkStatus();
  const auto gain = capacity::ParseGain(row.Text(20));
  if (!gain) return NotKnown(row, "gain", row.Text(20));
  form->roi = {.gain = *gain,
               .expected_micro_usd = row.Integer(21),
               .low_micro_usd = row.Integer(22),
               .high_micro_usd = row.Integer(23),
               .confidence_basis_points = row.Integer(24),
               .expected_by_unix_seconds = row.Integer(25)};
  return absl::OkStatus();
}

absl::Status ReadForm(const Statement& row, CapacityForm* form) {
  form->request_id = row.Text(5);
  form->pool = row.Text(7);
  form->team = row.Text(8);
  form->chip = row.Text(9);
  form->chips = row.Integer(10);
  if (!row.IsNull(11)) form->cores = row.Integer(11);
  form->start_unix_seconds = row.Integer(12);
  form->hours = row.Integer(13);
  form->workload = row.Text(14);
  form->workload_type = row.Text(15);
  form->model = row.Text(16);
  form->run = row.Text(17);
  const auto nature = capacity::ParseNature(row.Text(18));
  if (!nature) return NotKnown(row, "nature", row.Text(18));
  form->nature = *nature;
  form->goal = row.Text(19);
  form->beyond_allocation = row.Integer(26) != 0;
  form->trade_off = row.Text(27);
  form->note = row.Text(28);
  return ReadRoi(row, form);
}

absl::Status ReadRanked(const Statement& row, CapacityEvent* event) {
  event->pool = row.Text(7);
  const auto nature = capacity::ParseNature(row.Text(18));
  if (!nature) return NotKnown(row, "nature", row.Text(18));
  event->nature = *nature;
  return absl::OkStatus();
}

absl::StatusOr<CapacityEvent> EventAt(const Statement& row) {
  const auto action = capacity::ParseAction(row.Text(2));
  if (!action) return NotKnown(row, "action", row.Text(2));
  CapacityEvent event;
  event.number = row.Integer(0);
  event.at_unix_nanos = row.Integer(1);
  event.action = *action;
  event.identity = row.Text(3);
  event.reason = row.Text(4);
  event.request_id = row.Text(5);
  event.revision = row.Integer(6);
  event.worth = {.micro_h100e = row.Integer(29), .catalog_version = row.Integer(30)};
  event.granted_chips = row.Integer(31);
  event.start_unix_seconds = row.Integer(32);
  event.end_unix_seconds = row.Integer(33);
  event.decision = row.Integer(34);
  absl::Status status;
  if (*action == Action::kSubmit || *action == Action::kAmend) status = ReadForm(row, &event.form);
  if (*action == Action::kRank) status = ReadRanked(row, &event);
  if (!status.ok()) return status;
  return event;
}

absl::Status AddWorkloads(Database& ledger, std::vector<CapacityEvent>* events) {
  return ReadRows(
      ledger, "SELECT number, workload FROM capacity_event_workloads ORDER BY number, position",
      [&](const Statement& row) {
        const auto event = std::lower_bound(
            events->begin(), events->end(), row.Integer(0),
            [](const CapacityEvent& e, int64_t number) { return e.number < number; });
        if (event == events->end() || event->number != row.Integer(0) ||
            event->action != Action::kRank) {
          return absl::DataLossError(fmt::format(
              "workloads are ranked by event {} of requests for capacity, which ranks none",
              row.Integer(0)));
        }
        event->workloads.push_back(row.Text(1));
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<std::vector<CapacityEvent>> ReadCapacityEvents(Database& ledger) {
  std::vector<CapacityEvent> events;
  absl::Status status = ReadRows(
      ledger,
      "SELECT number, at_unix_nanos, action, identity, reason, request_id, revision, pool, team, "
      "chip, chips, cores, start_unix_seconds, hours, workload, workload_type, model, run, nature, "
      "goal, gain, expected_micro_usd, low_micro_usd, high_micro_usd, confidence_basis_points, "
      "expected_by_unix_seconds, beyond_allocation, trade_off, note, micro_h100e, catalog_version, "
      "granted_chips, grant_start_unix_seconds, grant_end_unix_seconds, decision "
      "FROM capacity_events ORDER BY number",
      [&](const Statement& row) -> absl::Status {
        auto event = EventAt(row);
        if (!event.ok()) return event.status();
        events.push_back(*std::move(event));
        return absl::OkStatus();
      });
  if (status.ok()) status = AddWorkloads(ledger, &events);
  if (!status.ok()) return status;
  return events;
}

}  // namespace fleetmeter
