// Everything about who may speak, as the App holds it: the rules, the audit log, the certificate.
//
// Start, Replace, ReloadTls and TlsFilesChanged are for the main thread; what the accessors give is
// thread-safe. Outlives services and listeners.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/file_watch.h"
#include "daemon/config/daemon_config.h"
#include "daemon/security/access_control.h"
#include "daemon/security/audit_log.h"
#include "daemon/security/bearer_tokens.h"
#include "daemon/security/provider_keys.h"
#include "daemon/security/tls_store.h"
#include "daemon/serve/http/http_tls.h"

namespace fleetmeter {

class Security {
 public:
  // Once logging is set up. Fails if the TLS files of the configuration cannot be used. `probe` and
  // `clock` outlive the object.
  static absl::StatusOr<std::unique_ptr<Security>> Start(const DaemonConfig& config,
                                                         AccessProbe& probe, const Clock& clock);

  AccessControl& access() { return access_; }
  AuditLog& audit() { return audit_; }
  // For one gRPC listener: TLS if there is any, else plaintext.
  std::shared_ptr<grpc::ServerCredentials> MakeCredentials();

  // Takes up rules, trust domain and paths, not the files that they name. Whether there is TLS at
  // all is as it was at the start.
  void Replace(const DaemonConfig& config);

  // For the HTTP listener; null: it speaks no TLS.
  HttpTlsSource MakeHttpTls();

  // Whether the file of tokens, or that of a provider's keys, is another than when this was last
  // asked.
  bool TokenFilesChanged() { return token_watch_.Changed(); }
  // Takes up what lies in them; an error is logged and changes nothing.
  absl::Status ReloadTokens();
  // Asks the provider for no more keys.
  void Stop();

  // Whether a file of certificate, key or authorities is another than when this was last asked.
  bool TlsFilesChanged() { return watch_.Changed(); }
  // Takes up what lies in the files; an error changes nothing. OK without TLS.
  absl::Status ReloadTls();

 private:
  Security(const DaemonConfig& config, AccessProbe& probe, const Clock& clock);
  void Watch();

  void UseHttp(const DaemonConfig& config);
  // Asks the provider that the configuration names, and no other.
  void UseProvider(const DaemonConfig& config);

  AccessProbe& probe_;
  const Clock& clock_;
  std::optional<TlsPaths> files_;
  bool http_tls_ = false;
  FileWatch watch_;
  BearerTokenFiles token_files_;
  FileWatch token_watch_;
  std::shared_ptr<ProviderKeys> provider_;  // null: there is none
  BearerTokens tokens_;
  AuditLog audit_;
  AccessControl access_;
  TlsStore store_;
};

}  // namespace fleetmeter
