// Outcomes as a ledger's file has them, answered as the daemon answers them from its own.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter::ctl {

// FailedPrecondition: the books were priced by a price book, and `rules` has none.
absl::Status CheckPriced(Database& ledger, const outcomes::Rules& rules);

// `prices` is a price book's file; empty: none, which is an error where the books were priced by
// one.
absl::StatusOr<v1::MarginReport> MarginOfLedger(const std::string& ledger,
                                                const std::string& prices,
                                                const v1::GetMarginRequest& request);

// `suite` is a benchmark suite's file.
absl::StatusOr<v1::CapabilityReport> CapabilityOfLedger(const std::string& ledger,
                                                        const std::string& suite,
                                                        const v1::GetCapabilityRequest& request);

}  // namespace fleetmeter::ctl
