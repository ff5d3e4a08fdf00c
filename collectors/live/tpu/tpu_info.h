// What the tool tpu-info prints: tables of chips, of their duty cycles and of their TensorCores, as
// text with frames of any kind. For machines where its output is kept, and libtpu is not asked.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// `kind`: of the catalog; empty: by the model that the text names. InvalidArgument: it has no table
// of chips.
absl::StatusOr<Observation> ReadTpuInfo(std::string_view text, const std::string& host,
                                        const std::string& kind);

}  // namespace fleetmeter::collector
