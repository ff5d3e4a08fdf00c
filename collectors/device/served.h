// What a server of models has counted so far: requests and tokens. Plain values; nothing here reads
// anything.
//
// A source that counts requests lists every counter as it stands. What happened between two looks
// is worked out by ServedCounts (collectors/served), which also knows of restarts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "collectors/device/holder.h"

namespace fleetmeter::collector {

enum class ServedAmount : uint8_t { kRequests, kInputTokens, kCachedInputTokens, kOutputTokens };

// One counter of one series.
struct ServedCounter {
  // Name and labels, sorted: what tells the counter apart from all others of the source.
  std::string series;
  ServedAmount amount = ServedAmount::kRequests;
  int64_t value = 0;
  // When it began to count, by the clock of its server, seconds since 1970. 0: not told.
  double began = 0;
  size_t thing = 0;  // place in ServedReading::things
};

// For whom and by whom something was served. The attributes of the holder are the labels, and rules
// may say more; model and tier are those of the labels, and of the configuration where there is
// none.
struct ServedThing {
  Holder holder;
  std::string model;          // empty: nobody says
  std::string customer_tier;  // never empty
};

struct ServedReading {
  // How the books call whoever counts: two that count the same requests have one name.
  std::string reported_as;
  // Where the counters stand, such as a URL: those of another place are other counters. Empty: not
  // told.
  std::string origin;
  std::chrono::nanoseconds report_every{0};
  int64_t unix_nanos = 0;  // of the look
  // When the process began that counts, by its own clock, seconds since 1970. 0: not told, or more
  // than one process is on the page.
  double process_began = 0;
  std::vector<ServedThing> things;
  std::vector<ServedCounter> counters;
};

}  // namespace fleetmeter::collector
