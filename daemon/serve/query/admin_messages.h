// What people ask of the books and what became of it, as messages. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/accounting/admin_order.h"
#include "daemon/accounting/writer.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter {

// InvalidArgument names the field.
absl::Status CheckOrder(const AdminOrder& order);

v1::Entry EntryMessage(const AdminEntry& entry);
// InvalidArgument: the state or the token is none.
absl::Status FillSources(std::vector<Writer::NamedSource> sources,
                         const v1::ListSourcesRequest& request, v1::ListSourcesResponse* response);
// The status of `answer` is OK.
void FillDecision(const AdminAnswer& answer, v1::DecisionResponse* response);

}  // namespace fleetmeter
