#include "daemon/security/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/security/jwt_signer.h"

namespace fleetmeter {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr int64_t kJwtNow = 1'800'000'000;
const JwtRules kRules{.issuer = "https://login.example.org", .audience = "fleetmeter"};

json Claims() {
  return {{"iss", kRules.issuer},
          {"aud", kRules.audience},
          {"sub", "anna"},
          {"exp", kJwtNow + 600},
          {"nbf", kJwtNow - 600}};
}

JwtKeys KeysOf(const std::vector<json>& keys) {
  auto parsed = JwtKeys::Parse(json{{"keys", keys}}.dump());
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return *std::move(parsed);
}

class JwtTest : public ::testing::Test {
 protected:
  absl::StatusOr<JwtIdentity> Verify(const std::string& token) const {
    return VerifyJwt(token, keys_, kRules, kJwtNow);
  }
  absl::StatusOr<JwtIdentity> VerifyClaim(const char* name, const json& value) const {
    json claims = Claims();
    claims[name] = value;
    return Verify(rsa_.Sign(claims));
  }

  const Signer rsa_{"r"};
  const Signer ec_{"e", false};
  const JwtKeys keys_ = KeysOf({rsa_.PublicKey(), ec_.PublicKey()});
};

TEST_F(JwtTest, TakesWhatEitherAlgorithmSigned) {
  for (const Signer* signer : {&rsa_, &ec_}) {
    const auto identity = Verify(signer->Sign(Claims()));
    ASSERT_TRUE(identity.ok()) << identity.status();
    EXPECT_EQ(identity->name, "anna");
    EXPECT_EQ(identity->not_after_unix_seconds, kJwtNow + 660);
  }
}

TEST_F(JwtTest, RefusesASignatureOfAnotherKeyOrText) {
  const Signer stranger("r");
  EXPECT_THAT(Verify(stranger.Sign(Claims())).status().message(), HasSubstr("signature is wrong"));
  std::string changed = rsa_.Sign(Claims());
  const size_t at = changed.find('.') + 5;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(Verify(changed).ok());
  EXPECT_FALSE(Verify(rsa_.Sign(Claims()) + "A").ok());
}

TEST_F(JwtTest, TheKeyDecidesTheAlgorithmAndNeverTheToken) {
  for (const char* algorithm : {"none", "HS256", "ES256", "RS512", "rs256"}) {
    EXPECT_THAT(Verify(rsa_.Sign(Claims(), {{"alg", algorithm}, {"kid", "r"}})).status().message(),
                HasSubstr("not signed by RS256"))
        << algorithm;
  }
  const std::string unsigned_token = Base64Url(json{{"alg", "none"}, {"kid", "r"}}.dump()) + "." +
                                     Base64Url(Claims().dump()) + ".";
  EXPECT_FALSE(Verify(unsigned_token).ok());
  EXPECT_FALSE(
      Verify(rsa_.Sign(Claims(), {{"alg", "RS256"}, {"kid", "r"}, {"crit", {"b64"}}})).ok());
}

TEST_F(JwtTest, AKeyMustBeNamedUnlessThereIsOne) {
  EXPECT_FALSE(Verify(rsa_.Sign(Claims(), {{"alg", "RS256"}})).ok());
  EXPECT_FALSE(Verify(rsa_.Sign(Claims(), {{"alg", "RS256"}, {"kid", "x"}})).ok());
  EXPECT_TRUE(VerifyJwt(rsa_.Sign(Claims(), {{"alg", "RS256"}}), KeysOf({rsa_.PublicKey()}), kRules,
                        kJwtNow)
                  .ok());
}

TEST_F(JwtTest, RefusesAnotherIssuerAudienceAndTime) {
  EXPECT_FALSE(VerifyClaim("iss", "https://login.example.com").ok());
  EXPECT_FALSE(VerifyClaim("iss", nullptr).ok());
  EXPECT_FALSE(VerifyClaim("aud", "another").ok());
  EXPECT_FALSE(VerifyClaim("aud", {"another", "fleet"}).ok());
  EXPECT_TRUE(VerifyClaim("aud", {"another", "fleetmeter"}).ok());
  EXPECT_FALSE(VerifyClaim("exp", kJwtNow - 60).ok());
  EXPECT_TRUE(VerifyClaim("exp", kJwtNow - 59).ok()) << "clocks may differ by a minute";
  EXPECT_FALSE(VerifyClaim("exp", nullptr).ok());
  EXPECT_FALSE(VerifyClaim("exp", "1800000600").ok());
  EXPECT_FALSE(VerifyClaim("exp", 1e300).ok());
  EXPECT_FALSE(VerifyClaim("nbf", kJwtNow + 61).ok());
  EXPECT_TRUE(VerifyClaim("nbf", kJwtNow + 60).ok());
  EXPECT_FALSE(VerifyClaim("sub", "").ok());
  EXPECT_FALSE(VerifyClaim("sub", 7).ok());
}

TEST_F(JwtTest, AnEmailThatTheProviderDoubtsSpeaksForNobody) {
  JwtRules rules = kRules;
  rules.identity_claim = "email";
  const auto verify = [&](const json& verified) {
    json claims = Claims();
    claims["email"] = "anna@example.org";
    if (!verified.is_discarded()) claims["email_verified"] = verified;
    return VerifyJwt(rsa_.Sign(claims), keys_, rules, kJwtNow);
  };
  EXPECT_EQ(verify(json(json::value_t::discarded))->name, "anna@example.org");
  EXPECT_EQ(verify(true)->name, "anna@example.org");
  EXPECT_EQ(verify("true")->name, "anna@example.org");
  for (const json& doubt : {json(false), json("false"), json(nullptr), json(1)}) {
    EXPECT_THAT(verify(doubt).status().message(), HasSubstr("not verified")) << doubt;
  }
  // What names the identity is another claim.
  EXPECT_TRUE(VerifyClaim("email_verified", false).ok());
}

TEST_F(JwtTest, RefusesWhatIsNoToken) {
  for (const char* text : {"", ".", "..", "a.b", "a.b.c.d", "e30.e30.", "!.!.!", "W10.W10.AA"}) {
    EXPECT_FALSE(Verify(text).ok()) << text;
  }
}

TEST(JwtKeys, RefusesShortKeysDoubleIdsAndNoKeys) {
  const auto parse = [](const std::vector<json>& keys) {
    return std::string(JwtKeys::Parse(json{{"keys", keys}}.dump()).status().message());
  };
  EXPECT_THAT(parse({Signer("s", true, 1'024).PublicKey()}), HasSubstr("1024 bits"));
  const json key = Signer("r").PublicKey();
  EXPECT_THAT(parse({key, key}), HasSubstr("two keys \"r\""));
  EXPECT_THAT(parse({}), HasSubstr("no key"));
  json other = key;
  other["use"] = "enc";
  EXPECT_THAT(parse({other}), HasSubstr("no key"));
  other = Signer("e", false).PublicKey();
  other["x"] = Base64Url(std::string(32, '\x01'));
  EXPECT_THAT(parse({other}), HasSubstr("is no point of P-256"));
  EXPECT_FALSE(JwtKeys::Parse("[]").ok());
  EXPECT_FALSE(JwtKeys::Parse("{\"keys\": 7}").ok());
  EXPECT_FALSE(JwtKeys::Parse("no JSON").ok());
}

TEST(Base64Url, TakesOneFormOnly) {
  EXPECT_EQ(*DecodeBase64Url(""), "");
  EXPECT_EQ(*DecodeBase64Url("Zm9vYg"), "foob");
  EXPECT_EQ(*DecodeBase64Url("-_8"), "\xfb\xff");
  for (const char* text : {"Zm9vYg==", "Zm9vYh", "Z", "Zm9v Yg", "+/8"}) {
    EXPECT_FALSE(DecodeBase64Url(text).ok()) << text;
  }
}

}  // namespace
}  // namespace fleetmeter
