// Looks for what is wrong in a ledger, by queries whose rows are findings. For VerifyLedger.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class Finder {
 public:
  // `database` outlives it.
  explicit Finder(Database& database) : database_(database) {}

  // A finding for each row; `text` makes it, or gives nothing. Rows beyond some are only counted.
  absl::Status Find(const std::string& sql,
                    const std::function<std::string(const Statement&)>& text);

  // Windows of a table of sources that no windows that were counted make; `name`: an expression
  // that names a source.
  absl::Status FindBadWindows(std::string_view table, std::string_view name);

  // What was found by other ways.
  void Add(std::string finding) { findings_.push_back(std::move(finding)); }

  Database& database() { return database_; }

  std::vector<std::string> TakeFindings() { return std::move(findings_); }

 private:
  Database& database_;
  std::vector<std::string> findings_;
};

// "-chips_s, -chips_ns, ...", for comparing by subtraction.
std::string NegatedAmountColumns();
// Whether sums of amounts that were subtracted from one another leave something.
std::string AnyAmountLeft();
// Whether they leave less than nothing.
std::string AnyAmountBelowZero();

}  // namespace fleetmeter
