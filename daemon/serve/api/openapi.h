// A description of the API for programs (OpenAPI 3.1), made of the table of calls and of what the
// protocol says of its messages.
#pragma once

#include <string>
#include <vector>

#include "daemon/serve/api/api_call.h"

namespace fleetmeter {

// JSON. The same for the same table.
std::string OpenApiDocument(const std::vector<ApiCall>& calls);

}  // namespace fleetmeter
