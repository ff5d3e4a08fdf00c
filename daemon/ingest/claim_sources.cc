#include "daemon/ingest/claim_sources.h"

#include <algorithm>

namespace fleetmeter {

SourceClaim ClaimSource(const AccessControl::View& view, const std::string& source) {
  switch (view.RightTo(source)) {
    case SourceRight::kAnyones:
      return SourceClaim::kUnchecked;
    case SourceRight::kFirstUse:
      return SourceClaim::kFirstUse;
    case SourceRight::kGiven:
      return SourceClaim::kByRule;
    case SourceRight::kNotGiven:
    case SourceRight::kReserved:
      break;
  }
  return SourceClaim::kForbidden;
}

SourceClaims ClaimSources(const AccessControl::View& view,
                          const google::protobuf::RepeatedPtrField<v1::UsageReport>& reports,
                          const google::protobuf::RepeatedPtrField<v1::OutcomeReport>& outcomes) {
  SourceClaims claims;
  if (!view.TellsCallersApart()) return claims;
  claims.all = SourceClaim::kFirstUse;
  if (!view.RulesNameSources()) return claims;
  claims.each.reserve(static_cast<size_t>(reports.size()) + static_cast<size_t>(outcomes.size()));
  for (const v1::UsageReport& report : reports) {
    claims.each.push_back(ClaimSource(view, report.source()));
  }
  for (const v1::OutcomeReport& outcome : outcomes) {
    claims.each.push_back(ClaimSource(view, outcome.source()));
  }
  return claims;
}

void NoteForeignSources(AccessControl& access, const Caller& caller, const SubmitResult& result) {
  const auto foreign = std::find_if(
      result.dispositions.begin(), result.dispositions.end(),
      [](const ReportDisposition& disposition) {
        using Code = ReportDisposition::Code;
        return (disposition.code == Code::kRejected || disposition.code == Code::kDeferred) &&
               disposition.rejection.reason == RejectReason::kForeignSource;
      });
  if (foreign == result.dispositions.end()) return;
  access.NoteForeignSource(caller, foreign->rejection.field, foreign->rejection.detail);
}

}  // namespace fleetmeter
