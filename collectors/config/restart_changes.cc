#include "collectors/config/restart_changes.h"

#include <fmt/format.h>

#include <string>

namespace fleetmeter::collector {
namespace {

// Values as a file would say them.
std::string ShownSetting(const std::string& text) { return text.empty() ? "(not set)" : text; }
std::string ShownSetting(double seconds) { return fmt::format("{:g}s", seconds); }
std::string ShownSetting(uint64_t bytes) { return fmt::format("{}B", bytes); }
std::string ShownSetting(bool on) { return on ? "true" : "false"; }

class ChangeList {
 public:
  template <class Value>
  void Compare(const char* key, const Value& in_force, const Value& asked) {
    if (in_force == asked) return;
    changes_.push_back({key, ShownSetting(in_force), ShownSetting(asked)});
  }
  std::vector<SettingChange> Take() { return std::move(changes_); }

 private:
  std::vector<SettingChange> changes_;
};

}  // namespace

std::vector<SettingChange> ChangesForRestart(const CollectorFlags& in_force,
                                             const CollectorFlags& asked) {
  ChangeList list;
  list.Compare("daemon", in_force.daemon, asked.daemon);
  list.Compare("tls.ca", in_force.tls.files.authorities, asked.tls.files.authorities);
  list.Compare("tls.certificate", in_force.tls.files.certificate, asked.tls.files.certificate);
  list.Compare("tls.key", in_force.tls.files.key, asked.tls.files.key);
  list.Compare("tls.server_name", in_force.tls.server_name, asked.tls.server_name);
  list.Compare("tls.daemon_identity", in_force.tls.daemon_identity, asked.tls.daemon_identity);
  list.Compare("plaintext_beyond_loopback_without_authentication",
               in_force.tls.plaintext_beyond_loopback_without_authentication,
               asked.tls.plaintext_beyond_loopback_without_authentication);
  list.Compare("interval", in_force.interval_seconds, asked.interval_seconds);
  list.Compare("drain", in_force.drain_seconds, asked.drain_seconds);
  list.Compare("spool.folder", in_force.spool, asked.spool);
  list.Compare("spool.max", in_force.spool_max_bytes, asked.spool_max_bytes);
  list.Compare("deferred.keep", in_force.deferred_max_hours, asked.deferred_max_hours);
  list.Compare("deferred.max", in_force.deferred_max_bytes, asked.deferred_max_bytes);
  list.Compare("metrics", in_force.metrics, asked.metrics);
  list.Compare("log.level", in_force.log_level, asked.log_level);
  list.Compare("log.format", in_force.log_format, asked.log_format);
  return list.Take();
}

}  // namespace fleetmeter::collector
