// The flags that fill a Connection.
#pragma once

#include "daemon/ctl/connection.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

// Of all commands: --address, --timeout, and those of TLS. `connection` outlives the parsing.
void AddConnectionFlags(CLI::App& app, Connection* connection);

// Of the group `admin`: --admin-address.
void AddAdminAddress(CLI::App& admin, Connection* connection);

// Of the group `import`: --ingest-address.
void AddIngestAddress(CLI::App& import, Connection* connection);

}  // namespace fleetmeter::ctl
