#include "daemon/ctl/connection_flags.h"

#include <string>

#include "daemon/ctl/duration_flag.h"
#include "daemon/ctl/query_client.h"
#include "daemon/security/tls_flags.h"

namespace fleetmeter::ctl {
namespace {

void AddAddress(Flags& flags, const std::string& key, const std::string& help,
                const std::string& variable, std::string* out, Connection* connection) {
  std::string name = key;
  for (char& c : name) c = c == '_' ? '-' : c;
  const Flag flag = flags.Add("--" + name, out, help)
                        .Environment(variable)
                        .ValueName("HOST:PORT")
                        .Check(CheckAddress)
                        .ShowDefault();
  connection->flags.emplace(key, flag);
}

}  // namespace

void AddConnectionFlags(Flags& flags, Connection* connection) {
  AddAddress(flags, "address", "The address of the daemon's listen.query", "FLEETMETER_ADDRESS",
             &connection->address, connection);
  const Flag timeout = AddDuration(flags, "--timeout", "The longest time to wait for an answer",
                                   std::chrono::milliseconds(1), &connection->timeout);
  const TlsFlags tls = AddTlsFlags(flags, &connection->tls);
  const struct {
    const char* key;
    Flag flag;
    const char* variable;
  } kFlags[] = {
      {"timeout", timeout, "FLEETMETER_TIMEOUT"},
      {"tls.ca", tls.authorities, "FLEETMETER_CA"},
      {"tls.certificate", tls.certificate, "FLEETMETER_CERT"},
      {"tls.key", tls.key, "FLEETMETER_KEY"},
      {"tls.server_name", tls.server_name, "FLEETMETER_SERVER_NAME"},
      {"tls.daemon_identity", tls.daemon_identity, "FLEETMETER_DAEMON_IDENTITY"},
  };
  for (const auto& [key, flag, variable] : kFlags) {
    connection->flags.emplace(key, flag.Environment(variable));
  }
  connection->flags.emplace("plaintext_beyond_loopback_without_authentication", tls.plaintext);
}

void AddConfigFile(Flags& flags, std::string* path) {
  flags
      .Add("--config", path,
           "A file with addresses and certificates. Flags and the environment win over it. With "
           "none, no file is read. By default both /etc/fleetmeter/fleetmeterctl.yaml and "
           "~/.config/fleetmeter/fleetmeterctl.yaml are read if they exist, and the second wins")
      .Environment("FLEETMETER_CONFIG")
      .ValueName("FILE");
}

void AddAdminAddress(Flags& admin, Connection* connection) {
  AddAddress(admin, "admin_address", "The address of the daemon's listen.admin",
             "FLEETMETER_ADMIN_ADDRESS", &connection->admin_address, connection);
}

void AddIngestAddress(Flags& import, Connection* connection) {
  AddAddress(import, "ingest_address", "The address of the daemon's listen.ingest",
             "FLEETMETER_INGEST_ADDRESS", &connection->ingest_address, connection);
}

}  // namespace fleetmeter::ctl
