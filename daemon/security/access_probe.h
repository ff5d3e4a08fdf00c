// What access control and TLS tell about themselves. As DaemonProbe: cheap and thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fleetmeter {

// Why a call is denied. The names are label values, so the set is closed.
inline constexpr std::array<std::string_view, 6> kDenials = {
    "identity",  // no certificate or token, or one that names no identity of the trust domain
    "expired",   // the certificate of an open connection, or the token of an open stream
    "role",      // the identity may not use this listener
    "pool",      // nor report for this pool, nor decide in it
    "team",      // nor ask for capacity for this team
    "source",    // nor report for this source, which belongs to another identity: reports are
                 // rejected
};

class AccessProbe {
 public:
  virtual ~AccessProbe() = default;
  // `listener`: the name of a role. `reason`: one of kDenials.
  virtual void CallDenied(std::string_view listener, std::string_view reason) = 0;
  // Changed files of certificate, key and authorities are in force, or were refused.
  virtual void TlsReloaded(bool ok) = 0;
  // Until when what is in force is valid: the certificate, and the first of the authorities.
  virtual void TlsInForce(int64_t certificate_unix_seconds, int64_t client_ca_unix_seconds) = 0;
  // The keys of an OpenID Connect provider were asked for.
  virtual void KeysFetched(bool ok) = 0;
  // So many of them are taken from now on. Nothing: they were never fetched, or are too old.
  virtual void KeysInForce(size_t keys, std::optional<int64_t> fetched_unix_seconds) = 0;
};

}  // namespace fleetmeter
