// The flags of ClientTls, the same for every program. Files only: secrets do not belong on command
// lines, which everybody can read.
#pragma once

#include "daemon/security/client_tls.h"

namespace CLI {
class App;
}  // namespace CLI

namespace fleetmeter {

// `tls` outlives the parsing.
void AddTlsFlags(CLI::App& app, ClientTls* tls);

}  // namespace fleetmeter
