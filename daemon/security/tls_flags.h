// The flags of ClientTls, the same for every program. Files only: secrets do not belong on command
// lines, which everybody can read.
#pragma once

#include "daemon/base/flags.h"
#include "daemon/security/client_tls.h"

namespace fleetmeter {

// `tls` outlives the parsing.
void AddTlsFlags(Flags& flags, ClientTls* tls);

}  // namespace fleetmeter
