#include "daemon/security/tls_flags.h"

namespace fleetmeter {

// Braces are filled in their order, which is that of the help.
TlsFlags AddTlsFlags(Flags& flags, ClientTls* tls) {
  return {
      .authorities =
          flags
              .Add("--tls-ca", &tls->files.authorities,
                   "The PEM file of the authorities that vouch for the daemon. Without it, the "
                   "connection is plaintext")
              .ValueName("FILE"),
      .certificate = flags
                         .Add("--tls-certificate", &tls->files.certificate,
                              "The PEM file of our own certificate")
                         .ValueName("FILE"),
      .key = flags.Add("--tls-key", &tls->files.key, "The PEM file of its private key")
                 .ValueName("FILE"),
      .server_name = flags
                         .Add("--tls-server-name", &tls->server_name,
                              "The name in the daemon's certificate. The default is the host of "
                              "its address")
                         .ValueName("NAME"),
      .daemon_identity =
          flags
              .Add("--daemon-identity", &tls->daemon_identity,
                   "The SPIFFE ID that the daemon's certificate must have, instead of a name")
              .ValueName("SPIFFE-ID"),
      .plaintext =
          flags.AddSwitch("--plaintext-beyond-loopback-without-authentication",
                          &tls->plaintext_beyond_loopback_without_authentication,
                          "Speak plaintext to another machine. Anyone on the way can read and "
                          "change what is sent"),
  };
}

}  // namespace fleetmeter
