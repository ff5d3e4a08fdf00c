#include "daemon/ledger/sqlite/term_tables.h"

#include <utility>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::Status Misnumbered(int64_t term) {
  return absl::DataLossError(fmt::format(
      "the ledger's allocation terms are not numbered from 0 without gaps, at {}", term));
}

}  // namespace

absl::Status TermTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO allocation_terms VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO "
        "UPDATE SET plan = ?2, plan_version = ?3, nanos = ?4, as_of_unix_nanos = ?5",
        &upsert_term_},
       {"DELETE FROM allocation_grants WHERE term = ?1", &delete_grants_},
       {"INSERT INTO allocation_grants VALUES (?1, ?2, ?3, ?4)", &insert_grant_}});
}

absl::Status TermTables::Restore(RestoredBooks* books) {
  std::vector<AllocationTerm>& terms = books->terms;
  Statement rows;
  absl::Status status = database_.Prepare(
      "SELECT term, plan, plan_version, nanos, as_of_unix_nanos FROM allocation_terms "
      "ORDER BY term",
      &rows);
  if (!status.ok()) return status;
  status = rows.ForEach([&](const Statement& row) -> absl::Status {
    if (row.Integer(0) != static_cast<int64_t>(terms.size())) return Misnumbered(row.Integer(0));
    terms.push_back({.plan = row.Text(1),
                     .plan_version = static_cast<uint32_t>(row.Integer(2)),
                     .grants = {},
                     .nanos = row.Integer(3),
                     .as_of_unix_nanos = row.Integer(4)});
    return absl::OkStatus();
  });
  if (status.ok()) status = RestoreGrants(&terms);
  for (const AllocationTerm& term : terms) grants_.push_back(term.grants);
  return status;
}

absl::Status TermTables::RestoreGrants(std::vector<AllocationTerm>* terms) {
  Statement rows;
  absl::Status status = database_.Prepare(
      "SELECT term, pool, h100e FROM allocation_grants ORDER BY term, position", &rows);
  if (!status.ok()) return status;
  return rows.ForEach([&](const Statement& row) -> absl::Status {
    const auto term = static_cast<size_t>(row.Integer(0));
    if (term >= terms->size()) return Misnumbered(row.Integer(0));
    (*terms)[term].grants.push_back({.pool = row.Text(1), .h100e = row.Real(2)});
    return absl::OkStatus();
  });
}

absl::Status TermTables::Stage(const LedgerTransaction& transaction) {
  if (transaction.first_term > grants_.size() && !transaction.terms.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("a transaction has terms from {} on, but the ledger only those before {}",
                    transaction.first_term, grants_.size()));
  }
  for (size_t i = 0; i < transaction.terms.size(); ++i) {
    absl::Status status = Write(transaction.first_term + i, transaction.terms[i]);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status TermTables::Write(size_t term, const AllocationTerm& value) {
  const auto number = static_cast<int64_t>(term);
  absl::Status status = upsert_term_.Run(number, value.plan, int64_t{value.plan_version},
                                         value.nanos, value.as_of_unix_nanos);
  if (!status.ok() || (term < grants_.size() && grants_[term] == value.grants)) return status;
  status = delete_grants_.Run(number);
  for (size_t i = 0; i < value.grants.size(); ++i) {
    if (!status.ok()) return status;
    const Grant& grant = value.grants[i];
    status = insert_grant_.Run(number, static_cast<int64_t>(i), grant.pool, grant.h100e);
  }
  staged_.emplace_back(term, value.grants);
  return status;
}

void TermTables::Commit() {
  for (auto& [term, grants] : staged_) {
    if (term >= grants_.size()) grants_.resize(term + 1);
    grants_[term] = std::move(grants);
  }
  staged_.clear();
}

}  // namespace fleetmeter
