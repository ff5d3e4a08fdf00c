// What becomes of rows of a file that were refused.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ctl/import/row_reader.h"

namespace fleetmeter::ctl {

// To standard error: how many, and the first of them. Nothing if there are none.
void TellRefused(const std::string& file, const std::vector<imports::RefusedRow>& refused);

// Tells of them, and writes them as CSV to `to` unless that is empty: as its first rows, or below
// those that are there.
absl::Status KeepRefused(const std::string& file, const std::vector<imports::RefusedRow>& refused,
                         const std::string& to, bool first);

// How a command ends that answers from the rows that were not refused: an answer of a part of the
// file is not all (kExitNotAll).
int WithRefused(int exit_code, size_t refused);

}  // namespace fleetmeter::ctl
