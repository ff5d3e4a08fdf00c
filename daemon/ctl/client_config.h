// The configuration of fleetmeterctl: where daemons are and as whom we come, so that nobody has to
// type it. A flag wins over the environment, and that over a file.
//
//   address: meter.example:7444
//   admin_address: meter.example:7445
//   ingest_address: meter.example:7443
//   timeout: 5s
//   tls:
//     ca: ca.pem                  # relative to the folder of the file
//     certificate: me.pem
//     key: me-key.pem
//     server_name: meter.example  # or daemon_identity: spiffe://example.org/fleetmeterd
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ctl/connection.h"

namespace fleetmeter::ctl {

// Fills what no flag gave from one file. All that is wrong with the file is an error, unknown keys
// too: InvalidArgument or NotFound names file, line and key.
absl::Status FillFromFile(const std::string& path, Connection* connection);

// The files that are read where none is named: everybody's, and over it the user's own.
// $XDG_CONFIG_HOME stands for ~/.config where it is set.
std::vector<std::string> ClientConfigPaths();

// From the named file, which must be there, "none", or those of ClientConfigPaths() that are there
// (empty). After the parsing.
absl::Status FillFromConfiguration(const std::string& named, Connection* connection);

}  // namespace fleetmeter::ctl
