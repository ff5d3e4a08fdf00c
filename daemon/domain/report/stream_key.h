// Who a report comes from, and which of that sender's sequences it belongs to.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace fleetmeter {

// The identity of every caller where callers have none: without TLS.
inline constexpr std::string_view kLocalIdentity = "local";

// A stream is who sends (from the transport, never from the payload) and 128 random bits.
struct StreamKey {
  std::string identity;
  std::string id;  // 16 bytes

  friend bool operator==(const StreamKey&, const StreamKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StreamKey& key) {
    return H::combine(std::move(h), key.identity, key.id);
  }
};

}  // namespace fleetmeter
