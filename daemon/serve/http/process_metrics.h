// process_* families of this process, read from /proc.
#pragma once

#include "daemon/serve/http/text_format.h"

namespace fleetmeter {

// A value that /proc does not give is absent.
void WriteProcessFamilies(TextWriter& out);

}  // namespace fleetmeter
