#include "daemon/ctl/mcp/fleet_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kMostNamed = 10;
// As in the daemon's default: with less than this nobody knows how much is idle.
constexpr double kGoodCoverage = 0.9;

std::string H100eText(std::optional<double> h100e) {
  return h100e ? Amount(h100e) + " H100e" : "unknown";
}

// "a, b and 3 more".
std::string Some(const std::vector<std::string>& texts) {
  const auto end = texts.begin() + static_cast<ptrdiff_t>(std::min(texts.size(), kMostNamed));
  std::string out = fmt::format("{}", fmt::join(texts.begin(), end, ", "));
  if (texts.size() > kMostNamed) out += fmt::format(" and {} more", texts.size() - kMostNamed);
  return out;
}

std::string RatioText(bool known, double ratio) { return known ? Percent(ratio) : "unknown"; }

std::string CompareLine(const std::string& kind, const v1::CompareResponse::Row& row) {
  return fmt::format("\n- {} {}: planned {}, actual {}", kind, NameText(row.name()),
                     Percent(row.planned_share_ratio()),
                     RatioText(row.has_actual_share_ratio(), row.actual_share_ratio()));
}

std::string PerRequestText(const v1::MarginFigures& figures) {
  return figures.has_usd_per_request() ? fmt::format("${:.6f}", figures.usd_per_request())
                                       : "unknown";
}

}  // namespace

std::string NameText(const std::string& name) { return fmt::format("\"{}\"", Printable(name)); }

std::string PoolsWords(const v1::ListPoolsResponse& response) {
  std::vector<std::pair<double, std::string>> known;
  std::vector<std::string> unknown;
  for (const v1::Pool& pool : response.pools()) {
    if (const auto headroom = KnownHeadroom(pool)) {
      known.emplace_back(*headroom, pool.pool());
    } else {
      unknown.push_back(NameText(pool.pool()));
    }
  }
  std::string out =
      fmt::format("{} of {}.", CountOf(response.pools_size(), "pool"), BasisLine(response.basis()));
  if (const auto most = std::max_element(known.begin(), known.end()); most != known.end()) {
    out += fmt::format(" {} has the most headroom, {}.", NameText(most->second),
                       H100eText(most->first));
  }
  if (!unknown.empty()) out += fmt::format(" The headroom of {} is unknown.", Some(unknown));
  return out;
}

std::string HeadroomWords(const v1::Pool& pool) {
  return fmt::format("The headroom of {} is {}, with {} of its chips heard.", NameText(pool.pool()),
                     H100eText(KnownHeadroom(pool)), Percent(pool.coverage_ratio()));
}

std::string SupplyWords(const v1::GetSupplyResponse& response) {
  return fmt::format("{} of {} are heard, with {}.", response.live_sources(),
                     CountOf(static_cast<int64_t>(response.known_sources()), "source"),
                     H100eText(response.total_h100e()));
}

std::string PlanWords(const v1::GetPlanResponse& response) {
  return fmt::format("{} divides {} into {}.", BasisLine(response.basis()),
                     H100eText(response.supply_h100e()), CountOf(response.pools_size(), "pool"));
}

std::string CompareWords(const v1::CompareResponse& response) {
  const v1::CompareResponse::Row* most = nullptr;
  std::string lines;
  for (const auto& row : response.categories()) {
    lines += CompareLine("category", row);
    if (!row.has_drift_ratio()) continue;
    if (most == nullptr || std::abs(row.drift_ratio()) > std::abs(most->drift_ratio())) {
      most = &row;
    }
  }
  for (const auto& row : response.tiers()) lines += CompareLine("tier", row);
  if (most == nullptr) {
    return "How the fleet differs from the plan is unknown: too little of it is heard." + lines;
  }
  return fmt::format("The category {} is {} {} its planned share.{}", NameText(most->name()),
                     Percent(std::abs(most->drift_ratio())),
                     most->drift_ratio() < 0 ? "under" : "over", lines);
}

std::string MarginWords(const v1::MarginReport& report) {
  for (const v1::MarginRow& row : report.rows()) {
    if (row.scope() != "total") continue;
    return fmt::format("The margin per request is {}, and was {} a year earlier.",
                       PerRequestText(row.after()), PerRequestText(row.before()));
  }
  return "The margin per request is unknown.";
}

std::string CapabilityWords(const v1::CapabilityReport& report) {
  if (report.verdict() == "cannot_tell") {
    return fmt::format("Whether a review of research is due cannot be told: {}",
                       Printable(report.why()));
  }
  return fmt::format("A review of research is {}due: {}",
                     report.verdict() == "review_due" ? "" : "not ", Printable(report.why()));
}

std::string SourcesWords(const v1::ListSourcesResponse& response) {
  std::map<std::string, std::vector<std::string>> by_state;
  for (const v1::Source& source : response.sources()) {
    by_state[source.state()].push_back(NameText(source.source()));
  }
  std::string out = fmt::format("The daemon knows {} of this kind.",
                                CountOf(static_cast<int64_t>(response.total()), "source"));
  for (const auto& [state, names] : by_state) {
    if (state == "live") continue;
    out += fmt::format("\n- {}: {}", state, Some(names));
  }
  return out;
}

std::vector<IdleHolder> IdleHolders(const v1::ListPoolsResponse& response) {
  std::vector<IdleHolder> holders;
  for (const v1::Pool& pool : response.pools()) {
    for (const v1::TeamUse& team : pool.teams()) {
      if (!(team.idle_h100e() > 0)) continue;
      holders.push_back({.pool = pool.pool(),
                         .team = team.team(),
                         .owner = pool.owner(),
                         .contact = pool.contact(),
                         .idle_h100e = team.idle_h100e(),
                         .idle_chips = team.idle_chips()});
    }
  }
  std::stable_sort(holders.begin(), holders.end(), [](const IdleHolder& a, const IdleHolder& b) {
    return a.idle_h100e > b.idle_h100e;
  });
  return holders;
}

std::vector<std::string> PoolsWithUnknownIdle(const v1::ListPoolsResponse& response) {
  std::vector<std::string> unknown;
  for (const v1::Pool& pool : response.pools()) {
    // Of a pool whose hosts are all silent nothing is heard to be assigned.
    const bool hardly_heard = pool.coverage_ratio() < kGoodCoverage;
    if (hardly_heard || (pool.assigned_h100e() > 0 && !Idle(pool))) unknown.push_back(pool.pool());
  }
  return unknown;
}

std::string IdleWords(const std::vector<IdleHolder>& holders, size_t left_out,
                      const std::vector<std::string>& unknown) {
  std::string out = holders.empty() ? "Nobody is known to hold idle chips."
                                    : "These hold chips that do nothing, the most first:";
  for (const IdleHolder& each : holders) {
    out += fmt::format("\n- team {} of pool {}: {} idle; ask {}, {}", NameText(each.team),
                       NameText(each.pool), H100eText(each.idle_h100e), NameText(each.owner),
                       NameText(each.contact));
  }
  if (left_out > 0) out += fmt::format("\n{} more hold less.", left_out);
  if (unknown.empty()) return out;
  std::vector<std::string> names;
  for (const std::string& name : unknown) names.push_back(NameText(name));
  return out + fmt::format("\nHow much is idle in {} is unknown.", Some(names));
}

std::vector<Admission> Admissions(const v1::ListPoolsResponse& response, double ask_h100e) {
  std::vector<Admission> admissions;
  for (const v1::Pool& pool : response.pools()) {
    v1::HeadroomResponse one;
    *one.mutable_pool() = pool;
    admissions.push_back(
        {.pool = pool.pool(), .fit = FitOf(one, ask_h100e), .headroom_h100e = KnownHeadroom(pool)});
  }
  const auto rank = [](const Admission& each) {
    return std::pair(each.fit == Fit::kYes       ? 0
                     : each.fit == Fit::kUnknown ? 1
                                                 : 2,
                     -each.headroom_h100e.value_or(0));
  };
  std::stable_sort(admissions.begin(), admissions.end(),
                   [&](const Admission& a, const Admission& b) { return rank(a) < rank(b); });
  return admissions;
}

std::string AdmissionWords(const std::vector<Admission>& admissions, double ask_h100e) {
  std::vector<std::string> can;
  std::vector<std::string> unknown;
  for (const Admission& each : admissions) {
    if (each.fit == Fit::kYes) {
      can.push_back(fmt::format("{} ({})", NameText(each.pool), H100eText(each.headroom_h100e)));
    }
    if (each.fit == Fit::kUnknown) unknown.push_back(NameText(each.pool));
  }
  std::string out =
      can.empty() ? fmt::format("No pool is known to admit {} H100e now.", PlainNumber(ask_h100e))
                  : fmt::format("{} can admit {} H100e now, by headroom: {}.",
                                CountOf(static_cast<int64_t>(can.size()), "pool"),
                                PlainNumber(ask_h100e), Some(can));
  if (!unknown.empty()) {
    out += fmt::format(" Of {} too little is heard to say so.", Some(unknown));
  }
  return out;
}

}  // namespace fleetmeter::ctl
