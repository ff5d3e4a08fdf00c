// What the program is told about delivery and itself, by flags or by a configuration.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/security/client_tls.h"

namespace fleetmeter::collector {

struct CollectorFlags {
  std::string daemon = "127.0.0.1:7443";
  ClientTls tls;
  double interval_seconds = 10;
  double drain_seconds = 5;
  std::string spool;  // empty: reports are kept in memory
  uint64_t spool_max_bytes = uint64_t{1} << 30;
  // How long, and how much, a pipeline keeps of what the daemon defers.
  double deferred_max_hours = 168;
  uint64_t deferred_max_bytes = uint64_t{256} << 20;
  bool recover_acknowledged = false;
  std::string metrics;  // empty: no page is served
  std::string log_level = "info";
  std::string log_format = "text";
};

}  // namespace fleetmeter::collector
