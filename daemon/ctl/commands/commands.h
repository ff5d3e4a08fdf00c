// The commands: ask, print, and say with the exit code how it went.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/commands/flags.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/output_format.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {

// Prints errors to standard error. Returns the exit code.
int RunCommand(const Flags& flags);

// The two that go on until they are stopped.
int RunTop(const Flags& flags);
int RunHeadroomWatch(const Flags& flags);

// Those that read a ledger's file.
int RunLedger(const Flags& flags);
int RunOutcomes(const Flags& flags);

// Those that bring history to a daemon: usage, inference, training, benchmarks.
int RunImport(const Flags& flags);

// Those about plans: show, compile, diff.
int RunPlan(const Flags& flags);

// Those that work a framework out: simulate, sensitivity.
int RunFramework(const Flags& flags);

// Prints the answer in the way of `format`, or why there is none. Returns the exit code.
template <class Response>
int PrintAnswer(const absl::StatusOr<Response>& response, OutputFormat format,
                std::string (*text)(const Response&, OutputFormat)) {
  return ExitCode(response.ok() ? Print(text(*response, format)) : response.status());
}

}  // namespace fleetmeter::ctl
