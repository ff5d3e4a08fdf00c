// The daemon's YAML files. Each is read from a file, as at a reload.
#include "daemon/config/load_config.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

// What plans are checked against.
constexpr char kCatalog[] = R"(version: 1
chips:
  - name: h100
    provider: cloud
    title: NVIDIA H100
    conversions:
      - chips_per_h100e: 1
        basis: the reference chip
)";

void RequireReason(const absl::Status& status, const std::string& path) {
  Require(status.ok() || status.message().find(path) != absl::string_view::npos,
          "an error names the file");
}

}  // namespace

void RunDaemonConfig(std::string_view bytes) {
  const InputFile file(bytes);
  RequireReason(LoadDaemonConfig(file.path()).status(), file.path());
}

void RunCatalog(std::string_view bytes) {
  const InputFile file(bytes);
  const auto catalog = LoadCatalog(file.path());
  RequireReason(catalog.status(), file.path());
  if (!catalog.ok()) return;
  for (const ChipKind& kind : catalog->kinds()) {
    Require(catalog->Find(kind.name) == &kind, "a kind is found by its name");
    Require(H100e(1, kind.ConversionAt(0).chips_per_h100e) > 0, "a chip is worth something");
  }
}

void RunPlan(std::string_view bytes) {
  static const Catalog& catalog = *new Catalog(*LoadCatalog(InputFile(kCatalog).path()));
  const InputFile file(bytes);
  const auto plan = LoadPlan(file.path(), catalog);
  RequireReason(plan.status(), file.path());
  if (!plan.ok()) return;
  double allocated = 0;
  for (const Pool& pool : plan->pools) {
    Require(plan->FindPool(pool.name) == &pool, "a pool is found by its name");
    Require(pool.allocated_h100e >= 0, "no allocation is negative");
    allocated += pool.allocated_h100e;
  }
  Require(allocated <= plan->supply_h100e * (1 + 1e-6), "no more is granted than there is");
}

}  // namespace fleetmeter::fuzz
