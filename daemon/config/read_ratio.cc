#include "daemon/config/read_ratio.h"

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {

void ReadChipsPerH100e(const YamlValue& value, Ratio* out) {
  const std::string* text = value.Scalar("a positive ratio such as 1.5 or 1/3");
  if (text == nullptr) return;
  if (const auto ratio = ParseRatio(*text); ratio.ok()) {
    *out = *ratio;
  } else {
    value.Complain(fmt::format("is {}, {}", Quoted(*text), std::string(ratio.status().message())));
  }
}

}  // namespace fleetmeter
