// From the wire to the domain: checks all that can be known from a report alone. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/domain/report/usage_report.h"
#include "daemon/ingest/decode_label.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

inline constexpr int kMaxGroupsPerReport = 4'096;
inline constexpr uint32_t kMaxDeviceIndex = 65'535;

// Digest64 of the report's bytes without its sequence: the same whoever serialises the report.
uint64_t DigestOf(const v1::UsageReport& wire);

// Always gives the sequence and digest; either the report, or why it is wrong.
//
// Per-chip values become integers here: a chip of share s (ppm) in a window of d nanoseconds holds
// d * s / 1e6 chip-nanoseconds and is busy for d * s / 1e6 * activity of them, each rounded to the
// nearest nanosecond over the group (chips) and over the chip (busy, productive).
SequencedReport DecodeReport(const v1::UsageReport& wire);

}  // namespace fleetmeter
