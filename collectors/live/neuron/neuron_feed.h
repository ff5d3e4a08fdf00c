// Where what neuron-monitor says comes from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/live/live_source.h"
#include "collectors/live/neuron/neuron_report.h"
#include "daemon/fetch/http_fetch.h"

namespace fleetmeter::collector {

struct NeuronFeedSettings {
  // Exactly one of the four is set. The command gets "-c FILE" with a configuration of ours.
  std::vector<std::string> command;
  std::string pipe;   // a named pipe that the monitor writes to
  std::string file;   // a file that it appends to, or that is replaced
  FetchOptions page;  // its Prometheus form; by its url

  std::chrono::milliseconds period{2'000};    // of a monitor that we start
  std::chrono::milliseconds max_age{30'000};  // of what it said last
  size_t max_object_bytes = size_t{16} << 20;
};

// Belongs to one thread.
class NeuronFeed {
 public:
  virtual ~NeuronFeed() = default;
  // The latest whole object. Unavailable: there is none, or the last one is too old.
  virtual absl::StatusOr<NeuronReport> Latest(const Look& look) = 0;
};

std::unique_ptr<NeuronFeed> MakeNeuronFeed(NeuronFeedSettings settings);

// The configuration that a monitor is started with: the sections that are read, of all runtimes.
std::string NeuronMonitorConfig(std::chrono::milliseconds period);

// The last line of `text` that is a whole object, also without a line end behind it. Lines behind
// it that are none are counted in its bad_values. If there is none, `text` as a whole, which may
// then be what neuron-ls prints.
absl::StatusOr<NeuronReport> LastNeuronObject(std::string_view text);

}  // namespace fleetmeter::collector
