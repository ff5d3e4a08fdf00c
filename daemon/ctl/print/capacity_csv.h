// Requests for capacity, and what is told of each, as CSV. Columns have the names of
// capacity.proto. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/print/message_text.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// What a request is known by: its id, pool, team, workload, chip and state.
std::vector<std::string> RequestNames();
std::vector<std::string> RequestCells(const v1::CapacityRequest& request);

// All of a request, a row each: what was asked, where it stands and what was granted.
std::string RequestsCsv(const v1::ListCapacityResponse& response);

// A row for each message of a list: its single numbers and texts.
template <class Rows>
std::string RowsCsv(const Rows& rows) {
  const auto& descriptor = *Rows::value_type::descriptor();
  std::string out = CsvLine(ScalarNames(descriptor));
  for (const auto& row : rows) out += CsvLine(ScalarCells(descriptor, ToJson(row)));
  return out;
}

// The same of messages about requests, behind what their request is known by.
template <class Rows>
std::string RowsOfRequestsCsv(const Rows& rows) {
  const auto& descriptor = *Rows::value_type::descriptor();
  const auto line = [](std::vector<std::string> cells, const std::vector<std::string>& more) {
    cells.insert(cells.end(), more.begin(), more.end());
    return CsvLine(cells);
  };
  std::string out = line(RequestNames(), ScalarNames(descriptor));
  for (const auto& row : rows) {
    out += line(RequestCells(row.request()), ScalarCells(descriptor, ToJson(row)));
  }
  return out;
}

}  // namespace fleetmeter::ctl
