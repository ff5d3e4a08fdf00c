#include "daemon/ledger/sqlite/dimension_tables.h"

#include <optional>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

std::string KeyOf(const BookConversion& c) {
  return KeyBuilder()
      .Add(c.chip)
      .Add(c.chips_per_h100e.numerator)
      .Add(c.chips_per_h100e.denominator)
      .Add(c.catalog_version)
      .Take();
}

std::string KeyOf(std::string_view plan, uint32_t version) {
  return KeyBuilder().Add(plan).Add(version).Take();
}

std::string KeyOf(const CellNames& n, int64_t conversion_id) {
  return KeyBuilder()
      .Add(static_cast<int64_t>(n.state))
      .Add(n.pool)
      .Add(n.team)
      .Add(n.signal)
      .Add(conversion_id)
      .Take();
}

std::string KeyOf(const WorkloadNames& n) {
  return KeyBuilder()
      .Add(n.pool)
      .Add(n.workload)
      .Add(n.workload_type)
      .Add(n.model)
      .Add(n.run)
      .Take();
}

absl::StatusOr<ChipState> ParseState(const std::string& text) {
  for (const ChipState state : kChipStates) {
    if (Name(state) == text) return state;
  }
  return absl::DataLossError(fmt::format("the ledger has chips in a state '{}'", text));
}

constexpr int kConversionColumn = 5;

// A row of totals with its conversion, as Restore reads it.
absl::StatusOr<BookTotal> TotalAt(const Statement& row) {
  const auto state = ParseState(row.Text(1));
  if (!state.ok()) return state.status();
  BookTotal total;
  total.state = *state;
  total.pool = row.Text(2);
  total.team = row.Text(3);
  total.signal = row.Text(4);
  total.conversion = {.chip = row.Text(6),
                      .chips_per_h100e = {row.Integer(7), row.Integer(8)},
                      .catalog_version = static_cast<uint32_t>(row.Integer(9))};
  const UsageAmounts amounts = AmountsAt(row, 10);
  total.amounts = {amounts.chips, amounts.busy, amounts.productive};
  return total;
}

}  // namespace

uint64_t DigestOf(const WorkloadNames& names) { return Digest64(KeyOf(names)); }

absl::Status DimensionTables::Prepare() {
  const std::string zeros = "0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
  return database_.PrepareAll(
      {{"INSERT INTO conversions (chip, numerator, denominator, catalog_version) "
        "VALUES (?1, ?2, ?3, ?4)",
        &insert_conversion_},
       {"INSERT INTO plans (plan, plan_version) VALUES (?1, ?2)", &insert_plan_},
       {fmt::format("INSERT INTO totals (state, pool, team, signal, conversion_id, {}) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, {})",
                    AmountColumnNames(), zeros),
        &insert_cell_},
       {"SELECT workload_id FROM workloads WHERE pool = ?1 AND workload = ?2 AND "
        "workload_type = ?3 AND model = ?4 AND run = ?5",
        &find_workload_},
       {"INSERT INTO workloads (pool, workload, workload_type, model, run, last_hour_start) "
        "VALUES (?1, ?2, ?3, ?4, ?5, 0)",
        &insert_workload_},
       {"UPDATE workloads SET last_hour_start = max(last_hour_start, ?2) "
        "WHERE workload_id = ?1",
        &touch_workload_}});
}

absl::Status DimensionTables::RestorePlans() {
  Statement plans;
  absl::Status status = database_.Prepare("SELECT plan_id, plan, plan_version FROM plans", &plans);
  if (!status.ok()) return status;
  return plans.ForEach([&](const Statement& row) {
    plans_.Learn(KeyOf(row.Text(1), static_cast<uint32_t>(row.Integer(2))), row.Integer(0));
    return absl::OkStatus();
  });
}

absl::Status DimensionTables::Restore(RestoredBooks* books) {
  if (absl::Status status = RestorePlans(); !status.ok()) return status;
  Statement cells;
  absl::Status status = database_.Prepare(
      fmt::format("SELECT cell_id, state, pool, team, signal, conversion_id, chip, numerator, "
                  "denominator, catalog_version, {} FROM totals JOIN conversions "
                  "USING (conversion_id) ORDER BY cell_id",
                  AmountColumnNames()),
      &cells);
  if (!status.ok()) return status;
  return cells.ForEach([&](const Statement& row) -> absl::Status {
    auto total = TotalAt(row);
    if (!total.ok()) return total.status();
    const int64_t conversion = row.Integer(kConversionColumn);
    conversions_.Learn(KeyOf(total->conversion), conversion);
    cells_.Learn(KeyOf({total->state, total->pool, total->team, total->signal}, conversion),
                 row.Integer(0));
    restored_cells_.push_back(row.Integer(0));
    books->chip_nanos += total->amounts.chips;
    books->totals.push_back(*std::move(total));
    return absl::OkStatus();
  });
}

absl::StatusOr<int64_t> DimensionTables::Conversion(const BookConversion& c) {
  return conversions_.FindOrStage(KeyOf(c), [&]() -> absl::StatusOr<int64_t> {
    absl::Status status =
        insert_conversion_.Run(c.chip, c.chips_per_h100e.numerator, c.chips_per_h100e.denominator,
                               int64_t{c.catalog_version});
    if (!status.ok()) return status;
    return database_.LastInsertedRow();
  });
}

absl::StatusOr<int64_t> DimensionTables::Plan(std::string_view plan, uint32_t version) {
  return plans_.FindOrStage(KeyOf(plan, version), [&]() -> absl::StatusOr<int64_t> {
    absl::Status status = insert_plan_.Run(plan, int64_t{version});
    if (!status.ok()) return status;
    return database_.LastInsertedRow();
  });
}

absl::StatusOr<int64_t> DimensionTables::Cell(const CellNames& n, int64_t conversion_id) {
  return cells_.FindOrStage(KeyOf(n, conversion_id), [&]() -> absl::StatusOr<int64_t> {
    absl::Status status = insert_cell_.Run(Name(n.state), n.pool, n.team, n.signal, conversion_id);
    if (!status.ok()) return status;
    return database_.LastInsertedRow();
  });
}

absl::StatusOr<int64_t> DimensionTables::Workload(const WorkloadNames& n) {
  return workloads_.FindOrStage(KeyOf(n), [&]() -> absl::StatusOr<int64_t> {
    std::optional<int64_t> found;
    absl::Status status = find_workload_.ForEach(
        [&](const Statement& row) {
          found = row.Integer(0);
          return absl::OkStatus();
        },
        n.pool, n.workload, n.workload_type, n.model, n.run);
    if (!status.ok()) return status;
    if (found) return *found;
    status = insert_workload_.Run(n.pool, n.workload, n.workload_type, n.model, n.run);
    if (!status.ok()) return status;
    return database_.LastInsertedRow();
  });
}

absl::Status DimensionTables::TouchWorkload(int64_t workload_id, int64_t hour_start) {
  return touch_workload_.Run(workload_id, hour_start);
}

void DimensionTables::Commit() {
  for (StagedIds* ids : {&conversions_, &plans_, &cells_, &workloads_}) ids->Commit();
  if (workloads_.size() > kMostWorkloads) workloads_.Clear();
}

void DimensionTables::Rollback() {
  for (StagedIds* ids : {&conversions_, &plans_, &cells_, &workloads_}) ids->Rollback();
}

}  // namespace fleetmeter
