#include "daemon/domain/outcomes/rules.h"

#include <charconv>

namespace fleetmeter::outcomes {

std::optional<Window> ParseWindow(std::string_view name) {
  if (name == "quarter") return Window{.name = "quarter", .days = 91};
  if (name == "year") return Window{.name = "year", .days = 365};
  if (name.size() < 2 || name.back() != 'd' || name.front() == '0') return std::nullopt;
  int64_t days = 0;
  const char* end = name.data() + name.size() - 1;
  const auto [stopped, error] = std::from_chars(name.data(), end, days);
  if (error != std::errc() || stopped != end || days < 1 || days > kMaxWindowDays) {
    return std::nullopt;
  }
  return Window{.name = std::string(name), .days = days};
}

}  // namespace fleetmeter::outcomes
