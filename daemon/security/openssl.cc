#include "daemon/security/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>
#include <limits>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

int64_t UnixSeconds(const ASN1_TIME* time, int64_t otherwise) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return otherwise;
  return timegm(&parts);
}

}  // namespace

int NoPassword(char*, int, int, void*) { return -1; }

absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(std::string_view pem) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return absl::ResourceExhaustedError(OpensslError());
  std::vector<X509Ptr> certificates;
  while (true) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr));
    if (certificate == nullptr) break;
    certificates.push_back(std::move(certificate));
  }
  // The end of the text looks like an error as well: no further line that starts a block.
  const unsigned long error = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end) {
    return absl::InvalidArgumentError(
        fmt::format("certificate {} cannot be read: {}", certificates.size() + 1, OpensslError()));
  }
  ERR_clear_error();
  if (certificates.empty()) {
    return absl::InvalidArgumentError("there is no certificate in it; expected PEM");
  }
  return certificates;
}

int64_t NotAfter(const X509& certificate) {
  return UnixSeconds(X509_get0_notAfter(&certificate), std::numeric_limits<int64_t>::min());
}

int64_t NotBefore(const X509& certificate) {
  return UnixSeconds(X509_get0_notBefore(&certificate), std::numeric_limits<int64_t>::max());
}

std::string OpensslError() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  if (error == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:x}", error);
}

}  // namespace fleetmeter
