#include "daemon/security/tls_flags.h"

#include <CLI/CLI.hpp>

namespace fleetmeter {

void AddTlsFlags(CLI::App& app, ClientTls* tls) {
  app.add_option("--tls-ca", tls->files.authorities,
                 "PEM file of the authorities that vouch for the daemon; without it, plaintext")
      ->type_name("FILE");
  app.add_option("--tls-certificate", tls->files.certificate, "PEM file of our own certificate")
      ->type_name("FILE");
  app.add_option("--tls-key", tls->files.key, "PEM file of its private key")->type_name("FILE");
  app.add_option("--tls-server-name", tls->server_name,
                 "Name in the daemon's certificate, if not the host of its address")
      ->type_name("NAME");
  app.add_option("--daemon-identity", tls->daemon_identity,
                 "SPIFFE ID that the daemon's certificate must have, instead of a name")
      ->type_name("SPIFFE-ID");
  app.add_flag("--plaintext-beyond-loopback-without-authentication",
               tls->plaintext_beyond_loopback_without_authentication,
               "Speak plaintext to another machine: anyone on the way can read and change it");
}

}  // namespace fleetmeter
