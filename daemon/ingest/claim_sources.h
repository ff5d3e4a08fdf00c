// Whose sources are those that a caller reports for? Between the rules of access and the writer.
#pragma once

#include "daemon/accounting/source_claim.h"
#include "daemon/accounting/submission.h"
#include "daemon/security/access_control.h"
#include "fleetmeter/v1/outcome_report.pb.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

// What the rules say of the caller and of the source of each report, in the order of DecodeBatch.
SourceClaims ClaimSources(const AccessControl::View& view,
                          const google::protobuf::RepeatedPtrField<v1::UsageReport>& reports,
                          const google::protobuf::RepeatedPtrField<v1::OutcomeReport>& outcomes);
SourceClaim ClaimSource(const AccessControl::View& view, const std::string& source);

// Counts and audits, once a batch, that reports were not counted because their source is another
// identity's.
void NoteForeignSources(AccessControl& access, const Caller& caller, const SubmitResult& result);

}  // namespace fleetmeter
