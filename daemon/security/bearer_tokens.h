// Whom a bearer token speaks for: tokens of a file, and those that an OIDC provider has signed. An
// identity is a SPIFFE ID as that of a certificate, so the same rules grant it roles.
//
// The file has a line for each token: the SHA-256 of the token in hexadecimal, its identity, and,
// if it ends, the time from which it is no longer valid. It has no tokens, so whoever reads it has
// none either. "#" begins a comment.
//
//   # openssl rand -hex 32 | tee token | tr -d '\n' | sha256sum
//   5e88…  spiffe://example.org/ops/grafana  2027-01-01
//
// What an OIDC provider says of a person becomes "spiffe://TRUST_DOMAIN/oidc/NAME". In NAME every
// byte but letters, digits, "-" and "." is written as "_" and two hexadecimal digits, so that two
// people never become one: "anna@example.org" is "anna_40example.org".
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/mutex.h"
#include "daemon/security/jwt.h"

namespace fleetmeter {

struct BearerTokenFiles {
  std::string trust_domain;
  std::string tokens;  // path; empty: there is none
  std::string jwks;    // path; empty: there is none
  JwtRules jwt;

  // Those that are given.
  std::vector<std::string> Paths() const;
};

struct TokenIdentity {
  std::string identity;  // a SPIFFE ID of the trust domain
  std::optional<int64_t> not_after_unix_seconds;
};

// Thread-safe.
class BearerTokens {
 public:
  // Takes up what lies in the files, and where else keys of a provider come from; null: from the
  // files alone. An error changes nothing, and names the file and the line.
  absl::Status Load(const BearerTokenFiles& files, std::shared_ptr<JwtKeySource> source = nullptr);

  // InvalidArgument: it is not known, or not valid now; the message holds nothing of the token.
  absl::StatusOr<TokenIdentity> Identify(std::string_view token, int64_t now_unix_seconds) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Known {
    std::string trust_domain;
    std::map<Digest, TokenIdentity> tokens;
    std::shared_ptr<const JwtKeys> keys;   // of a file
    std::shared_ptr<JwtKeySource> source;  // of more; null: there is none
    JwtRules jwt;
  };

  static absl::Status ReadTokens(const std::string& path, Known* known);
  static absl::Status ReadLine(std::string_view line, Known* known);
  static Digest DigestOf(std::string_view token);
  // By the keys of the file, and, where they do not know it, by those of the source.
  static absl::StatusOr<JwtIdentity> VerifyByAny(std::string_view token, const Known& known,
                                                 int64_t now_unix_seconds);
  static absl::StatusOr<TokenIdentity> IdentifyJwt(std::string_view token, const Known& known,
                                                   int64_t now_unix_seconds);

  mutable Mutex mutex_;
  std::shared_ptr<const Known> known_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const Known>();
};

// "spiffe://example.org/oidc/anna_40example.org".
std::string OidcIdentity(std::string_view trust_domain, std::string_view name);

}  // namespace fleetmeter
