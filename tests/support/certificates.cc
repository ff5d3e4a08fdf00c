#include "tests/support/certificates.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "daemon/security/openssl.h"

namespace fleetmeter {
namespace {

void Check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string(what) + ": " + OpensslError());
}

PkeyPtr MakeKey() {
  PkeyPtr key(EVP_EC_gen("P-256"));
  Check(key != nullptr, "making a key");
  return key;
}

std::string TextOf(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string Pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Check(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a certificate");
  return TextOf(bio);
}

std::string Pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  Check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  return TextOf(bio);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Check(extension != nullptr, value.c_str());
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  Check(added == 1, value.c_str());
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

// `issuer` null: signs itself.
X509Ptr Make(const CertificateSpec& spec, const std::string& name, EVP_PKEY* key, X509* issuer,
             EVP_PKEY* issuer_key) {
  X509Ptr certificate(X509_new());
  X509* made = certificate.get();
  uint64_t serial = 0;
  Check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "a number");
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(made), spec.not_before_seconds);
  X509_gmtime_adj(X509_getm_notAfter(made), spec.not_after_seconds);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(issuer == nullptr ? made : issuer));
  X509* signer = issuer == nullptr ? made : issuer;
  AddExtension(made, signer, NID_basic_constraints,
               spec.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  AddExtension(made, signer, NID_key_usage, spec.key_usage);
  AddExtension(made, signer, NID_ext_key_usage, spec.extended_key_usage);
  AddExtension(made, signer, NID_subject_alt_name, Joined(spec.names));
  Check(X509_sign(made, issuer_key == nullptr ? key : issuer_key, EVP_sha256()) > 0, "signing");
  return certificate;
}

const CertificateSpec kAuthority = {.names = {},
                                    .is_authority = true,
                                    .key_usage = "critical,keyCertSign,cRLSign",
                                    .extended_key_usage = ""};

}  // namespace

struct Authority::Keys {
  PkeyPtr key;
  X509Ptr certificate;
};

Authority::Authority(const std::string& name) : keys_(std::make_unique<Keys>()) {
  keys_->key = MakeKey();
  keys_->certificate = Make(kAuthority, name, keys_->key.get(), nullptr, nullptr);
  certificate_ = Pem(keys_->certificate.get());
}

Authority::~Authority() = default;

KeyPair Authority::Issue(const CertificateSpec& spec) const {
  const PkeyPtr key = MakeKey();
  const X509Ptr certificate =
      Make(spec, "leaf", key.get(), keys_->certificate.get(), keys_->key.get());
  return {Pem(certificate.get()), Pem(key.get())};
}

KeyPair Authority::IssueServer(const std::string& spiffe_id) const {
  return Issue({.names = {"DNS:localhost", "IP:127.0.0.1", "URI:" + spiffe_id}});
}

KeyPair Authority::IssueClient(const std::string& spiffe_id) const {
  return Issue({.names = {"URI:" + spiffe_id}});
}

KeyPair SelfSigned(const CertificateSpec& spec) {
  const PkeyPtr key = MakeKey();
  const X509Ptr certificate = Make(spec, "leaf", key.get(), nullptr, nullptr);
  return {Pem(certificate.get()), Pem(key.get())};
}

}  // namespace fleetmeter
