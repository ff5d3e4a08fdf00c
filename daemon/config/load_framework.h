// Reads the assumptions of the allocation framework (deploy/plans/framework.yaml). As strict as
// load_config.h: all errors of a file together, each with file, line and key.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config/yaml_override.h"
#include "daemon/domain/framework/framework_document.h"

namespace fleetmeter {

// NotFound if a file cannot be read, otherwise InvalidArgument. Rules: shares of tokens and weights
// add up to 100%; names that are referred to exist; every scenario fits into its tiers; pools of a
// category get at most all of it. `catalog` cannot be overridden. With overrides a scenario that no
// longer fits is only an error where it is used.
absl::StatusOr<FrameworkDocument> LoadFramework(const std::string& path,
                                                const std::vector<YamlOverride>& overrides = {});

// The same document under other assumptions, with the catalog it has. Reads no file. Errors as
// LoadFramework's.
absl::StatusOr<FrameworkDocument> Override(const FrameworkDocument& document,
                                           const std::vector<YamlOverride>& overrides);

// The path of the catalog that a framework file names; empty if it names none or cannot be read.
std::string FrameworkCatalogPath(const std::string& path);

}  // namespace fleetmeter
