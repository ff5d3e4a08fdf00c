// Reads configuration, catalog, plan, framework and outcome files. Strict: unknown and duplicate
// keys, wrong types and values out of range are errors that name file, line, key and what was
// expected. All errors of a file are reported together, one a line: "FILE:LINE: KEY: what was
// wrong; expected
// ...". The rules of a plan (CompilePlan) are checked once the file itself is well-formed.
//
// fleetmeterd --check-config, the start and a reload all come through here.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/config/daemon_config.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter {

// NotFound if a file cannot be read, otherwise InvalidArgument.
absl::StatusOr<DaemonConfig> LoadDaemonConfig(const std::string& path);
absl::StatusOr<Catalog> LoadCatalog(const std::string& path);
absl::StatusOr<Plan> LoadPlan(const std::string& path, const Catalog& catalog);
// The plan that a text says; `name` stands in for its path in messages.
absl::StatusOr<Plan> ReadPlan(const std::string& name, std::string_view text,
                              const Catalog& catalog);

// What the text says, before it is compiled: its form is right, and the rules of plans are not
// checked.
absl::StatusOr<PlanDocument> ReadPlanDocument(const std::string& name, std::string_view text);

// Catalog, plans, framework and rules of outcomes of a configuration. Two plans that take effect at
// the same time, or have the same name and version, are an error; so is a plan that takes effect
// after one of its name with a higher version.
absl::StatusOr<ReferenceData> LoadReferenceData(const DaemonConfig& config);

}  // namespace fleetmeter
