// A submission as several, so that others need not wait for all of it. Each has some of its
// reports, in their order; when the last is answered, the whole is.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/accounting/submission.h"

namespace fleetmeter {

// `parts`: 1 to the number of its reports. The answer of the whole is not OK if that of a part is
// not: what was settled before is a duplicate when it is sent again. All parts are answered on one
// thread.
std::vector<Submission> DivideSubmission(Submission submission, size_t parts);

}  // namespace fleetmeter
