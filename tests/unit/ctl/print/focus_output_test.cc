#include "daemon/ctl/print/focus_output.h"

#include <map>
#include <sstream>

#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;

constexpr int64_t kDayInDecember = 1'796'083'200;  // 2026-12-01

FocusRow MakeRow() {
  FocusRow row;
  row.day = kDayInDecember;
  row.pool = "research-scaling";
  row.team = "laws";
  row.category = "research";
  row.tier = "p2";
  row.chip = "b200";
  row.chip_provider = "aws";
  row.catalog_version = 3;
  row.micro_usd_per_chip_hour = 2'500'000;
  row.chips.chips = absl::int128(3) * kHour / 2;
  row.h100e.chips = absl::int128(9) * kHour / 2;
  return row;
}

std::vector<std::string> Cells(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char byte : line) {
    if (byte == '"') quoted = !quoted;
    if (byte == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += byte;
    }
  }
  return cells;
}

std::map<std::string, std::string> Columns(const FocusRow& row) {
  const auto line = FocusLine({"books", "Fleet", "Us"}, row);
  EXPECT_TRUE(line.ok()) << line.status();
  const std::vector<std::string> names = Cells(FocusHeader());
  const std::vector<std::string> cells = Cells(*line);
  EXPECT_EQ(names.size(), cells.size());
  std::map<std::string, std::string> columns;
  for (size_t i = 0; i < names.size(); ++i) columns[names[i]] = cells[i];
  return columns;
}

TEST(FocusOutputTest, ARowIsAChargeOfADay) {
  auto columns = Columns(MakeRow());
  EXPECT_EQ(columns["ChargeCategory"], "Usage");
  EXPECT_EQ(columns["ChargePeriodStart"], "2026-12-01T00:00:00Z");
  EXPECT_EQ(columns["ChargePeriodEnd"], "2026-12-02T00:00:00Z");
  EXPECT_EQ(columns["BillingPeriodStart"], "2026-12-01T00:00:00Z");
  EXPECT_EQ(columns["BillingPeriodEnd"], "2027-01-01T00:00:00Z");
  EXPECT_EQ(columns["SubAccountId"], "research-scaling");
  EXPECT_EQ(columns["PublisherName"], "aws");
  EXPECT_EQ(columns["SkuPriceId"], "b200/catalog-3");
  EXPECT_THAT(columns["Tags"], HasSubstr("team"));
}

TEST(FocusOutputTest, TheCostIsThePriceTimesTheQuantity) {
  auto columns = Columns(MakeRow());
  EXPECT_EQ(columns["PricingQuantity"], "1.5");
  EXPECT_EQ(columns["ListUnitPrice"], "2.5");
  for (const char* cost : {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"}) {
    EXPECT_EQ(columns[cost], "3.75") << cost;
  }
  EXPECT_EQ(columns["x_ChipNanoseconds"], "5400000000000");
  EXPECT_EQ(columns["x_H100eHours"], "4.5");
}

TEST(FocusOutputTest, ACostIsExactToTheLastDecimal) {
  FocusRow row = MakeRow();
  row.chips.chips = 36 + 35;  // one unit of the quantity, and a rest that is dropped
  row.micro_usd_per_chip_hour = 1;
  auto columns = Columns(row);
  EXPECT_EQ(columns["PricingQuantity"], "0.00000000001");
  EXPECT_EQ(columns["BilledCost"], "0.00000000000000001");
}

TEST(FocusOutputTest, WithoutAPriceThereIsNoCost) {
  FocusRow row = MakeRow();
  row.micro_usd_per_chip_hour = std::nullopt;
  auto columns = Columns(row);
  for (const char* unknown : {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost",
                              "ListUnitPrice", "ContractedUnitPrice", "SkuPriceId"}) {
    EXPECT_EQ(columns[unknown], "") << unknown;
  }
  EXPECT_EQ(columns["ConsumedQuantity"], "1.5");
}

TEST(FocusOutputTest, APriceOfNothingIsAPrice) {
  FocusRow row = MakeRow();
  row.micro_usd_per_chip_hour = 0;
  EXPECT_EQ(Columns(row)["BilledCost"], "0");
}

TEST(FocusOutputTest, WhatNobodyMeasuredIsNotIdle) {
  FocusRow row = MakeRow();
  EXPECT_EQ(Columns(row)["x_BusyChipHours"], "");
  row.chips.measured = row.chips.chips;
  EXPECT_EQ(Columns(row)["x_BusyChipHours"], "0");
}

TEST(FocusOutputTest, RefusesACostBeyondAllBounds) {
  FocusRow row = MakeRow();
  row.chips.chips = absl::Int128Max();
  EXPECT_EQ(FocusLine({}, row).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(FocusOutputTest, HostileNamesStayText) {
  FocusRow row = MakeRow();
  row.team = "=cmd|' /C calc'!A0\n\"";
  const auto line = FocusLine({"books", "Fleet", "Us"}, row);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->find('\n'), line->size() - 1);
  EXPECT_EQ(line->find(",=cmd"), std::string::npos);
}

}  // namespace
}  // namespace fleetmeter::ctl
