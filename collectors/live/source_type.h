// A kind of live source, by its name in a configuration: which keys it has, which attributes its
// holders have, and how it is made.
//
// A source derives from this class in its own folder under collectors/live, and names the function
// that makes it in collectors/live/live_sources.list. Constant; any thread may ask.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/attribution/attributes.h"
#include "collectors/live/live_source.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

// What the configuration says of every source, whatever its type.
struct SourceContext {
  std::string name;  // of the entry
  // The host that the source speaks for where what it reads names none: the key `host`, or this
  // machine's name.
  std::string host;
  std::chrono::milliseconds timeout{5'000};  // of one look: the deadline for what it fetches
};

class SourceType {
 public:
  virtual ~SourceType() = default;

  virtual std::string_view name() const = 0;  // "dcgm": the key `type`
  virtual std::string_view help() const = 0;  // a sentence
  // What rules may ask of its holders. `host`, `device` and `chip` are added by themselves.
  virtual Vocabulary vocabulary() const = 0;
  // Whether it sees who holds chips (a scheduler), how active they are, or both: what the default
  // precedence follows.
  virtual bool sees_holders() const = 0;
  virtual bool sees_activity() const = 0;
  // Whether it counts requests that were served (Observation::served).
  virtual bool counts_requests() const { return false; }

  // Reads the source's own keys of its entry (the common ones are read already), and complains to
  // the file about what is wrong. Opens no connection and starts nothing: --check-config comes here
  // too. Null if it complained.
  virtual std::unique_ptr<LiveSource> Configure(YamlMap& entry,
                                                const SourceContext& context) const = 0;
};

using SourceTypes = std::vector<std::unique_ptr<SourceType>>;

// All of live_sources.list, in its order.
SourceTypes AllSourceTypes();

}  // namespace fleetmeter::collector
