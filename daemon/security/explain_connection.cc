#include "daemon/security/explain_connection.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/security/certificate.h"
#include "daemon/security/openssl.h"
#include "daemon/security/probe_wire.h"

namespace fleetmeter {
namespace {

using SslPtr = std::unique_ptr<SSL, OpensslFree<SSL_free>>;

// What a client of HTTP/2 begins with, and an empty SETTINGS frame.
constexpr std::string_view kPreface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
constexpr size_t kFrameHeaderBytes = 9;
constexpr char kSettings = 4;
constexpr int kMostNames = 4;

std::string NameText(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE) < 0) return "?";
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return AsciiQuoted({text, static_cast<size_t>(size)}, 128);
}

std::string TimeText(int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<time_t>(unix_seconds)));
}

// The names for which a certificate vouches, the first of them.
std::string NamesOf(const X509& certificate) {
  std::string text;
  int count = 0;
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    const bool is_text = name->type == GEN_DNS || name->type == GEN_URI;
    if (!is_text || ++count > kMostNames) continue;
    const ASN1_STRING* value = name->d.ia5;
    const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                 static_cast<size_t>(ASN1_STRING_length(value)));
    text += (text.empty() ? "" : ", ") + AsciiQuoted(bytes, 128);
  }
  return text.empty() ? "no name" : text;
}

// --- Plaintext -----------------------------------------------------------------------------------

enum class Answer { kNone, kHttp2, kHttp1, kOther };

Answer KindOf(std::string_view bytes) {
  if (bytes.empty()) return Answer::kNone;
  if (bytes.starts_with("HTTP/1.")) return Answer::kHttp1;
  const bool settings = bytes.size() >= kFrameHeaderBytes && bytes[3] == kSettings;
  return settings ? Answer::kHttp2 : Answer::kOther;
}

// What answers a client that speaks plaintext.
Answer AskInPlaintext(const std::string& address, ProbeWire::Deadline deadline) {
  auto wire = ProbeWire::Open(address, deadline);
  if (!wire || !wire->Send(kPreface)) return Answer::kNone;
  return KindOf(wire->Receive().value_or(""));
}

constexpr char kWebServer[] =
    "it is a web server, such as the daemon's listen.http; expected the address of its "
    "listen.query "
    "or listen.ingest";

// --- TLS -----------------------------------------------------------------------------------------

// A handshake as gRPC would make it, except that it goes on whatever the other certificate is.
class Handshake {
 public:
  Handshake(ProbeWire wire, SSL_CTX* context) : wire_(std::move(wire)), ssl_(SSL_new(context)) {
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl_.get(), in, out);  // which frees both
    SSL_set_connect_state(ssl_.get());
    SSL_set_cert_cb(ssl_.get(), NoteAsked, &asked_);
  }

  SSL* ssl() const { return ssl_.get(); }
  bool asked_for_certificate() const { return asked_; }
  bool silent() const { return silent_; }
  bool closed() const { return closed_; }

  // Whether the handshake came to its end on our side.
  bool Shake() {
    return Step([this] { return SSL_do_handshake(ssl_.get()); });
  }
  // After it: whether the daemon goes on. TLS 1.3 tells only then what it thinks of our
  // certificate.
  bool HearMore() {
    std::array<char, 1> byte{};
    return Step([&] { return SSL_peek(ssl_.get(), byte.data(), byte.size()); });
  }

 private:
  static int NoteAsked(SSL*, void* asked) {
    *static_cast<bool*>(asked) = true;
    return 1;
  }

  template <class Act>
  bool Step(const Act& act) {
    while (true) {
      ERR_clear_error();
      const int done = act();
      Flush();  // where that fails, what the daemon said before it left can be read
      if (done > 0) return true;
      const int error = SSL_get_error(ssl_.get(), done);
      if (error == SSL_ERROR_ZERO_RETURN) closed_ = true;
      if (error != SSL_ERROR_WANT_READ || !Fill()) return false;
    }
  }
  void Flush() {
    char* bytes = nullptr;
    BIO* out = SSL_get_wbio(ssl_.get());
    const long size = BIO_get_mem_data(out, &bytes);
    if (size > 0) wire_.Send({bytes, static_cast<size_t>(size)});
    [[maybe_unused]] const int emptied = BIO_reset(out);
  }
  bool Fill() {
    const auto got = wire_.Receive();
    if (!got) silent_ = true;
    if (got && got->empty()) closed_ = true;
    if (!got || got->empty()) return false;
    return BIO_write(SSL_get_rbio(ssl_.get()), got->data(), static_cast<int>(got->size())) > 0;
  }

  ProbeWire wire_;
  const SslPtr ssl_;
  bool asked_ = false;
  bool silent_ = false;
  bool closed_ = false;
};

SslContextPtr MakeContext(const TlsMaterial& material) {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return nullptr;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);  // its result is looked at later
  constexpr unsigned char kProtocols[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof(kProtocols));
  if (const auto authorities = ReadCertificates(material.authorities); authorities.ok()) {
    X509_STORE* store = SSL_CTX_get_cert_store(context.get());
    for (const X509Ptr& authority : *authorities) X509_STORE_add_cert(store, authority.get());
  }
  if (material.certificate.empty()) return context;
  const auto chain = ReadCertificates(material.certificate);
  const BioPtr bio(BIO_new_mem_buf(material.key.data(), static_cast<int>(material.key.size())));
  const PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  if (!chain.ok() || key == nullptr) return nullptr;
  SSL_CTX_use_certificate(context.get(), chain->front().get());
  for (size_t i = 1; i < chain->size(); ++i) {
    SSL_CTX_add1_chain_cert(context.get(), (*chain)[i].get());
  }
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  return context;
}

// What we hold against the daemon's certificate; empty: nothing.
std::string OurRefusal(SSL* ssl, const ClientTls& tls, const std::string& host) {
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  if (certificate == nullptr) return "";
  const std::string refused = "we refuse the daemon's certificate: ";
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_ERR_CERT_HAS_EXPIRED) {
    return refused + "it expired at " + TimeText(NotAfter(*certificate));
  }
  if (verified == X509_V_ERR_CERT_NOT_YET_VALID) {
    return refused + "it is not valid before " + TimeText(NotBefore(*certificate));
  }
  switch (verified) {
    case X509_V_OK:
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return fmt::format("{}no authority in {} (--tls-ca) vouches for it; {} issued it", refused,
                         tls.files.authorities, NameText(X509_get_issuer_name(certificate.get())));
    default:
      return refused + X509_verify_cert_error_string(verified);
  }
  if (!tls.daemon_identity.empty()) return "";
  const std::string& name = tls.server_name.empty() ? host : tls.server_name;
  const bool fits = X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) == 1 ||
                    X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1;
  if (fits) return "";
  return fmt::format(
      "{}it is not for {} but for {}; set --tls-server-name to a name of it, or --daemon-identity",
      refused, AsciiQuoted(name), NamesOf(*certificate));
}

// Whether the identity is another than we expect; empty: it is that one, or none is expected.
std::string OtherIdentity(SSL* ssl, const ClientTls& tls) {
  if (tls.daemon_identity.empty()) return "";
  const auto expected = ParseSpiffeId(tls.daemon_identity);
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  if (!expected.ok() || certificate == nullptr) return "";
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  char* pem = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &pem);
  const auto is = ReadCertificateIdentity({pem, static_cast<size_t>(size)}, expected->trust_domain);
  if (is.ok() && is->id == *expected) return "";
  return fmt::format(
      "we refuse the daemon's certificate: {}; expected {} (--daemon-identity)",
      is.ok() ? "it is that of " + is->id.Text() : std::string(is.status().message()),
      expected->Text());
}

// What the daemon holds against us. `reason` is OpenSSL's, of an alert that came; 0: none came.
std::string TheirRefusal(const Handshake& handshake, const ClientTls& tls, int reason) {
  if (handshake.asked_for_certificate() && tls.files.certificate.empty()) {
    return "the daemon asks for a certificate, and we have none; set --tls-certificate and "
           "--tls-key";
  }
  if (reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
    return "the daemon speaks no version of TLS that we do; expected TLS 1.2 or later";
  }
  if (!handshake.asked_for_certificate()) return "";
  const X509* own = SSL_get_certificate(handshake.ssl());
  if (own == nullptr) return "";
  const std::string refused = fmt::format(
      "the daemon refuses our certificate {} (--tls-certificate)", tls.files.certificate);
  const std::string issuer = NameText(X509_get_issuer_name(own));
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return fmt::format("{}: its tls.client_ca does not have the authority that issued it, {}",
                         refused, issuer);
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return fmt::format("{}: it has expired by the daemon's clock; it ends at {}", refused,
                         TimeText(NotAfter(*own)));
    case 0:
      return fmt::format(
          "{}: it ended the connection when it had seen it. Does its tls.client_ca have the "
          "authority that issued it, {}?",
          refused, issuer);
    default: {
      const char* said = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
      return fmt::format("{}: {}", refused, said == nullptr ? "it does not say why" : said);
    }
  }
}

bool IsNoTls(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_UNKNOWN_PROTOCOL ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE ||
         reason == SSL_R_UNSUPPORTED_PROTOCOL;
}

std::string SpeaksPlaintext(Answer answer) {
  if (answer == Answer::kHttp1) return kWebServer;
  return "we speak TLS, and the daemon there speaks plaintext; leave out --tls-ca, or give the "
         "daemon a section tls";
}

std::string ExplainTls(const std::string& address, const ClientTls& tls,
                       ProbeWire::Deadline deadline) {
  const auto material = LoadClientTlsMaterial(tls.files, std::time(nullptr));
  if (!material.ok()) return std::string(material.status().message());
  const SslContextPtr context = MakeContext(*material);
  auto wire = ProbeWire::Open(address, deadline);
  if (context == nullptr || !wire) return "";
  Handshake handshake(*std::move(wire), context.get());
  const std::string host = HostAndPort(address).first;
  if (!address.starts_with("unix:")) {
    const std::string& name = tls.server_name.empty() ? host : tls.server_name;
    SSL_set_tlsext_host_name(handshake.ssl(), name.c_str());
  }
  const bool shaken = handshake.Shake();
  const int reason = shaken ? 0 : ERR_GET_REASON(ERR_peek_last_error());
  if (!shaken && handshake.silent()) return "it does not answer our TLS handshake";
  if (!shaken && (IsNoTls(reason) || handshake.closed())) {
    const Answer answer = AskInPlaintext(address, deadline);
    if (answer == Answer::kHttp2 || answer == Answer::kHttp1) return SpeaksPlaintext(answer);
  }
  for (const std::string& ours :
       {OurRefusal(handshake.ssl(), tls, host), OtherIdentity(handshake.ssl(), tls)}) {
    if (!ours.empty()) return ours;
  }
  if (!shaken) return TheirRefusal(handshake, tls, reason);
  if (handshake.HearMore() || handshake.silent()) return "";
  return TheirRefusal(handshake, tls, ERR_GET_REASON(ERR_peek_last_error()));
}

// Whether what answers nothing in plaintext answers a TLS handshake.
bool SpeaksTls(const std::string& address, ProbeWire::Deadline deadline) {
  const SslContextPtr context = MakeContext({});
  auto wire = ProbeWire::Open(address, deadline);
  if (context == nullptr || !wire) return false;
  Handshake handshake(*std::move(wire), context.get());
  return handshake.Shake() || X509Ptr(SSL_get1_peer_certificate(handshake.ssl())) != nullptr;
}

std::string ExplainPlaintext(const std::string& address, ProbeWire::Deadline deadline) {
  const Answer answer = AskInPlaintext(address, deadline);
  if (answer == Answer::kHttp2) return "";
  if (answer == Answer::kHttp1) return kWebServer;
  if (!SpeaksTls(address, deadline)) return "";
  return "we speak plaintext, and the daemon there speaks TLS; set --tls-ca, and --tls-certificate "
         "and --tls-key for a daemon that asks for a certificate";
}

}  // namespace

std::string ExplainFailedConnection(const std::string& address, const ClientTls& tls,
                                    std::chrono::milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  std::string why =
      tls.enabled() ? ExplainTls(address, tls, deadline) : ExplainPlaintext(address, deadline);
  ERR_clear_error();
  return why;
}

}  // namespace fleetmeter
