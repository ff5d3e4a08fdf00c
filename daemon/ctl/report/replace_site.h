// Puts a published site into its folder, whole.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"

namespace fleetmeter::ctl::report {

// Names the files of a site in its folder, with a line for each.
inline constexpr char kSiteList[] = ".fleetmeter-site";

// `folder` holds exactly `files`, by name, and kSiteList. Whoever reads it meanwhile sees the old
// site or the new one, where the file system can exchange folders; elsewhere each file is the old
// one or the new one. FailedPrecondition: the folder has files of others, which the message names,
// or is no folder.
absl::Status ReplaceSite(const std::string& folder,
                         const std::map<std::string, std::string>& files);

}  // namespace fleetmeter::ctl::report
