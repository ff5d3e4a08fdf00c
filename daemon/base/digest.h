// FNV-1a, 64 bits: the same bytes give the same number in every build, for as long as books are
// kept. Guards against accidents (a spool that was rolled back), not against attackers.
#pragma once

#include <cstdint>
#include <string_view>

namespace fleetmeter {

inline uint64_t Digest64(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3u;
  }
  return hash;
}

}  // namespace fleetmeter
