#include "daemon/wire/chip_state.h"

#include <utility>

namespace fleetmeter {
namespace {

constexpr std::pair<ChipState, v1::ChipState> kStatesOnWire[] = {
    {ChipState::kAssigned, v1::CHIP_STATE_ASSIGNED},
    {ChipState::kUnassigned, v1::CHIP_STATE_UNASSIGNED},
    {ChipState::kUnhealthy, v1::CHIP_STATE_UNHEALTHY},
    {ChipState::kReserved, v1::CHIP_STATE_RESERVED},
};

}  // namespace

v1::ChipState ToWire(ChipState state) {
  for (const auto& [ours, wire] : kStatesOnWire) {
    if (ours == state) return wire;
  }
  return v1::CHIP_STATE_UNSPECIFIED;
}

std::optional<ChipState> FromWire(v1::ChipState state) {
  for (const auto& [ours, wire] : kStatesOnWire) {
    if (wire == state) return ours;
  }
  return std::nullopt;
}

std::string_view Name(v1::ChipState state) {
  const auto ours = FromWire(state);
  return ours ? Name(*ours) : "unspecified";
}

}  // namespace fleetmeter
