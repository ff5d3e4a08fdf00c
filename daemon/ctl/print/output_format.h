// How an answer is printed.
#pragma once

namespace fleetmeter::ctl {

enum class OutputFormat { kTable, kJson, kCsv };

}  // namespace fleetmeter::ctl
