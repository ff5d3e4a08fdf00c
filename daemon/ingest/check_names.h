// Which names reports may use: for who asks before sending them (ReportRequest.names).
#pragma once

#include "daemon/domain/reference_data.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter {

inline constexpr int kMostNamesInUse = 10'000;

// Fills in what is not known, each answer once.
void FillUnknownNames(const google::protobuf::RepeatedPtrField<v1::NamesInUse>& names,
                      const ReferenceData& reference, v1::ReportResponse* response);

// Fills in what the plans declare of the kinds that are named, each once.
void FillDeclaredChips(const google::protobuf::RepeatedPtrField<v1::NamesInUse>& names,
                       const ReferenceData& reference, v1::ReportResponse* response);

}  // namespace fleetmeter
