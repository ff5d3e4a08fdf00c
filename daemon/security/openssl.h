// OpenSSL's objects with owners, and its errors as text.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter {

// OpenSSL's callback for the password of a file, which must not make us ask a terminal:
// certificates are not encrypted, and keys under a password are no use to a daemon.
int NoPassword(char*, int, int, void*);

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;

// The certificates of a PEM text, in its order. InvalidArgument if there is none, or one that
// cannot be read.
absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(std::string_view pem);

// Seconds since the Unix epoch; never a value that would pass for a later time than was meant.
int64_t NotAfter(const X509& certificate);
int64_t NotBefore(const X509& certificate);

// What OpenSSL last complained about on this thread, and forgets it.
std::string OpensslError();

}  // namespace fleetmeter
