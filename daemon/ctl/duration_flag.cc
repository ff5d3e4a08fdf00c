#include "daemon/ctl/duration_flag.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "daemon/base/units.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(1);

}  // namespace

void AddDuration(CLI::App& app, const std::string& name, const std::string& help,
                 std::chrono::nanoseconds shortest, std::chrono::nanoseconds* out) {
  const auto read = [name, shortest, out](const std::string& text) {
    const auto nanos = ParseDuration(text);
    if (!nanos || *nanos < shortest.count() || *nanos > kLongest.count()) {
      throw CLI::ValidationError(fmt::format("{}: '{}' is not a duration from {} to {}", name, text,
                                             FormatDuration(shortest.count()),
                                             FormatDuration(kLongest.count())));
    }
    *out = std::chrono::nanoseconds(*nanos);
  };
  app.add_option_function<std::string>(name, read, help)
      ->type_name("DURATION")
      ->default_str(FormatDuration(out->count()));
}

}  // namespace fleetmeter::ctl
