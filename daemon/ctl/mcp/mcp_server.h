// A server of the Model Context Protocol, as far as tools go: JSON-RPC 2.0, a message a line. It
// answers initialize, ping, tools/list and tools/call; whatever else is asked is told that there is
// no such method. https://modelcontextprotocol.io/specification
//
// Pure but for the tools. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/ctl/mcp/tool.h"

namespace fleetmeter::ctl {

class McpServer {
 public:
  // Longer messages are answered with an error, and are not read.
  static constexpr size_t kLongestMessage = size_t{1} << 20;

  explicit McpServer(std::vector<Tool> tools) : tools_(std::move(tools)) {}

  // The answer to a message, with a line end; nothing: it needs none.
  std::optional<std::string> Answer(std::string_view line);
  // To a message that was longer than kLongestMessage.
  static std::string AnswerTooLong();

 private:
  std::optional<Json> AnswerMessage(const Json& message);
  Json AnswerRequest(const Json& id, const std::string& method, const Json& params);
  Json Initialize(const Json& id, const Json& params);
  Json ListTools() const;
  Json CallTool(const Json& id, const Json& params) const;
  Json Result(const absl::StatusOr<ToolAnswer>& answer) const;

  const std::vector<Tool> tools_;
  std::string version_;  // of the protocol, as agreed; empty: not yet
};

}  // namespace fleetmeter::ctl
