// A usage report as the daemon reasons about it: decoded, in integers, names not yet looked up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/report/demand.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/reject_reason.h"

namespace fleetmeter {

inline constexpr int64_t kMicroChipsPerChip = 1'000'000;

// The signal of chips that are held but not measured.
inline constexpr std::string_view kAllocatedOnly = "allocated_only";

enum class ChipState : uint8_t { kAssigned, kUnassigned, kUnhealthy, kReserved };
inline constexpr std::array kChipStates = {ChipState::kAssigned, ChipState::kUnassigned,
                                           ChipState::kUnhealthy, ChipState::kReserved};
std::string_view Name(ChipState state);

// One chip, or slice of a chip, and its mean activity over the window.
struct ChipSample {
  uint32_t micro_chips = kMicroChipsPerChip;
  double activity = 0;
};

struct UsageGroup {
  ChipState state = ChipState::kAssigned;
  std::string chip;
  std::string pool;  // may be empty unless assigned
  std::string team;
  std::string workload;
  std::string workload_type;
  std::string model;
  std::string run;
  std::string signal;

  int64_t chip_nanos = 0;
  std::optional<int64_t> busy_chip_nanos;        // absent: not measured
  std::optional<int64_t> productive_chip_nanos;  // absent: not measured
  std::vector<ChipSample> samples;               // measured chips, where reported per chip

  bool IsMeasured() const { return state == ChipState::kAssigned && signal != kAllocatedOnly; }
};

// Of a report's devices: how many readings were outside of what they can be.
struct OddReadings {
  int64_t clamped = 0;     // by so little that they are taken for what they can be
  int64_t unmeasured = 0;  // by more: the device is held and not measured

  bool any() const { return clamped > 0 || unmeasured > 0; }
};

struct UsageReport {
  std::string source;
  int64_t window_start_unix_nanos = 0;
  int64_t window_length_nanos = 0;
  int64_t duration_nanos = 0;
  std::vector<UsageGroup> groups;
  OddReadings odd;
  // One for each scheduler that the sender asked; none: it tells of no demand. In no books.
  std::vector<Demand> demand = {};

  int64_t WindowEnd() const { return window_start_unix_nanos + window_length_nanos; }
};

// chip-nanoseconds over a duration as mean micro-chips, rounded to the nearest.
int64_t MeanMicroChips(int64_t chip_nanos, int64_t duration_nanos);

struct Rejection {
  RejectReason reason = RejectReason::kMalformed;
  std::string field;   // "groups[1].per_chip.activity[3]"
  std::string detail;  // what was wrong and what was expected
  // Where somebody else can mend it: what, for example "pool 'research' in plan 'q3' version 2",
  // and which pool it is about, as far as it is about one.
  std::string subject = {};
  std::string pool = {};
};

// A report in its place in a stream: to be counted, or known from its form to be wrong.
struct SequencedReport {
  uint64_t sequence = 0;
  uint64_t digest = 0;  // Digest64 of the report's bytes without its sequence
  UsageReport report;
  std::optional<OutcomeReport> outcome = {};  // given: it is this, and `report` is empty
  std::optional<Rejection> rejection;
};

}  // namespace fleetmeter
