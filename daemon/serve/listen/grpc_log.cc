#include "daemon/serve/listen/grpc_log.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/base/log_fields.h"
#include "daemon/base/log_throttle.h"

namespace fleetmeter {
namespace {

// An error of gRPC's is one of a connection; the daemon goes on.
spdlog::level::level_enum LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return spdlog::level::debug;
    case GPR_LOG_SEVERITY_INFO:
      return spdlog::level::info;
    case GPR_LOG_SEVERITY_ERROR:
      break;
  }
  return spdlog::level::warn;
}

void Write(gpr_log_func_args* line) {
  // gRPC calls a plain function, which has nothing else to keep it in.
  static LogThrottle throttle;
  const spdlog::level::level_enum level = LevelOf(line->severity);
  if (!spdlog::should_log(level)) return;
  std::optional<uint64_t> left_out = 0;
  if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    left_out = throttle.Take(SystemClock().MonotonicNanos());
  }
  if (!left_out) return;
  const std::string_view file = line->file;
  const std::string_view name = file.substr(file.rfind('/') + 1);
  std::string text = fmt::format("gRPC, {}:{}: {}", name, line->line, line->message);
  LogFields fields = {{"component", "grpc"}, {"file", name}, {"line", line->line}};
  if (*left_out > 0) {
    text += fmt::format(" (left out before: {} lines)", *left_out);
    fields.emplace_back("left_out", *left_out);
  }
  LogWith(level, text, fields);
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(Write); }

}  // namespace fleetmeter
