#include "daemon/domain/report/usage_report.h"

#include "absl/numeric/int128.h"

namespace fleetmeter {

std::string_view Name(ChipState state) {
  switch (state) {
    case ChipState::kAssigned:
      return "assigned";
    case ChipState::kUnassigned:
      return "unassigned";
    case ChipState::kUnhealthy:
      return "unhealthy";
    case ChipState::kReserved:
      return "reserved";
  }
  return "invalid";
}

std::string_view Name(RejectReason reason) {
  switch (reason) {
    case RejectReason::kMalformed:
      return "malformed";
    case RejectReason::kBadLabel:
      return "bad_label";
    case RejectReason::kBadActivity:
      return "bad_activity";
    case RejectReason::kBadMeasure:
      return "bad_measure";
    case RejectReason::kBadWindow:
      return "bad_window";
    case RejectReason::kWindowInFuture:
      return "window_in_future";
    case RejectReason::kWindowTooOld:
      return "window_too_old";
    case RejectReason::kWindowOverlap:
      return "window_overlap";
    case RejectReason::kUnknownChip:
      return "unknown_chip";
    case RejectReason::kUnknownPool:
      return "unknown_pool";
    case RejectReason::kUnknownTeam:
      return "unknown_team";
    case RejectReason::kTooManySignals:
      return "too_many_signals";
    case RejectReason::kBadAmount:
      return "bad_amount";
    case RejectReason::kAlreadyBooked:
      return "already_booked";
    case RejectReason::kNothingToCorrect:
      return "nothing_to_correct";
  }
  return "invalid";
}

int64_t MeanMicroChips(int64_t chip_nanos, int64_t duration_nanos) {
  const absl::int128 scaled =
      absl::int128(chip_nanos) * kMicroChipsPerChip + absl::int128(duration_nanos) / 2;
  return static_cast<int64_t>(scaled / duration_nanos);
}

}  // namespace fleetmeter
