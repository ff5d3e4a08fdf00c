// May this caller speak for the pools that its reports name? Asked before anything is queued.
#pragma once

#include <grpcpp/support/status.h>

#include "daemon/security/access_control.h"
#include "fleetmeter/v1/outcome_report.pb.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

// OK, or why the request is refused as a whole: the caller has lost its role, its certificate has
// expired, or a group names a pool that it may not report for. Groups without a pool need the role
// only. Outcomes move money and trends: what names no pool needs the right to report for all of
// them. What is refused is audited and counted.
grpc::Status CheckMayReport(AccessControl& access, const Caller& caller,
                            const google::protobuf::RepeatedPtrField<v1::UsageReport>& reports,
                            const google::protobuf::RepeatedPtrField<v1::OutcomeReport>& outcomes,
                            bool history = false);

}  // namespace fleetmeter
