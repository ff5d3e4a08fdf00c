// How a command reaches a daemon: where its listeners are, as whom we come, and how long we wait.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "daemon/base/flags.h"
#include "daemon/security/client_tls.h"

namespace fleetmeter::ctl {

struct Connection {
  std::string address = "127.0.0.1:7444";         // its listen.query
  std::string admin_address = "127.0.0.1:7445";   // its listen.admin
  std::string ingest_address = "127.0.0.1:7443";  // its listen.ingest
  ClientTls tls;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);  // for an answer

  // Which flags fill it, by the key of the configuration file that does it where nobody gave them
  // (client_config.h). A group of commands has flags of its own.
  std::multimap<std::string, Flag> flags = {};
};

}  // namespace fleetmeter::ctl
