// mcp: a server of the Model Context Protocol on standard input and output.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/mcp/fleet_tools.h"
#include "daemon/ctl/mcp/mcp_server.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kMcpExamples[] =
    "Example:\n"
    "  fleetmeterctl mcp --address 127.0.0.1:7444\n"
    "\n"
    "The program reads one message a line from standard input, and ends when the input ends.\n"
    "Programs that speak the protocol start it themselves.\n"
    "\n"
    "In the configuration of such a program:\n"
    "  {\"mcpServers\": {\"fleetmeter\": {\"command\": \"fleetmeterctl\",\n"
    "     \"args\": [\"mcp\", \"--address\", \"127.0.0.1:7444\"]}}}";

class AskedDaemon final : public FleetSource {
 public:
  explicit AskedDaemon(const Connection& connection)
      : connection_(connection), client_(connection) {}

  absl::StatusOr<v1::ListPoolsResponse> Pools() override { return client_.ListPools(); }
  absl::StatusOr<v1::HeadroomResponse> Headroom(const std::string& pool) override {
    return client_.GetHeadroom(pool);
  }
  absl::StatusOr<v1::GetSupplyResponse> Supply() override { return client_.GetSupply(); }
  absl::StatusOr<v1::GetPlanResponse> Plan() override { return client_.GetPlan(); }
  absl::StatusOr<v1::CompareResponse> Compare() override { return client_.Compare(); }
  absl::StatusOr<v1::MarginReport> Margin(const v1::GetMarginRequest& request) override {
    return client_.GetMargin(request);
  }
  absl::StatusOr<v1::CapabilityReport> Capability() override {
    return client_.GetCapability(v1::GetCapabilityRequest());
  }
  absl::StatusOr<v1::ListSourcesResponse> Sources(const v1::ListSourcesRequest& request) override {
    return AskSources(connection_, request);
  }

 private:
  const Connection& connection_;
  QueryClient client_;
};

// A line of standard input, which is dropped beyond a length.
struct InputLine {
  std::string text;
  bool too_long = false;
};

// Nothing: the input has ended. A rest without a line end is no message.
std::optional<InputLine> ReadInputLine(size_t most) {
  InputLine line;
  for (int byte = std::getchar(); byte != EOF; byte = std::getchar()) {
    if (byte == '\n') return line;
    if (line.text.size() == most) line.too_long = true;
    if (!line.too_long) line.text.push_back(static_cast<char>(byte));
  }
  return std::nullopt;
}

class Mcp : public Command {
 public:
  explicit Mcp(const Connection& connection)
      : Command({"mcp"},
                "Answer questions about the fleet to programs that speak the Model Context "
                "Protocol, such as assistants. It reads and changes nothing"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override { flags.SetFooter(kMcpExamples); }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  bool CallsAdmin() const override { return true; }
  int Run() override;

 private:
  const Connection& connection_;
};

int Mcp::Run() {
  AskedDaemon daemon(connection_);
  McpServer server(FleetTools(daemon));
  while (const auto line = ReadInputLine(McpServer::kLongestMessage)) {
    if (line->text.empty() && !line->too_long) continue;
    const std::optional<std::string> answer =
        line->too_long ? McpServer::AnswerTooLong() : server.Answer(line->text);
    if (!answer) continue;
    if (const absl::Status status = Print(*answer); !status.ok()) return ExitCode(status);
  }
  return kExitOk;
}

}  // namespace

std::unique_ptr<Command> MakeMcp(const Connection& connection) {
  return std::make_unique<Mcp>(connection);
}

}  // namespace fleetmeter::ctl
