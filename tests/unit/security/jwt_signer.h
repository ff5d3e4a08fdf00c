// What an OpenID Connect provider has and does: keys, key sets and signed tokens.
#pragma once

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/security/openssl.h"

namespace fleetmeter {

inline std::string Base64Url(std::string_view bytes) {
  std::string text(bytes.size() * 2 + 4, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  for (char& letter : text) {
    if (letter == '+') letter = '-';
    if (letter == '/') letter = '_';
  }
  return text;
}

inline std::string BignumOf(EVP_PKEY* key, const char* name, int size) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &number), 1);
  std::string bytes(static_cast<size_t>(size), '\0');
  EXPECT_EQ(BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size), size);
  BN_free(number);
  return Base64Url(bytes);
}

// A key of a provider, and what it signs.
class Signer {
 public:
  explicit Signer(std::string id, bool rsa = true, int bits = 2'048)
      : id_(std::move(id)),
        rsa_(rsa),
        bits_(bits),
        key_(rsa ? EVP_RSA_gen(static_cast<unsigned>(bits)) : EVP_EC_gen("P-256")) {}

  nlohmann::json PublicKey() const {
    if (rsa_) {
      return {{"kty", "RSA"},
              {"kid", id_},
              {"use", "sig"},
              {"alg", "RS256"},
              {"n", BignumOf(key_.get(), OSSL_PKEY_PARAM_RSA_N, bits_ / 8)},
              {"e", "AQAB"}};
    }
    return {{"kty", "EC"},
            {"kid", id_},
            {"crv", "P-256"},
            {"x", BignumOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32)},
            {"y", BignumOf(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32)}};
  }

  std::string Sign(const nlohmann::json& claims, nlohmann::json header = {}) const {
    if (header.is_null()) header = {{"alg", rsa_ ? "RS256" : "ES256"}, {"kid", id_}};
    const std::string text = Base64Url(header.dump()) + "." + Base64Url(claims.dump());
    return text + "." + Base64Url(SignatureOf(text));
  }

 private:
  std::string SignatureOf(const std::string& text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get()), 1);
    EXPECT_EQ(EVP_DigestSign(context, nullptr, &size, bytes, text.size()), 1);
    std::string signature(size, '\0');
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                             bytes, text.size()),
              1);
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return rsa_ ? signature : SideBySide(signature);
  }

  static std::string SideBySide(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string out(64, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), bytes, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), bytes + 32, 32);
    ECDSA_SIG_free(pair);
    return out;
  }

  const std::string id_;
  const bool rsa_;
  const int bits_;
  const PkeyPtr key_;
};

}  // namespace fleetmeter
