#include "daemon/ctl/print/focus_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string_view>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kUnit[] = "Chip-Hours";
// An hour is 36 x 10^11 ns: so many nanoseconds are 10^-11 hours.
constexpr int kNanosPerUnit = 36;
constexpr size_t kQuantityDecimals = 11;
constexpr size_t kPriceDecimals = 6;

// In the order of the specification, and then our own.
constexpr std::array kFocusColumns = {
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_Team",
    "x_CatalogVersion",
    "x_ChipNanoseconds",
    "x_BusyChipHours",
    "x_H100eHours",
};

// "1.5" of 15 x 10^-1: exact, without trailing zeros.
std::string ScaledDecimal(absl::int128 value, size_t decimals) {
  const bool negative = value < 0;
  std::string digits = fmt::format("{}", static_cast<__int128>(negative ? -value : value));
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - decimals, ".");
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return negative ? "-" + digits : digits;
}

// The first of the month that holds the day, or of the one after it.
int64_t MonthOf(int64_t day, int months_later) {
  using namespace std::chrono;
  const year_month_day date{sys_days{days{day / kSecondsPerDay}}};
  const year_month_day first = date.year() / date.month() / 1 + months{months_later};
  return int64_t{sys_days{first}.time_since_epoch().count()} * kSecondsPerDay;
}

std::string FocusTags(const FocusRow& row) {
  Json tags = Json::object();
  const auto add = [&tags](const char* key, const std::string& value) {
    if (!value.empty()) tags[key] = value;
  };
  add("category", row.category);
  add("team", row.team);
  add("tier", row.tier);
  return tags.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// "busy" only where something measured it.
std::string BusyHours(const UsageAmounts& amounts) {
  return amounts.measured > 0 ? ChipHoursOfNanos(amounts.busy) : "";
}

}  // namespace

std::string FocusTime(int64_t unix_seconds) {
  std::string text = UtcTime(unix_seconds * kNanosPerSecond);
  text[text.find(' ')] = 'T';
  return text;
}

std::string FocusHeader() { return CsvLine({kFocusColumns.begin(), kFocusColumns.end()}); }

absl::StatusOr<std::string> FocusLine(const FocusAccount& account, const FocusRow& row) {
  const absl::int128 units = row.chips.chips / kNanosPerUnit;
  const std::string quantity = ScaledDecimal(units, kQuantityDecimals);
  std::string price;
  std::string cost;
  std::string sku_price;
  if (const auto micro_usd = row.micro_usd_per_chip_hour) {
    const absl::int128 most = std::numeric_limits<absl::int128>::max();
    if (*micro_usd > 0 && units > most / *micro_usd) {
      return absl::InvalidArgumentError(
          fmt::format("{} chip-hours at {} micro-USD are beyond all bounds", quantity, *micro_usd));
    }
    price = ScaledDecimal(*micro_usd, kPriceDecimals);
    cost = ScaledDecimal(units * *micro_usd, kQuantityDecimals + kPriceDecimals);
    sku_price = fmt::format("{}/catalog-{}", row.chip, row.catalog_version);
  }
  std::vector<std::string> cells = {
      cost,
      account.id,
      account.name,
      "USD",
      FocusTime(MonthOf(row.day, 1)),
      FocusTime(MonthOf(row.day, 0)),
      "Usage",
      "",  // no correction of what was invoiced before
      fmt::format("{} held by {}, team {}", row.chip, row.pool, row.team),
      "Usage-Based",
      FocusTime(row.day + kSecondsPerDay),
      FocusTime(row.day),
      quantity,
      kUnit,
      cost,
      price,
      cost,
      "",  // there is no invoice
      account.provider,
      cost,
      price,
      "Standard",
      quantity,
      kUnit,
      account.provider,
      row.chip_provider.empty() ? account.provider : row.chip_provider,
      "Compute",
      "Accelerators",
      "Other (Compute)",
      row.chip,
      "Chip time",
      "",
      sku_price,
      row.pool,
      row.pool,
      FocusTags(row),
      row.team,
      fmt::format("{}", row.catalog_version),
      fmt::format("{}", static_cast<__int128>(row.chips.chips)),
      BusyHours(row.chips),
      ChipHoursOfNanos(row.h100e.chips),
  };
  return CsvLine(cells);
}

}  // namespace fleetmeter::ctl
