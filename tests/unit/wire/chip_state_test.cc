#include "daemon/wire/chip_state.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

TEST(ChipStateOnTheWire, EveryStateComesBack) {
  for (const ChipState state : kChipStates) {
    EXPECT_EQ(FromWire(ToWire(state)), state) << Name(state);
    EXPECT_EQ(Name(ToWire(state)), Name(state));
  }
}

TEST(ChipStateOnTheWire, EveryStateOfTheProtocolIsKnown) {
  for (int number = v1::ChipState_MIN; number <= v1::ChipState_MAX; ++number) {
    const auto wire = static_cast<v1::ChipState>(number);
    EXPECT_EQ(FromWire(wire).has_value(), wire != v1::CHIP_STATE_UNSPECIFIED) << number;
  }
  EXPECT_EQ(Name(v1::CHIP_STATE_UNSPECIFIED), "unspecified");
}

}  // namespace
}  // namespace fleetmeter
