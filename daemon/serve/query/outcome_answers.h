// Questions about outcomes and their answers, from a ledger: for the daemon's service, and for
// fleetmeterctl where it reads a ledger's file itself.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "daemon/domain/reference_data.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter {

struct OutcomeMoment {
  std::shared_ptr<const ReferenceData> reference;  // whose rules are asked by
  int64_t unix_nanos = 0;                          // now
};

// Errors as the service's (outcomes.proto).
absl::Status AnswerMargin(Database& ledger, const OutcomeMoment& now,
                          const v1::GetMarginRequest& request, v1::MarginReport* response);
absl::Status AnswerCapability(Database& ledger, const OutcomeMoment& now,
                              const v1::GetCapabilityRequest& request,
                              v1::CapabilityReport* response);

}  // namespace fleetmeter
