// Plans made of text, and their parts in a form that tests compare.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::imports {

inline constexpr int64_t kNewYear2026 = 1'767'225'600 * kSecond;

inline CsvReader Csv(const std::string& text) { return *CsvReader::FromText("t.csv", text); }

// "LINE reason".
inline std::vector<std::string> Refused(const ImportBatch& plan) {
  std::vector<std::string> refused;
  for (const imports::RefusedRow& row : plan.refused) {
    refused.push_back(std::to_string(row.line) + " " + row.reason);
  }
  return refused;
}

inline const OutcomeReport& Outcome(const ImportBatch& plan, size_t i) {
  return std::get<OutcomeReport>(plan.reports.at(i).report);
}

inline const UsageReport& Usage(const ImportBatch& plan, size_t i) {
  return std::get<UsageReport>(plan.reports.at(i).report);
}

}  // namespace fleetmeter::imports
