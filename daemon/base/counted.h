// Numbers with the right form of their noun, for people.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace fleetmeter {

// "1 chip", "2 chips".
template <class Number>
std::string Counted(Number count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace fleetmeter
