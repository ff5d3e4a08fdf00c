#include "daemon/usage/usage_report.h"

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
  }
  return "invalid";
}

}  // namespace fleetmeter
