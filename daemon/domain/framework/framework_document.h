// A framework file as it was read: what it says, and its text, to read it again with changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/framework/assumptions.h"
#include "daemon/domain/framework/simulation.h"

namespace fleetmeter {

struct FrameworkDocument {
  std::string path;
  std::string text;                // what it was read from, to read it again with overrides
  std::string catalog_path;        // empty: the file names none
  std::optional<Catalog> catalog;  // of that path
  framework::Assumptions assumptions;
  std::vector<framework::SensitivityCase> sensitivity;  // in the file's order
};

}  // namespace fleetmeter
