#include "daemon/ctl/print/supply_output.h"

#include <algorithm>
#include <sstream>

#include "daemon/ctl/print/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

v1::GetSupplyResponse SomeSupply() {
  v1::GetSupplyResponse response;
  *response.mutable_basis() = SomeBasis();
  v1::SupplyRow& row = *response.add_rows();
  row.set_provider("alibaba");
  row.set_chip("g2");
  row.set_assigned_micro_chips(4'000'500'000);
  row.set_unassigned_micro_chips(390'000'000);
  row.set_unhealthy_micro_chips(1'000'000);
  row.set_reserved_micro_chips(500'000);
  row.set_unheard_micro_chips(8'000'000);
  row.set_unaccounted_micro_chips(2'000'000);
  row.set_declared_chips(4'392);
  row.set_h100e(554.88);
  row.set_chips_per_h100e(7.9152);
  response.set_total_h100e(554.88);
  response.set_live_sources(549);
  response.set_known_sources(550);
  return response;
}

TEST(FormatSupply, ShowsExactChips) {
  EXPECT_EQ(FormatSupply(SomeSupply(), OutputFormat::kTable, /*width=*/0),
            "PROVIDER  CHIP  CHIPS  ASSIGNED  UNASSIGNED  UNHEALTHY  RESERVED  ORPHANED  UNHEARD  "
            "UNACCOUNTED  "
            "DECLARED  H100E\n"
            "alibaba   g2    4,392   4,000.5         390          1       0.5         0        8   "
            "         2  "
            "   4,392  554.9\n"
            "\n"
            "total 554.9 H100e; 549 of 550 sources live; plan openb version 3 (replay), catalog "
            "version 2, 2026-01-02 03:04:05Z\n");
}

size_t LongestLine(const std::string& text) {
  size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(FormatSupply, LeavesOutWhatMattersLeastWhereRoomIsScarce) {
  const std::string text = FormatSupply(SomeSupply(), OutputFormat::kTable);
  EXPECT_LE(LongestLine(text), 80u);
  EXPECT_THAT(text, AllOf(StartsWith("CHIP  CHIPS  ASSIGNED  UNASSIGNED  UNHEALTHY  UNHEARD  "
                                     "DECLARED  H100E\n"),
                          HasSubstr("\n4 columns left out; --wide shows all.\n")));
  for (const size_t width : {40, 60, 100, 120}) {
    EXPECT_LE(LongestLine(FormatSupply(SomeSupply(), OutputFormat::kTable, width)), width);
  }
}

TEST(FormatSupply, LeavesOutFirstWhatThereIsNoneOf) {
  v1::GetSupplyResponse supply = SomeSupply();
  supply.mutable_rows(0)->set_unhealthy_micro_chips(0);
  supply.mutable_rows(0)->set_unheard_micro_chips(0);
  const std::string text = FormatSupply(supply, OutputFormat::kTable);
  EXPECT_THAT(text, AllOf(HasSubstr("RESERVED"), HasSubstr("UNACCOUNTED"),
                          Not(HasSubstr("UNHEALTHY")), Not(HasSubstr("UNHEARD"))));
}

TEST(FormatSupply, GivesWholeChipsInJsonWithoutDecimals) {
  const Json json = Json::parse(FormatSupply(SomeSupply(), OutputFormat::kJson));
  EXPECT_EQ(
      json.at("chips").at("g2").dump(),
      R"({"provider":"alibaba","chips":4392,"assigned":4000.5,"unassigned":390,)"
      R"("unhealthy":1,"reserved":0.5,"orphaned":0,"unheard":8,"unaccounted":2,"declared":4392,"h100e":554.88,)"
      R"("chips_per_h100e":7.9152})");
  EXPECT_EQ(json.at("total_h100e"), 554.88);
  EXPECT_EQ(json.at("live_sources"), 549);
  EXPECT_EQ(json.at("known_sources"), 550);
  EXPECT_EQ(json.at("basis").at("catalog_version"), 2);
}

TEST(FormatSupply, GivesExactChipsInCsv) {
  EXPECT_EQ(
      FormatSupply(SomeSupply(), OutputFormat::kCsv),
      "provider,chip,chips,assigned,unassigned,unhealthy,reserved,orphaned,unheard,unaccounted,"
      "declared,h100e,"
      "chips_per_h100e\n"
      "alibaba,g2,4392,4000.5,390,1,0.5,0,8,2,4392,554.88,7.9152\n");
}

TEST(FormatSupply, GivesAnEmptyObjectForNoChips) {
  EXPECT_EQ(Json::parse(FormatSupply({}, OutputFormat::kJson)).at("chips"), Json::object());
}

}  // namespace
}  // namespace fleetmeter::ctl
