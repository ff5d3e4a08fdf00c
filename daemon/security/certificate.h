// Who a certificate speaks for. Only the certificate counts: not what the transport made of it, and
// never what the peer says of itself. Knows OpenSSL and no gRPC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/security/spiffe_id.h"

namespace fleetmeter {

struct CertificateIdentity {
  SpiffeId id;
  int64_t not_after_unix_seconds = 0;
};

// The identity of a leaf certificate (PEM) that the transport has verified against our CA.
//
// InvalidArgument unless it has exactly one URI among its subject alternative names, and that is a
// SPIFFE ID of `trust_domain` with a path; or if the certificate may sign others (X509-SVID,
// sections 3 to 5). Other kinds of names, such as DNS, may be there and mean nothing.
absl::StatusOr<CertificateIdentity> ReadCertificateIdentity(std::string_view pem,
                                                            std::string_view trust_domain);

}  // namespace fleetmeter
