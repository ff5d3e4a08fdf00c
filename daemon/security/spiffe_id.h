// SPIFFE IDs: "spiffe://trust-domain/path", the names that certificates give to callers. Pure.
//
// Read as strictly as the specification allows (SPIFFE-ID, section 2): two texts that differ are
// two identities, so nothing is decoded, lower-cased or otherwise made equal.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter {

inline constexpr size_t kMaxSpiffeIdBytes = 2'048;
inline constexpr size_t kMaxTrustDomainBytes = 255;

struct SpiffeId {
  std::string trust_domain;  // "example.org"
  std::string path;          // "/host/a"; empty for the trust domain itself

  std::string Text() const { return "spiffe://" + trust_domain + path; }
  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;
};

// InvalidArgument for what is not a SPIFFE ID: "is ..., which ...; expected ...".
absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view text);

// OK if `text` can be a trust domain: lower-case letters, digits, '.', '-', '_'; 1 to 255 of them.
absl::Status CheckTrustDomain(std::string_view text);

}  // namespace fleetmeter
