// From what exporters call a chip to the kind of the daemon's catalog.
//
// Never a guess: a model that no pattern takes has no kind. Constant once made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

class ChipKinds {
 public:
  // A glob (attribution/glob.h) of lower-case text, and the kind; the first that matches decides.
  using Pattern = std::pair<std::string, std::string>;

  // `own` are asked before the built-in ones, which name kinds of deploy/catalog/default.yaml.
  explicit ChipKinds(std::vector<Pattern> own = {});

  // Of a kind's own name, and of "NVIDIA H100 80GB HBM3", "h100", "nvidia_a100-sxm4-80gb",
  // "Trainium2", in any case, with blanks, underscores and hyphens alike. Nothing: unknown.
  std::optional<std::string> KindOf(std::string_view model) const;

  // Gives each device without a kind the kind of its model, if that is known.
  void Name(HostReading& host) const;

 private:
  std::optional<std::string> KindNamed(std::string_view words) const;

  std::vector<Pattern> patterns_;
};

}  // namespace fleetmeter::collector
