// A page of dcgm-exporter as an observation. Pure: no I/O and no clock.
//
//   a line that cannot be read            it is left out and counted, and the others are read
//   a page without a GPU                  an error: Unavailable if it is empty, as while the
//                                         exporter starts; else InvalidArgument
//   a page that ends in a line            an error (DataLoss); if the last line is whole and only
//                                         its end is missing, it is left out and counted
//   a family that a GPU lacks             that GPU is measured by the next family, or not at all
//   blank values of DCGM                  as if the family were not there
//   NaN, infinities, above 100%           that GPU is not measured, and counted
//   two GPUs of one UUID                  one chip, counted; not measured if they differ
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"

namespace fleetmeter::collector::dcgm {

// Whether a GPU without a pod or a job is free.
enum class HolderLabels {
  kAuto,     // yes, once the page has named a holder, or has had a label for one
  kListed,   // yes: the exporter is set to name pods or jobs
  kIgnored,  // labels of holders are not looked at
};

struct PageOptions {
  std::string host;               // of GPUs for which the page names none
  bool host_of_page = true;       // false: all GPUs are of `host`, whatever the page says
  std::set<int64_t> broken_xids;  // after which a GPU is broken
  HolderLabels holders = HolderLabels::kAuto;
};

// What pages have said that later ones may leave open.
struct PageMemory {
  bool names_holders = false;
  bool renames_labels = false;  // line_labels.h, HasExportedLabels
  std::optional<double> full_gpu_util_ratio;
};

// `must_have_end`: OpenMetrics, whose last line is "# EOF".
absl::StatusOr<Observation> ReadPage(std::string_view text, bool must_have_end,
                                     const PageOptions& options, PageMemory& memory);

}  // namespace fleetmeter::collector::dcgm
