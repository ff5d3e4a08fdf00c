#include "daemon/ctl/capacity/request_flags.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/ctl/capacity/capacity_values.h"

namespace fleetmeter::ctl {
namespace {

using Parser = std::optional<int64_t> (*)(std::string_view);

Flag AddParsed(Flags& flags, const std::string& name, const std::string& help, Parser parse,
               const char* expected, std::optional<int64_t>* out) {
  const auto read = [parse, expected, out](const std::string& text) {
    const auto value = parse(text);
    if (!value) {
      return absl::InvalidArgumentError(fmt::format("{} is not {}", Quoted(text), expected));
    }
    *out = value;
    return absl::OkStatus();
  };
  return flags.Add(name, read, help);
}

}  // namespace

Flag AddText(Flags& flags, const std::string& name, const std::string& help, std::string* text) {
  return flags.Add(name, text, help).Check([](const std::string& given) {
    return IsUtf8(given) ? absl::OkStatus()
                         : absl::InvalidArgumentError(
                               fmt::format("{} is not {}", Quoted(given), kTextExpected));
  });
}

Flag AddRequestId(Flags& flags, std::string* id) {
  return AddText(flags, "ID", "The id of the request, as request list shows it", id).Required();
}

Flag AddReason(Flags& flags, std::string* reason) {
  return AddText(flags, "--reason", "Why, for whoever reads it later", reason).ValueName("TEXT");
}

Flag AddPool(Flags& flags, const std::string& help, std::string* pool) {
  return AddText(flags, "--pool", help, pool).ValueName("POOL");
}

Flag AddHour(Flags& flags, const std::string& name, const std::string& help,
             std::optional<int64_t>* out) {
  return AddParsed(flags, name, help, ParseHour, kHourExpected, out).ValueName("TIME");
}

Flag AddHours(Flags& flags, const std::string& name, const std::string& help,
              std::optional<int64_t>* out) {
  return AddParsed(flags, name, help, ParseHours, kHoursExpected, out).ValueName("DURATION");
}

}  // namespace fleetmeter::ctl
