// What people see of a table: JSON and CSV have all of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// A table without the columns of numbers of which nothing is known for the same reason in each of
// its rows, and with a sentence that says so once.
struct ShownTable {
  Table table;
  std::string unknown = {};  // "Not known of any: Oldest wait (no source tells)."
};
ShownTable TableForPeople(const Table& table);

// What a column is called where it has no title of its own, and where it stands by itself.
std::string HeadOf(const Column& column);

}  // namespace fleetmeter::ctl::report
