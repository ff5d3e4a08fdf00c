#include "daemon/security/tls_flags.h"

namespace fleetmeter {

// Braces are filled in their order, which is that of the help.
TlsFlags AddTlsFlags(Flags& flags, ClientTls* tls) {
  return {
      .authorities =
          flags
              .Add("--tls-ca", &tls->files.authorities,
                   "PEM file of the authorities that vouch for the daemon; without it, plaintext")
              .ValueName("FILE"),
      .certificate =
          flags.Add("--tls-certificate", &tls->files.certificate, "PEM file of our own certificate")
              .ValueName("FILE"),
      .key =
          flags.Add("--tls-key", &tls->files.key, "PEM file of its private key").ValueName("FILE"),
      .server_name = flags
                         .Add("--tls-server-name", &tls->server_name,
                              "Name in the daemon's certificate, if not the host of its address")
                         .ValueName("NAME"),
      .daemon_identity =
          flags
              .Add("--daemon-identity", &tls->daemon_identity,
                   "SPIFFE ID that the daemon's certificate must have, instead of a name")
              .ValueName("SPIFFE-ID"),
      .plaintext =
          flags.AddSwitch("--plaintext-beyond-loopback-without-authentication",
                          &tls->plaintext_beyond_loopback_without_authentication,
                          "Speak plaintext to another machine: anyone on the way can read and "
                          "change it"),
  };
}

}  // namespace fleetmeter
