#include "daemon/ctl/capacity/request_id.h"

#include <cctype>
#include <string_view>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kLongestIdName = 40;
constexpr size_t kRandomLetters = 4;
constexpr size_t kIdDateLength = 10;  // of "2026-01-01 08:00:00Z"
// Nobody takes one of them for another when reading them aloud: no i, l, o, 0 or 1.
constexpr std::string_view kIdLetters = "abcdefghjkmnpqrstuvwxyz23456789";

// What an id may hold, in lower case; all else is a dash.
std::string IdNameOf(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool fits = byte < 0x80 && (std::isalnum(byte) != 0 || c == '.' || c == '_');
    if (fits) {
      name += static_cast<char>(std::tolower(byte));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
    if (name.size() == kLongestIdName) break;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

}  // namespace

std::string MakeRequestId(const v1::CapacityForm& form, uint32_t random) {
  std::string name = IdNameOf(form.workload().empty() ? form.team() : form.workload());
  if (name.empty()) name = "request";
  name += "-" + UtcTime(form.start_unix_seconds() * kNanosPerSecond).substr(0, kIdDateLength) + "-";
  for (size_t i = 0; i < kRandomLetters; ++i) {
    name += kIdLetters[random % kIdLetters.size()];
    random /= kIdLetters.size();
  }
  return name;
}

}  // namespace fleetmeter::ctl
