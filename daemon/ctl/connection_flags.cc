#include "daemon/ctl/connection_flags.h"

#include <string>

#include "daemon/ctl/duration_flag.h"
#include "daemon/ctl/query_client.h"
#include "daemon/security/tls_flags.h"

namespace fleetmeter::ctl {
namespace {

void AddAddress(Flags& flags, const std::string& name, const std::string& help,
                const std::string& variable, std::string* out) {
  flags.Add(name, out, help)
      .Environment(variable)
      .ValueName("HOST:PORT")
      .Check(CheckAddress)
      .ShowDefault();
}

}  // namespace

void AddConnectionFlags(Flags& flags, Connection* connection) {
  AddAddress(flags, "--address", "The address of the daemon's listen.query", "FLEETMETER_ADDRESS",
             &connection->address);
  AddDuration(flags, "--timeout", "The longest time to wait for an answer",
              std::chrono::milliseconds(1), &connection->timeout);
  AddTlsFlags(flags, &connection->tls);
}

void AddAdminAddress(Flags& admin, Connection* connection) {
  AddAddress(admin, "--admin-address", "The address of the daemon's listen.admin",
             "FLEETMETER_ADMIN_ADDRESS", &connection->admin_address);
}

void AddIngestAddress(Flags& import, Connection* connection) {
  AddAddress(import, "--ingest-address", "The address of the daemon's listen.ingest",
             "FLEETMETER_INGEST_ADDRESS", &connection->ingest_address);
}

}  // namespace fleetmeter::ctl
