// The end of most commands: print the answer, or say why there is none.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/output_format.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {

// Prints the answer as `text` makes it in `format`. Returns the exit code.
template <class Response, class Text>
int PrintAnswer(const absl::StatusOr<Response>& response, OutputFormat format, const Text& text) {
  return ExitCode(response.ok() ? Print(text(*response, format)) : response.status(), format);
}

}  // namespace fleetmeter::ctl
