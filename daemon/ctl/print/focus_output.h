// Chip-time and what it cost as rows of FOCUS 1.2, the FinOps Open Cost and Usage Specification
// (https://focus.finops.org/focus-specification/v1-2/). Pure.
//
// A row is a charge of the category Usage: the chip-hours of one kind that a team of a pool held in
// a UTC day, at the price of the catalog that they were booked by. What was billed, contracted,
// listed and effective is the same, since there are no discounts. Columns of our own begin with x_.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter::ctl {

// Whose charges the rows are.
struct FocusAccount {
  std::string id;
  std::string name;
  std::string provider;  // who provides the fleet, and issues what would be an invoice
};

struct FocusRow {
  int64_t day = 0;  // its start, seconds since 1970
  std::string pool;
  std::string team;
  std::string category;  // of the pool, in the plan of the time; empty: no plan knows it
  std::string tier;
  std::string chip;
  std::string chip_provider;
  int64_t catalog_version = 0;
  std::optional<int64_t> micro_usd_per_chip_hour;  // nothing: not known
  UsageAmounts chips;                              // chip-nanoseconds
  UsageAmounts h100e;                              // H100e-nanoseconds
};

// With a line end.
std::string FocusHeader();

// The row with a line end. Without a price its costs and prices are empty, as what is not known;
// FOCUS does not take such a row. The quantity has 11 decimals, what is beyond them is dropped, and
// the cost is exactly the quantity times the price. InvalidArgument: the cost is beyond all bounds.
absl::StatusOr<std::string> FocusLine(const FocusAccount& account, const FocusRow& row);

// "2026-01-01T00:00:00Z".
std::string FocusTime(int64_t unix_seconds);

}  // namespace fleetmeter::ctl
