#include "daemon/ctl/print/headroom_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/ctl/print/demand_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

// As in the daemon's default: with less than this the numbers are shown with a warning.
constexpr double kGoodCoverage = 0.9;
constexpr size_t kLabelWidth = 13;

double Short(const v1::HeadroomResponse& response, double ask_h100e) {
  return std::max(0.0, ask_h100e - response.pool().headroom_h100e());
}

bool FitsWithBorrowing(const v1::HeadroomResponse& response, double ask_h100e) {
  return Short(response, ask_h100e) <= response.borrowable_h100e();
}

std::optional<double> Borrowable(const v1::HeadroomResponse& response) {
  return response.has_borrowable_h100e() ? std::optional(response.borrowable_h100e())
                                         : std::nullopt;
}

std::string H100eOrUnknown(std::optional<double> h100e) {
  return h100e ? Amount(h100e) + " H100e" : "unknown";
}

// More than this the pool cannot admit, whatever is not heard.
double AdmitsAtMost(const v1::Pool& pool) {
  return pool.allocated_h100e() - pool.assigned_h100e() - pool.unhealthy_h100e();
}

// Whether it depends on whose the orphaned chips are.
bool Uncertain(const v1::HeadroomResponse& response, double ask_h100e) {
  const v1::Pool& pool = response.pool();
  return pool.has_headroom_h100e() && ask_h100e > pool.headroom_h100e() &&
         ask_h100e <= pool.headroom_h100e() + pool.headroom_uncertain_h100e();
}

std::string Line(std::string label, const std::string& text) {
  return PadRight(std::move(label), kLabelWidth) + text + "\n";
}

// What can be had from others, as the end of a sentence.
std::string Borrowing(const v1::HeadroomResponse& response, double ask_h100e) {
  if (response.borrowable_h100e() <= 0) return "; nothing can be borrowed";
  return fmt::format("; {} can be borrowed from other pools, {}",
                     Amount(response.borrowable_h100e()),
                     FitsWithBorrowing(response, ask_h100e) ? "which is enough" : "too little");
}

std::string Verdict(const v1::HeadroomResponse& response, double ask_h100e, bool colors) {
  const v1::Pool& pool = response.pool();
  const std::string name = Printable(pool.pool());
  switch (FitOf(response, ask_h100e)) {
    case Fit::kYes:
      return fmt::format("{}: {} H100e fit into the headroom of {}, {} H100e",
                         Paint("yes", Style::kGreen, colors), PlainNumber(ask_h100e), name,
                         Amount(pool.headroom_h100e()));
    case Fit::kNo:
      if (!pool.has_headroom_h100e()) {
        return fmt::format("{}: {} can admit at most {} H100e, {} too few for {}",
                           Paint("no", Style::kRed, colors), name, Amount(AdmitsAtMost(pool)),
                           Amount(ask_h100e - AdmitsAtMost(pool)), PlainNumber(ask_h100e));
      }
      return fmt::format("{}: {} has {} H100e of headroom, {} too few for {}{}",
                         Paint("no", Style::kRed, colors), name, Amount(pool.headroom_h100e()),
                         Amount(Short(response, ask_h100e)), PlainNumber(ask_h100e),
                         Borrowing(response, ask_h100e));
    case Fit::kUnknown:
      break;
  }
  if (Uncertain(response, ask_h100e)) {
    return fmt::format(
        "{}: {} H100e fit only if none of the {} H100e that are held under pools that the plan "
        "does "
        "not know belong to {}",
        Paint("unknown", Style::kYellow, colors), PlainNumber(ask_h100e),
        Amount(pool.headroom_uncertain_h100e()), name);
  }
  return fmt::format("{}: too little is heard of the chips that {} could use",
                     Paint("unknown", Style::kYellow, colors), name);
}

std::string Block(const v1::HeadroomResponse& response, std::optional<double> ask_h100e,
                  bool colors) {
  const v1::Pool& pool = response.pool();
  std::string out;
  if (ask_h100e) out += Verdict(response, *ask_h100e, colors) + "\n";
  out += Line("pool",
              Printable(fmt::format("{} ({}, {})", pool.pool(), pool.category(), pool.tier())));
  out += Line("ask", Printable(fmt::format("{}, {}", pool.owner(), pool.contact())));
  out += Line("headroom", H100eOrUnknown(KnownHeadroom(pool)));
  out += Line("uncertain", Amount(pool.headroom_uncertain_h100e()) + " H100e");
  out += Line("borrowable", H100eOrUnknown(Borrowable(response)));
  out += Line("allocated", Amount(pool.allocated_h100e()) + " H100e");
  out += Line("assigned", Amount(pool.assigned_h100e()) + " H100e");
  out += Line("busy", Busy(pool) ? Amount(Busy(pool)) + " H100e" : "- (no data)");
  out += Line("idle", Idle(pool) ? Amount(Idle(pool)) + " H100e" : "- (no data)");
  out += Line("unhealthy", Amount(pool.unhealthy_h100e()) + " H100e");
  out += Line("unheard", Amount(pool.unheard_h100e()) + " H100e");
  out += Line("unaccounted", Amount(pool.unaccounted_h100e()) + " H100e");
  out += Line("borrowed", Amount(pool.borrowed_h100e()) + " H100e");
  out += Line("demand", DemandSentence(pool));
  out += Line("servable", ServableText(pool));
  out += Line("utilization", Utilization(pool) ? Percent(Utilization(pool)) : "- (no data)");
  out += Line("coverage", Percent(pool.coverage_ratio()));
  out += Line("basis", BasisLine(response.basis()));
  if (pool.coverage_ratio() < kGoodCoverage) {
    out += Paint("coverage is low: chips that were not heard from may be in use", Style::kYellow,
                 colors) +
           "\n";
  }
  return out;
}

Json HeadroomJson(const v1::HeadroomResponse& response, std::optional<double> ask_h100e) {
  Json out;
  out["basis"] = ToJson(response.basis());
  out["pool"] = PoolJson(response.pool());
  out["borrowable_h100e"] = Borrowable(response) ? Json(*Borrowable(response)) : Json(nullptr);
  if (!ask_h100e) return out;
  const Fit fit = FitOf(response, *ask_h100e);
  const bool known = fit != Fit::kUnknown;
  Json& ask = out["ask"];
  ask["h100e"] = *ask_h100e;
  ask["fits"] = known ? Json(fit == Fit::kYes) : Json(nullptr);
  const bool counted = known && response.pool().has_headroom_h100e();
  ask["short_h100e"] = counted ? Json(Short(response, *ask_h100e)) : Json(nullptr);
  ask["fits_with_borrowing"] =
      counted ? Json(FitsWithBorrowing(response, *ask_h100e)) : Json(nullptr);
  return out;
}

std::string CsvHeader() {
  std::vector<std::string> names = ScalarNames(*v1::Pool::descriptor());
  names.insert(names.begin(), "as_of");
  names.insert(names.end(), {"borrowable_h100e", "ask_h100e", "fits"});
  return CsvLine(names);
}

std::string CsvRecord(const v1::HeadroomResponse& response, std::optional<double> ask_h100e) {
  std::vector<std::string> cells = PoolCsvCells(response.pool());
  cells.insert(cells.begin(), UtcTime(response.basis().as_of_unix_nanos()));
  cells.push_back(Borrowable(response) ? PlainNumber(*Borrowable(response)) : "");
  cells.push_back(ask_h100e ? PlainNumber(*ask_h100e) : "");
  const Fit fit = ask_h100e ? FitOf(response, *ask_h100e) : Fit::kUnknown;
  cells.push_back(fit == Fit::kYes ? "true" : fit == Fit::kNo ? "false" : "");
  return CsvLine(cells);
}

}  // namespace

Fit FitOf(const v1::HeadroomResponse& response, double ask_h100e) {
  const v1::Pool& pool = response.pool();
  if (ask_h100e > AdmitsAtMost(pool)) return Fit::kNo;
  if (!pool.has_headroom_h100e()) return Fit::kUnknown;
  if (!(pool.coverage_ratio() >= kGoodCoverage)) return Fit::kUnknown;
  if (Uncertain(response, ask_h100e)) return Fit::kUnknown;
  return ask_h100e <= pool.headroom_h100e() ? Fit::kYes : Fit::kNo;
}

std::string FormatHeadroom(const v1::HeadroomResponse& response, std::optional<double> ask_h100e,
                           OutputFormat format, bool colors) {
  if (format == OutputFormat::kTable) return Block(response, ask_h100e, colors);
  if (format == OutputFormat::kJson) return Dump(HeadroomJson(response, ask_h100e));
  return CsvHeader() + CsvRecord(response, ask_h100e);
}

std::string FormatHeadroomLine(const v1::HeadroomResponse& response,
                               std::optional<double> ask_h100e, OutputFormat format, bool first) {
  if (format == OutputFormat::kJson) return Dump(HeadroomJson(response, ask_h100e), -1);
  if (format == OutputFormat::kCsv) {
    return (first ? CsvHeader() : "") + CsvRecord(response, ask_h100e);
  }
  const v1::Pool& pool = response.pool();
  std::string out = fmt::format(
      "{}  {}  headroom {}  borrowable {}  allocated {}  assigned {}  coverage {}",
      UtcTime(response.basis().as_of_unix_nanos()), Printable(pool.pool()),
      Amount(KnownHeadroom(pool)), Amount(Borrowable(response)), Amount(pool.allocated_h100e()),
      Amount(pool.assigned_h100e()), Percent(pool.coverage_ratio()));
  if (pool.has_demand()) out += "  demand " + DemandAmount(pool);
  if (ask_h100e) out += "  " + Verdict(response, *ask_h100e, false);
  return out + "\n";
}

}  // namespace fleetmeter::ctl
