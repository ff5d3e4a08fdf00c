#include "daemon/ctl/connection_flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "daemon/ctl/duration_flag.h"
#include "daemon/ctl/query_client.h"
#include "daemon/security/tls_flags.h"

namespace fleetmeter::ctl {
namespace {

void AddAddress(CLI::App& app, const std::string& name, const std::string& help,
                const std::string& variable, std::string* out) {
  const auto check = [](std::string& address) {
    return std::string(CheckAddress(address).message());
  };
  app.add_option(name, *out, help)
      ->envname(variable)
      ->type_name("HOST:PORT")
      ->check(CLI::Validator(check, ""))
      ->capture_default_str();
}

}  // namespace

void AddConnectionFlags(CLI::App& app, Connection* connection) {
  AddAddress(app, "--address", "The address of the daemon's listen.query", "FLEETMETER_ADDRESS",
             &connection->address);
  AddDuration(app, "--timeout", "The longest time to wait for an answer",
              std::chrono::milliseconds(1), &connection->timeout);
  AddTlsFlags(app, &connection->tls);
}

void AddAdminAddress(CLI::App& admin, Connection* connection) {
  AddAddress(admin, "--admin-address", "The address of the daemon's listen.admin",
             "FLEETMETER_ADMIN_ADDRESS", &connection->admin_address);
}

void AddIngestAddress(CLI::App& import, Connection* connection) {
  AddAddress(import, "--ingest-address", "The address of the daemon's listen.ingest",
             "FLEETMETER_INGEST_ADDRESS", &connection->ingest_address);
}

}  // namespace fleetmeter::ctl
