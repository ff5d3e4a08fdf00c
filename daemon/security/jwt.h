// Signed tokens of an OIDC provider: JSON Web Tokens (RFC 7519) under keys that are known
// beforehand, a JSON Web Key Set (RFC 7517). Knows OpenSSL and no gRPC.
//
// Two algorithms are taken: RS256 with RSA keys of 2,048 bits and more, and ES256 with keys of
// P-256. The key decides which one, never the token: a token that says another algorithm is
// refused, "none" and those with a shared secret among them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter {

// Immutable, so thread-safe.
class JwtKeys {
 public:
  struct Key;

  // Keys for other uses than signatures, and of other kinds, are passed over. InvalidArgument: it
  // is no key set, a key of the two kinds cannot be read or is too short, two have the same `kid`,
  // or there is none at all.
  static absl::StatusOr<JwtKeys> Parse(std::string_view json);

  // By its id. Without an id: the only one there is. Null: it is not known.
  const Key* Find(std::string_view kid) const;
  size_t size() const { return keys_.size(); }

 private:
  std::vector<std::shared_ptr<const Key>> keys_;
};

// Where keys come from that change by themselves. Thread-safe.
class JwtKeySource {
 public:
  virtual ~JwtKeySource() = default;
  // Those that are taken now; null: there are none.
  virtual std::shared_ptr<const JwtKeys> Keys() = 0;
  // A token says that it is signed by a key that is none of them.
  virtual void KeyMissing() = 0;
};

struct JwtRules {
  std::string issuer;    // what `iss` must be
  std::string audience;  // what `aud` must be, or have among its values
  std::string identity_claim = "sub";
};

struct JwtIdentity {
  std::string name;  // what the identity claim says
  int64_t not_after_unix_seconds = 0;
};

// Whom a token speaks for, if its signature is that of a key, `iss` and `aud` are as the rules say,
// and it is valid now: `exp` must be there, and clocks may differ by a minute. An `email` that the
// provider says it has not verified speaks for nobody. InvalidArgument says what is wrong with it,
// and never holds any of the token. NotFound: it is signed by a key that is not among `keys`.
absl::StatusOr<JwtIdentity> VerifyJwt(std::string_view token, const JwtKeys& keys,
                                      const JwtRules& rules, int64_t now_unix_seconds);

// Of RFC 4648, section 5, without padding and without bits left over. InvalidArgument: it is none.
absl::StatusOr<std::string> DecodeBase64Url(std::string_view text);

}  // namespace fleetmeter
