// Certificates for tests: authorities, and what they or others sign, good and bad. Made in memory
// with elliptic-curve keys, so that a test can afford many.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace fleetmeter {

struct CertificateSpec {
  // As OpenSSL's configuration has them: "URI:spiffe://example.org/host/a", "DNS:localhost",
  // "IP:127.0.0.1".
  std::vector<std::string> names;
  // From now; below zero: in the past.
  int64_t not_before_seconds = -3'600;
  int64_t not_after_seconds = 24 * 3'600;
  bool is_authority = false;
  // Empty: no such extension.
  std::string key_usage = "critical,digitalSignature";
  std::string extended_key_usage = "serverAuth,clientAuth";
};

// A certificate and its key, both PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

// Signs with a key of its own. Throws std::runtime_error where OpenSSL fails.
class Authority {
 public:
  explicit Authority(const std::string& name = "test authority");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  KeyPair Issue(const CertificateSpec& spec) const;
  // Of a daemon or a client on this machine.
  KeyPair IssueServer(const std::string& spiffe_id = "spiffe://example.org/fleetmeterd") const;
  KeyPair IssueClient(const std::string& spiffe_id) const;

  // Its own certificate, PEM.
  const std::string& certificate() const { return certificate_; }

 private:
  struct Keys;
  const std::unique_ptr<Keys> keys_;
  std::string certificate_;
};

// Signed by nobody but itself.
KeyPair SelfSigned(const CertificateSpec& spec);

}  // namespace fleetmeter
