// What comes over HTTP before anybody is known: targets, tokens and questions as JSON.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "daemon/security/jwt.h"
#include "daemon/security/provider_keys.h"
#include "daemon/serve/api/message_json.h"
#include "daemon/serve/http/request_target.h"
#include "daemon/serve/metrics/exposition_form.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

// A fuzzer would not find a signature: the tokens in the corpus are of this key. Nobody has the
// private one any more.
constexpr std::string_view kKeys = R"({"keys":[{"kty":"EC","crv":"P-256","kid":"one",)"
                                   R"("x":"Q6U6-0uvtWbUSB2iHKcEsM5Uu0-zhX3Ox237VaHChdY",)"
                                   R"("y":"-A2jX6TPh23bIzAkZ1i8QBZeobB6UD3IiDpqyBAamoE"}]})";
constexpr int64_t kNow = 1'800'000'000;
// A shorter token may stand in a message by chance, and so may words without the two dots of one.
constexpr size_t kTelling = 12;

void RequireSaid(const absl::Status& refused) {
  Require(!refused.message().empty(), "an error says what is wrong");
}

// What was read is written, and read back as the same.
void RequireSameAgain(const google::protobuf::Message& message) {
  const std::string json = MessageJson(message);
  Require(nlohmann::json::accept(json), "a message is written as JSON");
  Require(json.find('\n') == std::string::npos, "and in one line");
  v1::SimulateRequest again;
  if (message.GetDescriptor() != again.GetDescriptor()) return;
  Require(ReadMessageJson(json, &again).ok(), "what was written is read");
  // Entries of a map come in any order.
  Require(nlohmann::json::parse(MessageJson(again)) == nlohmann::json::parse(json),
          "and says the same");
}

template <class Message>
void ReadFields(const RequestTarget& target) {
  Message message;
  const absl::Status read = ReadMessageFields(target.fields, &message);
  read.ok() ? RequireSameAgain(message) : RequireSaid(read);
}

}  // namespace

void RunUrlQuery(std::string_view bytes) {
  const auto target = ParseRequestTarget(bytes);
  if (!target.ok()) return RequireSaid(target.status());
  Require(target->fields.size() <= 1'000, "a target has a limit on fields");
  for (const auto& [name, value] : target->fields) {
    for (const std::string& text : {name, value}) {
      for (const char c : text) Require(c < 0 || c >= ' ', "a field is text");
      Require(nlohmann::json::accept(JsonText(text)), "and can be written as JSON");
    }
  }
  ReadFields<v1::SimulateRequest>(*target);
  ReadFields<v1::ListPoolsRequest>(*target);
  ReadFields<v1::HeadroomRequest>(*target);
}

void RunMessageJson(std::string_view bytes) {
  v1::SimulateRequest message;
  const absl::Status read = ReadMessageJson(bytes, &message);
  read.ok() ? RequireSameAgain(message) : RequireSaid(read);
  const std::string quoted = JsonText(bytes);
  Require(nlohmann::json::accept(quoted), "any bytes can be written as a text in JSON");
  Require(quoted.find_first_of("\n\r<") == std::string::npos, "which ends nothing around it");
}

void RunJwt(std::string_view bytes) {
  static const JwtKeys keys = *JwtKeys::Parse(kKeys);
  const JwtRules rules{.issuer = "https://id.example.org", .audience = "fleetmeter"};
  const auto identity = VerifyJwt(bytes, keys, rules, kNow);
  if (identity.ok()) {
    Require(identity->name == "anna", "only whom a signed token names has an identity");
    Require(identity->not_after_unix_seconds >= kNow - 60, "and only while it is valid");
  } else {
    RequireSaid(identity.status());
    const bool looks_like_one = std::count(bytes.begin(), bytes.end(), '.') == 2;
    Require(bytes.size() < kTelling || !looks_like_one ||
                std::string(identity.status().message()).find(bytes) == std::string::npos,
            "a message holds nothing of the token");
  }
  if (const auto decoded = DecodeBase64Url(bytes); decoded.ok()) {
    Require(decoded->size() == bytes.size() * 3 / 4, "four letters are three bytes");
  }
}

void RunJwkSet(std::string_view bytes) {
  const auto keys = JwtKeys::Parse(bytes);
  if (!keys.ok()) return RequireSaid(keys.status());
  Require(keys->size() > 0, "a set has a key");
  RequireSaid(VerifyJwt("a.b.c", *keys, {.issuer = "i", .audience = "a"}, kNow).status());
}

void RunDiscovery(std::string_view bytes) {
  constexpr std::string_view kIssuer = "https://id.example.org";
  const auto keys = ReadDiscovery(bytes, kIssuer);
  if (!keys.ok()) return RequireSaid(keys.status());
  Require(absl::StartsWithIgnoreCase(*keys, "https://"), "keys are fetched over TLS");
  Require(nlohmann::json::parse(bytes).at("issuer") == kIssuer, "and are those of the issuer");
}

void RunAccept(std::string_view bytes) {
  const bool open = PreferredForm(bytes) == ExpositionForm::kOpenMetrics;
  Require(!open || bytes.size() >= std::string_view("application/openmetrics-text").size(),
          "OpenMetrics is for who names it");
}

}  // namespace fleetmeter::fuzz
