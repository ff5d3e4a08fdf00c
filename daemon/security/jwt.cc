#include "daemon/security/jwt.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/security/openssl.h"
#include "fmt/format.h"

namespace fleetmeter {

struct JwtKeys::Key {
  std::string id;
  std::string_view algorithm;
  PkeyPtr key;
};

namespace {

using nlohmann::json;

using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using ParamBuildPtr = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, OpensslFree<OSSL_PARAM_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;

constexpr std::string_view kRs256 = "RS256";
constexpr std::string_view kEs256 = "ES256";
constexpr int kFewestRsaBits = 2'048;
constexpr int kMostRsaBits = 16'384;
constexpr size_t kP256Bytes = 32;
constexpr int64_t kLeewaySeconds = 60;
constexpr double kLatestTime = 253'402'300'800;  // the year 10000

absl::Status Faulty(std::string_view why) { return absl::InvalidArgumentError(std::string(why)); }

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

BignumPtr Number(std::string_view bytes) {
  return BignumPtr(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// A member that must be text.
std::optional<std::string> TextOf(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

absl::StatusOr<std::string> BytesOf(const json& key, const char* name) {
  const auto text = TextOf(key, name);
  if (!text) return Faulty(fmt::format("has no \"{}\"", name));
  auto bytes = DecodeBase64Url(*text);
  if (!bytes.ok() || bytes->empty()) return Faulty(fmt::format("\"{}\" is no number", name));
  return bytes;
}

PkeyPtr MakeKey(const char* type, OSSL_PARAM_BLD* parts) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(parts));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return PkeyPtr(key);
}

absl::StatusOr<PkeyPtr> ReadRsaKey(const json& from) {
  const auto modulus = BytesOf(from, "n");
  if (!modulus.ok()) return modulus.status();
  const auto exponent = BytesOf(from, "e");
  if (!exponent.ok()) return exponent.status();
  const BignumPtr n = Number(*modulus);
  const BignumPtr e = Number(*exponent);
  const ParamBuildPtr parts(OSSL_PARAM_BLD_new());
  if (n == nullptr || e == nullptr || parts == nullptr) return Faulty("cannot be read");
  if (BN_num_bits(n.get()) < kFewestRsaBits || BN_num_bits(n.get()) > kMostRsaBits) {
    return Faulty(fmt::format("has {} bits; expected {} to {}", BN_num_bits(n.get()),
                              kFewestRsaBits, kMostRsaBits));
  }
  OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  PkeyPtr key = MakeKey("RSA", parts.get());
  if (key == nullptr) return Faulty("is no RSA key");
  return key;
}

absl::StatusOr<PkeyPtr> ReadEcKey(const json& from) {
  const auto x = BytesOf(from, "x");
  if (!x.ok()) return x.status();
  const auto y = BytesOf(from, "y");
  if (!y.ok()) return y.status();
  if (x->size() != kP256Bytes || y->size() != kP256Bytes) return Faulty("is no point of P-256");
  const std::string point = "\x04" + *x + *y;  // not compressed
  const ParamBuildPtr parts(OSSL_PARAM_BLD_new());
  if (parts == nullptr) return Faulty("cannot be read");
  OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  PkeyPtr key = MakeKey("EC", parts.get());
  if (key == nullptr) return Faulty("is no point of P-256");
  return key;
}

// The algorithm of a key of the set; nothing: it is none of ours.
std::optional<std::string_view> AlgorithmOf(const json& key) {
  if (TextOf(key, "use").value_or("sig") != "sig") return std::nullopt;
  const std::string type = TextOf(key, "kty").value_or("");
  std::optional<std::string_view> algorithm;
  if (type == "RSA") algorithm = kRs256;
  if (type == "EC" && TextOf(key, "crv") == "P-256") algorithm = kEs256;
  if (algorithm && TextOf(key, "alg").value_or(std::string(*algorithm)) != *algorithm) {
    return std::nullopt;
  }
  return algorithm;
}

// ES256 signs with two numbers side by side; OpenSSL wants them in DER.
std::optional<std::string> DerOf(std::string_view signature) {
  if (signature.size() != 2 * kP256Bytes) return std::nullopt;
  const EcdsaPtr pair(ECDSA_SIG_new());
  BignumPtr r = Number(signature.substr(0, kP256Bytes));
  BignumPtr s = Number(signature.substr(kP256Bytes));
  if (pair == nullptr || r == nullptr || s == nullptr) return std::nullopt;
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

bool IsSignedBy(const JwtKeys::Key& key, std::string_view text, std::string_view signature) {
  std::optional<std::string> bytes(signature);
  if (key.algorithm == kEs256) bytes = DerOf(signature);
  const DigestContextPtr context(EVP_MD_CTX_new());
  const bool right =
      bytes && context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.key.get()) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(*bytes), bytes->size(), Bytes(text), text.size()) == 1;
  ERR_clear_error();
  return right;
}

absl::StatusOr<json> DecodePart(std::string_view text, std::string_view what) {
  const auto bytes = DecodeBase64Url(text);
  json part = bytes.ok() ? json::parse(*bytes, nullptr, false) : json(json::value_t::discarded);
  if (!part.is_object()) return Faulty(fmt::format("the token's {} cannot be read", what));
  return part;
}

bool IsFor(const json& claims, const std::string& audience) {
  const auto aud = claims.find("aud");
  if (aud == claims.end()) return false;
  if (!aud->is_array()) return *aud == audience;
  return std::find(aud->begin(), aud->end(), json(audience)) != aud->end();
}

// Seconds since 1970; nothing: it is not there, or no time.
std::optional<int64_t> TimeOf(const json& claims, const char* name) {
  const auto member = claims.find(name);
  if (member == claims.end() || !member->is_number()) return std::nullopt;
  const double seconds = member->get<double>();
  const bool is_time = seconds >= 0 && seconds < kLatestTime;  // and no NaN
  if (!is_time) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

// Some providers let people name any address as theirs, and say that nobody has checked it.
bool IsDoubted(const json& claims, const JwtRules& rules) {
  if (rules.identity_claim != "email") return false;
  const auto verified = claims.find("email_verified");
  return verified != claims.end() && *verified != true && *verified != "true";
}

absl::StatusOr<JwtIdentity> CheckClaims(const json& claims, const JwtRules& rules, int64_t now) {
  if (TextOf(claims, "iss") != rules.issuer) return Faulty("the token is of another issuer");
  if (!IsFor(claims, rules.audience)) return Faulty("the token is for another audience");
  const auto expires = TimeOf(claims, "exp");
  if (!expires) return Faulty("the token has no time at which it expires");
  if (now >= *expires + kLeewaySeconds) return Faulty("the token has expired");
  if (claims.contains("nbf")) {
    const auto begins = TimeOf(claims, "nbf");
    if (!begins || now < *begins - kLeewaySeconds) return Faulty("the token is not valid yet");
  }
  auto name = TextOf(claims, rules.identity_claim.c_str());
  if (!name || name->empty()) {
    return Faulty(fmt::format("the token's claim {} names nobody", rules.identity_claim));
  }
  if (IsDoubted(claims, rules)) return Faulty("the provider has not verified the token's email");
  return JwtIdentity{*std::move(name), *expires + kLeewaySeconds};
}

}  // namespace

absl::StatusOr<std::string> DecodeBase64Url(std::string_view text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  uint32_t bits = 0;
  int held = 0;
  for (const char letter : text) {
    const size_t digit = kDigits.find(letter);
    if (digit == std::string_view::npos) return Faulty("is not base64url");
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0xFFFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xFF);
  }
  if (held >= 6 || (bits & ((1U << held) - 1)) != 0) return Faulty("is not base64url");
  return out;
}

absl::StatusOr<JwtKeys> JwtKeys::Parse(std::string_view text) {
  const json set = json::parse(text, nullptr, false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array()) {
    return Faulty("is no JSON Web Key Set; expected an object with a list \"keys\"");
  }
  JwtKeys keys;
  for (const json& from : set["keys"]) {
    if (!from.is_object()) return Faulty("has a key that is no object");
    const auto algorithm = AlgorithmOf(from);
    if (!algorithm) continue;
    const std::string id = TextOf(from, "kid").value_or("");
    auto key = *algorithm == kRs256 ? ReadRsaKey(from) : ReadEcKey(from);
    if (!key.ok()) {
      return Faulty(fmt::format("key {} {}", AsciiQuoted(id), std::string(key.status().message())));
    }
    const bool known = std::any_of(keys.keys_.begin(), keys.keys_.end(),
                                   [&](const auto& other) { return other->id == id; });
    if (known) return Faulty(fmt::format("has two keys {}", AsciiQuoted(id)));
    keys.keys_.push_back(std::make_shared<const Key>(Key{id, *algorithm, *std::move(key)}));
  }
  if (keys.keys_.empty()) {
    return Faulty("has no key for signatures by RS256 or ES256; expected one at least");
  }
  return keys;
}

const JwtKeys::Key* JwtKeys::Find(std::string_view kid) const {
  if (kid.empty()) return keys_.size() == 1 ? keys_.front().get() : nullptr;
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [kid](const auto& key) { return key->id == kid; });
  return found == keys_.end() ? nullptr : found->get();
}

absl::StatusOr<JwtIdentity> VerifyJwt(std::string_view token, const JwtKeys& keys,
                                      const JwtRules& rules, int64_t now_unix_seconds) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return Faulty("the token has no three parts");
  }
  const auto header = DecodePart(token.substr(0, first), "header");
  if (!header.ok()) return header.status();
  const JwtKeys::Key* key = keys.Find(TextOf(*header, "kid").value_or(""));
  if (key == nullptr) return absl::NotFoundError("the token is signed by a key that is not known");
  if (TextOf(*header, "alg") != std::string(key->algorithm) || header->contains("crit")) {
    return Faulty(
        fmt::format("the token is not signed by {}, the algorithm of its key", key->algorithm));
  }
  const auto signature = DecodeBase64Url(token.substr(second + 1));
  if (!signature.ok() || !IsSignedBy(*key, token.substr(0, second), *signature)) {
    return Faulty("the token's signature is wrong");
  }
  const auto claims = DecodePart(token.substr(first + 1, second - first - 1), "claims");
  if (!claims.ok()) return claims.status();
  return CheckClaims(*claims, rules, now_unix_seconds);
}

}  // namespace fleetmeter
