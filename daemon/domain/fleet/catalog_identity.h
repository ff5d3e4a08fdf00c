// What the version of a catalog stands for: one content, for good. Every number cites the version
// of the catalog that it was converted by, so two sets of ratios must not share one. Pure.
#pragma once

#include <cstdint>
#include <map>

#include "absl/status/status.h"
#include "daemon/domain/fleet/catalog.h"

namespace fleetmeter {

// A number for what figures depend on: kinds with their providers, ratios, prices and peaks. Titles
// and where a ratio comes from are for people and make no difference; neither do comments,
// formatting and the order of kinds. Ledgers keep it: the same content gives the same number in
// every version of this program.
uint64_t ContentDigest(const Catalog& catalog);

struct CatalogContent {
  uint32_t version = 0;
  uint64_t digest = 0;
};

// What is known of the catalogs that were taken so far. Not thread-safe.
class KnownCatalogs {
 public:
  // The first content of a version stays.
  void Learn(const CatalogContent& content);
  void Learn(const Catalog& catalog);

  // Whether `catalog` may be taken. FailedPrecondition says to raise the version.
  absl::Status Check(const Catalog& catalog) const;

 private:
  std::map<uint32_t, uint64_t> digests_;  // by version
};

}  // namespace fleetmeter
