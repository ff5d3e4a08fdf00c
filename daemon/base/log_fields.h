// Log lines with fields: what programs look lines up by. Where the log is JSON, each is a member of
// the line's object beside time, level and message. Where it is text, there is the message alone,
// so the message says what people need.
#pragma once

#include <spdlog/fwd.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter {

// A text, or a whole number. `name` is ours, in snake_case, and never time, level or message.
struct LogField {
  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  template <std::integral Number>
  LogField(std::string_view field, Number number)
      : name(field), value(std::to_string(number)), is_number(true) {}

  std::string_view name;
  std::string value;
  bool is_number = false;
};
using LogFields = std::vector<LogField>;

// To the process's logger, or to one that writes where that one does.
void LogWith(spdlog::level::level_enum level, std::string_view message, const LogFields& fields);
void LogWith(spdlog::logger& logger, spdlog::level::level_enum level, std::string_view message,
             const LogFields& fields);

// Members of a JSON object, each with a comma before it: `,"pool":"serving","reports":3`. Whatever
// is in the texts, it stays in their strings.
std::string JsonMembers(const LogFields& fields);

// Those of the line that this thread is writing now, for what formats it; null: it has none.
const LogFields* FieldsOfLine();

}  // namespace fleetmeter
