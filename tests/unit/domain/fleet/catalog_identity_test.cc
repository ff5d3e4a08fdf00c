// What a catalog's version stands for.
#include "daemon/domain/fleet/catalog_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace fleetmeter {
namespace {

using testing::HasSubstr;

ChipKind Kind(const std::string& name, int64_t chips_per_h100e) {
  ChipKind kind;
  kind.name = name;
  kind.provider = "vendor";
  kind.title = "A chip";
  kind.conversions.emplace_back().chips_per_h100e = {chips_per_h100e, 1};
  return kind;
}

std::string RefusalOf(const KnownCatalogs& known, const Catalog& catalog) {
  return std::string(known.Check(catalog).message());
}

TEST(CatalogIdentity, IsOfWhatFiguresDependOn) {
  const Catalog catalog(1, {Kind("a", 2), Kind("b", 3)});
  EXPECT_EQ(ContentDigest(catalog), ContentDigest(Catalog(1, {Kind("b", 3), Kind("a", 2)})));
  ChipKind renamed = Kind("a", 2);
  renamed.title = "The same chip";
  renamed.conversions[0].basis = "a data sheet";
  EXPECT_EQ(ContentDigest(catalog), ContentDigest(Catalog(1, {renamed, Kind("b", 3)})));
  ChipKind priced = Kind("a", 2);
  priced.micro_usd_per_chip_hour = 0;
  ChipKind faster = Kind("a", 2);
  faster.peak_flops["bf16"] = 1e15;
  ChipKind later = Kind("a", 2);
  later.conversions[0].effective_from_unix_nanos = 1;
  ChipKind decoding = Kind("a", 2);
  decoding.conversions[0].by_workload_type["decode"] = {5, 2};
  for (const ChipKind& kind : {Kind("c", 2), Kind("a", 4), priced, faster, later, decoding}) {
    EXPECT_NE(ContentDigest(catalog), ContentDigest(Catalog(1, {kind, Kind("b", 3)})));
  }
}

TEST(KnownCatalogs, RefuseAnotherContentOfAKnownVersion) {
  KnownCatalogs known;
  EXPECT_EQ(RefusalOf(known, Catalog(4, {Kind("a", 2)})), "");
  known.Learn(Catalog(4, {Kind("a", 2)}));
  EXPECT_EQ(RefusalOf(known, Catalog(4, {Kind("a", 2)})), "");
  EXPECT_EQ(RefusalOf(known, Catalog(5, {Kind("a", 3)})), "");
  EXPECT_THAT(RefusalOf(known, Catalog(4, {Kind("a", 3)})),
              HasSubstr("raise the version to 5 for a change"));
  known.Learn(Catalog(4, {Kind("a", 3)}));
  EXPECT_EQ(RefusalOf(known, Catalog(4, {Kind("a", 2)})), "") << "the first one stays";
}

}  // namespace
}  // namespace fleetmeter
