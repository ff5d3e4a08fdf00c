// Who a caller says it is.
#include "daemon/security/certificate.h"
#include "daemon/security/spiffe_id.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {

void RunSpiffeId(std::string_view bytes) {
  const auto id = ParseSpiffeId(bytes);
  if (!id.ok()) {
    Require(!id.status().message().empty(), "an error says what is wrong");
    return;
  }
  // Two texts are two identities: nothing was decoded or made equal.
  Require(id->Text() == bytes, "an identity is the text that it was read from");
  Require(CheckTrustDomain(id->trust_domain).ok(), "its trust domain can be one");
}

void RunCertificate(std::string_view bytes) {
  const auto identity = ReadCertificateIdentity(bytes, "example.org");
  if (!identity.ok()) return;
  Require(identity->id.trust_domain == "example.org", "it is of our trust domain");
  Require(!identity->id.path.empty(), "and somebody in it");
}

}  // namespace fleetmeter::fuzz
