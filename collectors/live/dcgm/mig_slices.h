// What part of a chip a MIG instance is. Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace fleetmeter::collector::dcgm {

// Compute slices of a profile: 3 of "3g.20gb", "1c.3g.20gb" and "3g.20gb+me". Nothing: no profile.
std::optional<int> SlicesOfProfile(std::string_view profile);

// Compute slices of a whole chip: by its model, as exporters name it, or by profiles that only
// chips of one division have. Nothing: unknown; dividing by 7 would be a guess.
std::optional<int> SlicesOfChip(std::string_view model,
                                const std::vector<std::string_view>& profiles);

}  // namespace fleetmeter::collector::dcgm
