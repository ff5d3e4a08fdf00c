#include "daemon/security/bearer_tokens.h"

#include <openssl/sha.h>

#include <sstream>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/security/spiffe_id.h"
#include "daemon/security/trusted_file.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::Status Wrong(const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", path, why));
}

std::optional<unsigned> HexValue(std::string_view two) {
  unsigned value = 0;
  for (const char letter : two) {
    const bool digit = letter >= '0' && letter <= '9';
    const bool letter_digit = letter >= 'a' && letter <= 'f';
    if (!digit && !letter_digit) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit ? letter - '0' : letter - 'a' + 10);
  }
  return value;
}

absl::StatusOr<std::string> CheckedIdentity(const std::string& text,
                                            const std::string& trust_domain) {
  const auto id = ParseSpiffeId(text);
  if (!id.ok()) return id.status();
  if (id->trust_domain != trust_domain || id->path.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{} is no identity of {}", AsciiQuoted(text), AsciiQuoted(trust_domain)));
  }
  return text;
}

}  // namespace

std::vector<std::string> BearerTokenFiles::Paths() const {
  std::vector<std::string> paths;
  for (const std::string& path : {tokens, jwks}) {
    if (!path.empty()) paths.push_back(path);
  }
  return paths;
}

std::string OidcIdentity(std::string_view trust_domain, std::string_view name) {
  std::string id = fmt::format("spiffe://{}/oidc/", trust_domain);
  for (const char letter : name) {
    const bool plain = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                       (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '.';
    id +=
        plain ? std::string(1, letter) : fmt::format("_{:02x}", static_cast<unsigned char>(letter));
  }
  return id;
}

BearerTokens::Digest BearerTokens::DigestOf(std::string_view token) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

absl::Status BearerTokens::ReadLine(std::string_view line, Known* known) {
  std::istringstream words{std::string(line.substr(0, line.find('#')))};
  std::string hash;
  std::string identity;
  std::string until;
  std::string more;
  if (!(words >> hash)) return absl::OkStatus();
  Digest digest{};
  bool is_hash = hash.size() == 2 * digest.size();
  for (size_t i = 0; is_hash && i < digest.size(); ++i) {
    const auto byte = HexValue(std::string_view(hash).substr(2 * i, 2));
    is_hash = byte.has_value();
    digest[i] = static_cast<unsigned char>(byte.value_or(0));
  }
  // What stands here may be a token that somebody forgot to hash.
  if (!is_hash) {
    return absl::InvalidArgumentError(
        "does not begin with a SHA-256; expected 64 hexadecimal digits in lower case");
  }
  words >> identity;
  const auto checked = CheckedIdentity(identity, known->trust_domain);
  if (!checked.ok()) return checked.status();
  TokenIdentity token{.identity = *checked, .not_after_unix_seconds = std::nullopt};
  if (words >> until) {
    const auto end = ParseTimestamp(until);
    if (!end.ok()) return end.status();
    token.not_after_unix_seconds = end->unix_nanos / kNanosPerSecond - 1;
  }
  if (words >> more) return absl::InvalidArgumentError("has more than a hash, an identity, a time");
  if (!known->tokens.emplace(digest, std::move(token)).second) {
    return absl::InvalidArgumentError("has a hash that an earlier line has");
  }
  return absl::OkStatus();
}

absl::Status BearerTokens::ReadTokens(const std::string& path, Known* known) {
  const auto text = ReadTrustedFile(path);
  if (!text.ok()) return text.status();
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (absl::Status status = ReadLine(line, known); !status.ok()) {
      return Wrong(path, fmt::format("line {} {}", number, std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

absl::Status BearerTokens::Load(const BearerTokenFiles& files,
                                std::shared_ptr<JwtKeySource> source) {
  auto known = std::make_shared<Known>();
  known->source = std::move(source);
  known->trust_domain = files.trust_domain;
  known->jwt = files.jwt;
  if (!files.tokens.empty()) {
    if (absl::Status status = ReadTokens(files.tokens, known.get()); !status.ok()) return status;
  }
  if (!files.jwks.empty()) {
    const auto text = ReadTrustedFile(files.jwks);
    if (!text.ok()) return text.status();
    auto keys = JwtKeys::Parse(*text);
    if (!keys.ok()) return Wrong(files.jwks, std::string(keys.status().message()));
    known->keys = std::make_shared<const JwtKeys>(*std::move(keys));
  }
  std::shared_ptr<const Known> next = std::move(known);
  MutexLock lock(mutex_);
  known_.swap(next);
  return absl::OkStatus();
}

absl::StatusOr<TokenIdentity> BearerTokens::Identify(std::string_view token,
                                                     int64_t now_unix_seconds) const {
  std::shared_ptr<const Known> known;
  {
    MutexLock lock(mutex_);
    known = known_;
  }
  const auto found = known->tokens.find(DigestOf(token));
  if (found != known->tokens.end()) {
    const TokenIdentity& identity = found->second;
    if (identity.not_after_unix_seconds && now_unix_seconds > *identity.not_after_unix_seconds) {
      return absl::InvalidArgumentError("the token is no longer valid");
    }
    return identity;
  }
  return IdentifyJwt(token, *known, now_unix_seconds);
}

absl::StatusOr<JwtIdentity> BearerTokens::VerifyByAny(std::string_view token, const Known& known,
                                                      int64_t now_unix_seconds) {
  if (known.keys != nullptr) {
    auto claims = VerifyJwt(token, *known.keys, known.jwt, now_unix_seconds);
    if (known.source == nullptr || !absl::IsNotFound(claims.status())) return claims;
  }
  if (known.source == nullptr) return absl::InvalidArgumentError("the token is not known");
  const auto keys = known.source->Keys();
  if (keys == nullptr) {
    known.source->KeyMissing();
    return absl::InvalidArgumentError(
        "the token is not of the file, and the keys of the provider are not known at present");
  }
  auto claims = VerifyJwt(token, *keys, known.jwt, now_unix_seconds);
  if (absl::IsNotFound(claims.status())) known.source->KeyMissing();
  return claims;
}

absl::StatusOr<TokenIdentity> BearerTokens::IdentifyJwt(std::string_view token, const Known& known,
                                                        int64_t now_unix_seconds) {
  auto claims = VerifyByAny(token, known, now_unix_seconds);
  if (absl::IsNotFound(claims.status())) {
    return absl::InvalidArgumentError(std::string(claims.status().message()));
  }
  if (!claims.ok()) return claims.status();
  auto identity =
      CheckedIdentity(OidcIdentity(known.trust_domain, claims->name), known.trust_domain);
  if (!identity.ok()) return identity.status();
  return TokenIdentity{*std::move(identity), claims->not_after_unix_seconds};
}

}  // namespace fleetmeter
