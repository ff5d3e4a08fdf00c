#include "daemon/base/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/log_fields.h"
#include "daemon/base/log_text.h"

namespace fleetmeter {
namespace {

// The message of a line, made safe by a function of log_text.h.
template <std::string (*kText)(std::string_view)>
class SafeMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string text = kText({message.payload.data(), message.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<SafeMessage<kText>>();
  }
};

// The fields of a line (log_fields.h), as members that follow others.
class FieldMembers final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const LogFields* fields = FieldsOfLine();
    if (fields == nullptr) return;
    const std::string text = JsonMembers(*fields);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<FieldMembers>();
  }
};

template <std::string (*kText)(std::string_view)>
std::unique_ptr<spdlog::formatter> Formatter(const char* pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<SafeMessage<kText>>('*').template add_flag<FieldMembers>('&').set_pattern(
      pattern);
  return formatter;
}

}  // namespace

void SetUpLogging(const std::string& level, const std::string& format) {
  auto logger = std::make_shared<spdlog::logger>("fleetmeter",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(
      format == "json" ? Formatter<JsonLogText>(
                             R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"%&})")
                       : Formatter<LogText>("%Y-%m-%dT%H:%M:%S.%e%z %l %*"));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace fleetmeter
