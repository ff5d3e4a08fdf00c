#include "daemon/base/log_fields.h"

#include <spdlog/spdlog.h>

#include "daemon/base/log_text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Our sinks write in the thread that logs, so that the formatter finds the fields of its line. In
// the payload they could be forged by what peers send.
thread_local const LogFields* fields_of_line = nullptr;

class Hold {
 public:
  explicit Hold(const LogFields& fields) { fields_of_line = &fields; }
  ~Hold() { fields_of_line = nullptr; }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
};

}  // namespace

void LogWith(spdlog::level::level_enum level, std::string_view message, const LogFields& fields) {
  LogWith(*spdlog::default_logger_raw(), level, message, fields);
}

void LogWith(spdlog::logger& logger, spdlog::level::level_enum level, std::string_view message,
             const LogFields& fields) {
  const Hold hold(fields);
  logger.log(level, spdlog::string_view_t(message.data(), message.size()));
}

std::string JsonMembers(const LogFields& fields) {
  std::string out;
  for (const LogField& field : fields) {
    out += field.is_number ? fmt::format(",\"{}\":{}", field.name, field.value)
                           : fmt::format(",\"{}\":\"{}\"", field.name, JsonLogText(field.value));
  }
  return out;
}

const LogFields* FieldsOfLine() { return fields_of_line; }

}  // namespace fleetmeter
