#include "daemon/security/certificate.h"

#include <utility>

#include "daemon/base/text.h"
#include "daemon/security/openssl.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::Status Refused(const std::string& why) { return absl::InvalidArgumentError(why); }

// A leaf that may sign could make itself any identity.
absl::Status CheckIsLeaf(X509* certificate) {
  const uint32_t flags = X509_get_extension_flags(certificate);
  if ((flags & EXFLAG_INVALID) != 0) {
    return Refused("the certificate's extensions cannot be read");
  }
  const bool may_sign = (flags & EXFLAG_KUSAGE) != 0 &&
                        (X509_get_key_usage(certificate) & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0;
  if ((flags & EXFLAG_CA) != 0 || may_sign) {
    return Refused(
        "the certificate is that of a certificate authority; expected one that may not sign "
        "others");
  }
  return absl::OkStatus();
}

// The one URI among the subject alternative names.
absl::StatusOr<std::string> OnlyUri(X509* certificate) {
  int critical = 0;
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr && critical != -1) {
    return Refused(
        "the certificate's subject alternative names cannot be read, or are there "
        "twice; expected one list of them");
  }
  std::string uri;
  int uris = 0;
  for (int i = 0; i < (names ? sk_GENERAL_NAME_num(names.get()) : 0); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<size_t>(ASN1_STRING_length(text)));
    ++uris;
  }
  if (uris != 1) {
    return Refused(
        fmt::format("the certificate has {} URIs among its subject alternative names; "
                    "expected exactly one, a SPIFFE ID",
                    uris));
  }
  return uri;
}

}  // namespace

absl::StatusOr<CertificateIdentity> ReadCertificateIdentity(std::string_view pem,
                                                            std::string_view trust_domain) {
  auto certificates = ReadCertificates(pem);
  if (!certificates.ok()) return certificates.status();
  X509* leaf = certificates->front().get();
  if (absl::Status status = CheckIsLeaf(leaf); !status.ok()) return status;
  const auto uri = OnlyUri(leaf);
  if (!uri.ok()) return uri.status();
  auto id = ParseSpiffeId(*uri);
  if (!id.ok()) {
    return Refused(fmt::format("the certificate's URI {}", std::string(id.status().message())));
  }
  if (id->trust_domain != trust_domain) {
    return Refused(fmt::format("the certificate is of trust domain {}; expected {}",
                               AsciiQuoted(id->trust_domain), AsciiQuoted(trust_domain)));
  }
  if (id->path.empty()) {
    return Refused("the certificate's SPIFFE ID has no path; expected one that names a workload");
  }
  return CertificateIdentity{*std::move(id), NotAfter(*leaf)};
}

}  // namespace fleetmeter
