// An outcome report from the wire to the domain: checks all that can be known from it alone. Pure.
#pragma once

#include <cstdint>

#include "daemon/domain/report/usage_report.h"
#include "fleetmeter/v1/outcome_report.pb.h"

namespace fleetmeter {

inline constexpr int kMaxRowsPerOutcome = 16'384;
// Of a count, a revenue in micro-USD or a number of H100e-seconds.
inline constexpr int64_t kMaxOutcomeAmount = 1'000'000'000'000'000;

// Digest64 of the report's bytes without its sequence: the same whoever serialises the report.
uint64_t DigestOf(const v1::OutcomeReport& wire);

// Always gives the sequence and digest; either the report, or why it is wrong.
SequencedReport DecodeOutcome(const v1::OutcomeReport& wire);

}  // namespace fleetmeter
