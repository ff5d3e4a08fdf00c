// The protocol, driven as a client would.
#include "daemon/ctl/mcp/mcp_server.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

Tool Echo() {
  return {.name = "echo",
          .title = "Echo",
          .description = "Says it again",
          .arguments =
              {{.name = "text", .required = true, .description = "What to say"},
               {.name = "amount", .kind = ToolArgument::Kind::kAmount, .description = "x"},
               {.name = "count", .kind = ToolArgument::Kind::kCount, .description = "x", .most = 9},
               {.name = "how", .description = "x", .choices = {"loud", "soft"}}},
          .call = [](const Json& arguments) -> absl::StatusOr<ToolAnswer> {
            const std::string text = arguments["text"];
            if (text == "nothing") return absl::NotFoundError("there is no such thing");
            return ToolAnswer{"you said " + text, {{"said", text}}};
          }};
}

class McpServerTest : public testing::Test {
 protected:
  Json Ask(const std::string& method, const Json& params = Json::object()) {
    const Json message = {{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", params}};
    return Said(message.dump());
  }
  Json Said(const std::string& line) {
    const auto answer = server_.Answer(line);
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(answer.value_or("").find('\n'), answer.value_or("").size() - 1);
    return Json::parse(answer.value_or("{}"));
  }
  void Begin(const std::string& version = "2025-06-18") {
    Ask("initialize", {{"protocolVersion", version}, {"capabilities", Json::object()}});
  }
  Json Call(const Json& arguments) {
    return Ask("tools/call", {{"name", "echo"}, {"arguments", arguments}})["result"];
  }
  // Of an error that a tool answers with.
  std::string Wrong(const Json& arguments) {
    const Json result = Call(arguments);
    EXPECT_EQ(result["isError"], true);
    return result["content"][0]["text"];
  }

  McpServer server_{{Echo()}};
};

TEST_F(McpServerTest, AgreesOnTheVersionThatWasAskedForIfItKnowsIt) {
  for (const std::string version : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    EXPECT_EQ(Ask("initialize", {{"protocolVersion", version}})["result"]["protocolVersion"],
              version);
  }
  const Json result = Ask("initialize", {{"protocolVersion", "1999-01-01"}})["result"];
  EXPECT_EQ(result["protocolVersion"], "2025-11-25");
  EXPECT_EQ(result["serverInfo"]["name"], "fleetmeter");
  EXPECT_TRUE(result["capabilities"].contains("tools"));
}

TEST_F(McpServerTest, WantsInitializeFirst) {
  EXPECT_EQ(Ask("tools/list")["error"]["code"], -32'600);
  EXPECT_EQ(Ask("ping")["result"], Json::object());
  EXPECT_EQ(Ask("initialize")["error"]["code"], -32'602);
}

TEST_F(McpServerTest, ListsToolsWithWhatTheyTake) {
  Begin();
  const Json tool = Ask("tools/list")["result"]["tools"][0];
  EXPECT_EQ(tool["name"], "echo");
  EXPECT_EQ(tool["annotations"]["readOnlyHint"], true);
  const Json schema = tool["inputSchema"];
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], Json({"text"}));
  EXPECT_EQ(schema["properties"]["how"]["enum"], Json({"loud", "soft"}));
  EXPECT_EQ(schema["properties"]["count"]["maximum"], 9);
}

TEST_F(McpServerTest, AnswersInWordsAndAsStructure) {
  Begin();
  const Json result = Call({{"text", "hello"}});
  EXPECT_EQ(result["isError"], false);
  EXPECT_EQ(result["content"][0], Json({{"type", "text"}, {"text", "you said hello"}}));
  EXPECT_EQ(result["structuredContent"], Json({{"said", "hello"}}));
}

TEST_F(McpServerTest, GivesOlderClientsTheStructureAsText) {
  Begin("2024-11-05");
  const Json result = Call({{"text", "hello"}});
  EXPECT_FALSE(result.contains("structuredContent"));
  EXPECT_EQ(Json::parse(result["content"][1]["text"].get<std::string>()),
            Json({{"said", "hello"}}));
}

TEST_F(McpServerTest, NamesWhatIsWrongWithArguments) {
  Begin();
  EXPECT_THAT(Wrong(Json::object()), HasSubstr("INVALID_ARGUMENT: text is missing"));
  EXPECT_THAT(Wrong({{"text", 5}}), HasSubstr("text is not as expected: it is a text"));
  EXPECT_THAT(Wrong({{"text", "a"}, {"amount", 0}}), HasSubstr("a number above 0"));
  EXPECT_THAT(Wrong({{"text", "a"}, {"amount", "5"}}), HasSubstr("a number above 0"));
  EXPECT_THAT(Wrong({{"text", "a"}, {"count", 10}}), HasSubstr("from 1 to 9"));
  EXPECT_THAT(Wrong({{"text", "a"}, {"count", 1.5}}), HasSubstr("from 1 to 9"));
  EXPECT_THAT(Wrong({{"text", "a"}, {"how", "odd"}}), HasSubstr("none of loud, soft"));
  EXPECT_THAT(Wrong({{"text", "a"}, {"else", 1}}), HasSubstr("takes no argument \"else\""));
  EXPECT_THAT(Wrong({{"text", std::string(257, 'a')}}), HasSubstr("at most 256 bytes"));
  EXPECT_THAT(Wrong(Json::array()), HasSubstr("arguments are not an object"));
}

TEST_F(McpServerTest, TellsAToolsErrorByName) {
  Begin();
  EXPECT_EQ(Wrong({{"text", "nothing"}}), "NOT_FOUND: there is no such thing");
}

TEST_F(McpServerTest, NamesTheNearestTool) {
  Begin();
  const Json error = Ask("tools/call", {{"name", "ecko"}})["error"];
  EXPECT_EQ(error["code"], -32'602);
  EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("expected one of: echo"));
}

TEST_F(McpServerTest, RefusesWhatIsNoMessage) {
  Begin();
  for (const std::string line : {"{", "\"\xff\"", "[[[["}) {
    EXPECT_EQ(Said(line)["error"]["code"], -32'700) << line;
  }
  for (const std::string line :
       {"5", "{}", R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":{},"method":"ping"})",
        R"({"jsonrpc":"2.0","id":null,"method":"ping"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":3})", "[]"}) {
    EXPECT_EQ(Said(line)["error"]["code"], -32'600) << line;
  }
  EXPECT_EQ(Said(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})")["error"]["code"],
            -32'602);
  EXPECT_EQ(Ask("resources/list")["error"]["code"], -32'601);
}

TEST_F(McpServerTest, ReadsNoDeepNesting) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_EQ(Said(deep)["error"]["code"], -32'700);
}

TEST_F(McpServerTest, IsSilentAboutNotificationsAndAnswers) {
  EXPECT_EQ(server_.Answer(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"),
            std::nullopt);
  EXPECT_EQ(server_.Answer(R"({"jsonrpc":"2.0","id":1,"result":{}})"), std::nullopt);
}

TEST_F(McpServerTest, TakesBatchesOfTheProtocolThatHasThem) {
  const std::string batch =
      R"([{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","method":"x"}])";
  Begin();
  EXPECT_EQ(Said(batch)["error"]["code"], -32'600);
  Begin("2025-03-26");
  const Json answers = Said(batch);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0]["id"], "a");
}

TEST_F(McpServerTest, HostileNamesStayText) {
  Begin();
  const std::string hostile = "<script>\n\x1b[2J\u202e\"";
  const auto answer =
      server_.Answer(Json({{"jsonrpc", "2.0"},
                           {"id", 1},
                           {"method", "tools/call"},
                           {"params", {{"name", "echo"}, {"arguments", {{"text", hostile}}}}}})
                         .dump());
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(*answer, Not(HasSubstr("\x1b")));
  EXPECT_EQ(Json::parse(*answer)["result"]["structuredContent"]["said"], hostile);
}

}  // namespace
}  // namespace fleetmeter::ctl
