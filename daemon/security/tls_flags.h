// The flags of ClientTls, the same for every program. Files only: secrets do not belong on command
// lines, which everybody can read.
#pragma once

#include "daemon/base/flags.h"
#include "daemon/security/client_tls.h"

namespace fleetmeter {

struct TlsFlags {
  Flag authorities;
  Flag certificate;
  Flag key;
  Flag server_name;
  Flag daemon_identity;
  Flag plaintext;
};

// `tls` outlives the parsing.
TlsFlags AddTlsFlags(Flags& flags, ClientTls* tls);

}  // namespace fleetmeter
