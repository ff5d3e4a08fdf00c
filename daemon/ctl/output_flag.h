// The option --output, which every command has.
#pragma once

#include "daemon/base/flags.h"
#include "daemon/ctl/print/output_format.h"

namespace fleetmeter::ctl {

// Takes table, json and csv.
void AddOutput(Flags& flags, OutputFormat* output);

// Takes text and json, for answers that are no rows: text is OutputFormat::kTable.
void AddTextOutput(Flags& flags, OutputFormat* output);

// Whether a command line, right or wrong, asks for JSON: what it is told of is JSON then, too.
bool AsksForJson(int argc, const char* const* argv);

}  // namespace fleetmeter::ctl
