// The flags that fill a Connection.
#pragma once

#include <string>

#include "daemon/base/flags.h"
#include "daemon/ctl/connection.h"

namespace fleetmeter::ctl {

// Of all commands: --address, --timeout, and those of TLS. `connection` outlives the parsing.
void AddConnectionFlags(Flags& flags, Connection* connection);

// Of all commands: --config, the file that fills what no flag and no variable gives.
void AddConfigFile(Flags& flags, std::string* path);

// Of the group `admin`: --admin-address.
void AddAdminAddress(Flags& admin, Connection* connection);

// Of the group `import`: --ingest-address.
void AddIngestAddress(Flags& import, Connection* connection);

}  // namespace fleetmeter::ctl
