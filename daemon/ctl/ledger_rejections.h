// What a ledger's file holds of rejected reports, as a daemon answers it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter::ctl {

// The daemon may be running or not. Errors say what is in the way of reading the file.
absl::StatusOr<v1::ListRejectedResponse> RejectedOfLedger(const std::string& path,
                                                          const v1::ListRejectedRequest& request);

}  // namespace fleetmeter::ctl
