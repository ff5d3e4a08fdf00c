// The flags that fill a Connection.
#pragma once

#include "daemon/base/flags.h"
#include "daemon/ctl/connection.h"

namespace fleetmeter::ctl {

// Of all commands: --address, --timeout, and those of TLS. `connection` outlives the parsing.
void AddConnectionFlags(Flags& flags, Connection* connection);

// Of the group `admin`: --admin-address.
void AddAdminAddress(Flags& admin, Connection* connection);

// Of the group `import`: --ingest-address.
void AddIngestAddress(Flags& import, Connection* connection);

}  // namespace fleetmeter::ctl
