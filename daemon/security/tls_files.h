// The daemon's certificate, its key and the authorities that clients are checked against: read,
// checked as a whole, and only then handed on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fleetmeter {

struct TlsPaths {
  std::string certificate;  // PEM: the leaf, then its intermediates
  std::string key;          // PEM, not encrypted
  std::string authorities;  // PEM: what the other side's certificate must lead to

  friend bool operator==(const TlsPaths&, const TlsPaths&) = default;
};

struct TlsMaterial {
  std::string certificate;
  std::string key;
  std::string authorities;
  int64_t certificate_not_after_unix_seconds = 0;
  int64_t authorities_not_after_unix_seconds = 0;  // of the one that ends first
  std::vector<std::string> warnings;               // for the log

  bool SameAs(const TlsMaterial& other) const {
    return certificate == other.certificate && key == other.key && authorities == other.authorities;
  }
};

// Reads the files and checks what can be checked: that they are PEM, that the key is the
// certificate's and strong enough for OpenSSL, that the certificate is valid now, and that not
// everybody may read the key. Files that are being replaced one by one fail as a pair, and should
// be tried again.
//
// NotFound if a file cannot be read, InvalidArgument otherwise; messages name the file, and never
// hold anything of the key.
absl::StatusOr<TlsMaterial> LoadTlsMaterial(const TlsPaths& paths, int64_t now_unix_seconds);

// A client may have no certificate of its own (both paths empty): then only authorities are read.
absl::StatusOr<TlsMaterial> LoadClientTlsMaterial(const TlsPaths& paths, int64_t now_unix_seconds);

}  // namespace fleetmeter
