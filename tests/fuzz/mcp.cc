// What programs say to fleetmeterctl mcp.
#include "daemon/ctl/mcp/mcp_server.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {

void RunMcp(std::string_view bytes) {
  const ctl::Tool echo = {
      .name = "echo",
      .title = "Echo",
      .description = "Says it again",
      .arguments = {{.name = "text", .required = true, .description = "What to say"}},
      .call = [](const ctl::Json& arguments) -> absl::StatusOr<ctl::ToolAnswer> {
        Require(arguments.at("text").is_string(), "a tool gets what it takes");
        return ctl::ToolAnswer{"said", arguments};
      }};
  ctl::McpServer server({echo});
  const auto begun = server.Answer(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26"}})");
  Require(begun.has_value(), "initialize is answered");
  const auto answer = server.Answer(bytes);
  if (!answer) return;
  Require(answer->find('\n') == answer->size() - 1, "an answer is one line");
  Require(!ctl::Json::parse(*answer, nullptr, false).is_discarded(), "an answer is JSON");
}

}  // namespace fleetmeter::fuzz
