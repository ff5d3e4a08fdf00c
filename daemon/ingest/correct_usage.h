// A correction of usage, between the wire and the writer.
#pragma once

#include <grpcpp/support/status.h>

#include "daemon/accounting/admin_order.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter {

// Fills `order`, but for who asks, or says what is wrong with the request.
grpc::Status DecodeUsageCorrection(const v1::CorrectUsageRequest& request, AdminOrder* order);

// The status of `answer` is OK.
void FillUsageCorrection(const AdminAnswer& answer, bool preview,
                         v1::CorrectUsageResponse* response);

}  // namespace fleetmeter
