// From samples to chips, as a mapping says: the engine behind the sources `exporter` and `promql`.
// Pure.
//
//   a chip        is there if a row of devices.series or of an activity names it; it counts once,
//                 however many rows it has
//   its value     is that of the row without a holder, or the highest one; never a sum
//   its holders   are all that its rows name, each once
//
// A chip without a value is not measured. Values are never taken over from an earlier look.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/exposition/exposition.h"
#include "collectors/mappings/mapping.h"

namespace fleetmeter::collector {

// Finds out which series a mapping names, with and without its prefixes.
class MappedNames {
 public:
  // `more_prefix` may stand in front of names as well; may be empty.
  MappedNames(const Mapping& mapping, const std::string& more_prefix);

  // The name as the mapping has it; nothing: the mapping does not name it.
  std::optional<std::string> Find(std::string_view name) const;
  // All names, with every prefix.
  std::vector<std::string> WithPrefixes() const;

 private:
  std::vector<std::string> names_;     // sorted
  std::vector<std::string> prefixes_;  // the empty one first
};

struct MapOptions {
  // Where rows name no host. Empty: every row has to name one.
  std::string host;
  std::string model;  // of chips whose model no row names; may be empty
  // How many identities one chip has. Nothing: one, unless the mapping says that nobody can tell.
  std::optional<int64_t> ids_per_chip;
  // Whether a chip without a holder is free. Nothing: it is, once any holder has been seen.
  std::optional<bool> knows_holders;
  bool saw_holders = false;  // in an earlier look
  // Whether holders are in `exported_pod` and so on, as Prometheus writes labels that it has
  // itself. Nothing: they are if any row has such a label.
  std::optional<bool> exported_labels;
  size_t max_chips = 262'144;
  bool whole_hosts = true;  // false: what comes may be a part of a host's chips
  int64_t now_unix_millis = 0;
  // Rows with a time that is further away than this, in either direction, tell of the chip only.
  std::chrono::milliseconds stale_after{300'000};
};

struct MappedChips {
  Observation observation;
  bool saw_holders = false;
};

// Errors:
//   NotFound           no chip at all, and the mapping says that all are listed
//   InvalidArgument    rows that name no chip, and none that does
//   ResourceExhausted  there are more chips than that
//   Unavailable        the exporter says of itself that it failed, or every row is stale
absl::StatusOr<MappedChips> MapDevices(const Mapping& mapping, std::vector<MappedRow> rows,
                                       const MapOptions& options);

// The rows of a page of the text format, and what was wrong with it, in `counts` and `remarks`.
// ResourceExhausted: it has too many samples. InvalidArgument: it is no such page.
absl::StatusOr<std::vector<MappedRow>> RowsOfPage(const MappedNames& names, std::string_view page,
                                                  Observation& observation);

}  // namespace fleetmeter::collector
