// How a program of ours connects to a daemon: whom it trusts, and as whom it comes.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/security/tls_files.h"

namespace grpc {
class ChannelArguments;
class ChannelCredentials;
}  // namespace grpc

namespace fleetmeter {

struct ClientTls {
  // `authorities`: what the daemon's certificate must lead to; empty: plaintext. Certificate and
  // key are our own.
  TlsPaths files;
  // The name that the daemon's certificate must have; empty: the host of its address.
  std::string server_name;
  // The SPIFFE ID that it must have instead of a name; empty: the name counts.
  std::string daemon_identity;
  bool plaintext_beyond_loopback_without_authentication = false;

  bool enabled() const { return !files.authorities.empty(); }
};

// Whether the settings go together, and with the daemon's address. InvalidArgument names the flags.
absl::Status CheckClientTls(const ClientTls& tls, const std::string& address);

// Reads and checks the files, and sets what goes with the credentials in `arguments`.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const ClientTls& tls, grpc::ChannelArguments* arguments);

}  // namespace fleetmeter
