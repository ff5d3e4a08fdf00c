// Is a configuration right, with all that it names? What fleetmeterd --check-config and
// fleetmeterctl check say: both come through here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/config/daemon_config.h"
#include "daemon/security/bearer_tokens.h"
#include "daemon/security/provider_keys.h"
#include "daemon/security/tls_files.h"

namespace fleetmeter {

struct ConfigCheck {
  std::string summary;                // a line for people, with its line end
  std::vector<std::string> warnings;  // sentences: what is no error here, but may be one elsewhere
};

// The files of bearer tokens that a configuration names.
BearerTokenFiles BearerTokenFilesOf(const DaemonConfig& config);

// The provider whose keys it has fetched; without a URL there is none.
ProviderOptions ProviderOptionsOf(const DaemonConfig& config);

// Of an OTLP receiver.
TlsPaths OtlpTlsPathsOf(const OtlpConfig& otlp);

// Reads the configuration at `path`, its catalog, plans, framework and outcome files, and its
// certificates, and asks `check_ledger` about ledger.path (CheckLedgerPath, which this room does
// not know). The error says all that is wrong with a file. A ledger's folder that is not there, or
// that this user may not look into, is a warning: systemd makes it for the daemon's user.
absl::StatusOr<ConfigCheck> CheckConfig(
    const std::string& path, int64_t now_unix_seconds,
    absl::FunctionRef<absl::Status(const std::string& ledger_path)> check_ledger);

}  // namespace fleetmeter
