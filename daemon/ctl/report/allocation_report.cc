#include "daemon/ctl/report/allocation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kMicro = 1e6;
constexpr char kNoUseKnown[] = "The utilization of no pool is known.";

struct OpenRequests {
  int64_t requests = 0;
  int64_t critical = 0;
  double h100e = 0;
};

OpenRequests CountOpen(const v1::ListCapacityResponse& open) {
  OpenRequests count;
  for (const v1::CapacityRequest& request : open.requests()) {
    ++count.requests;
    count.critical += request.form().nature() == "critical" ? 1 : 0;
    count.h100e += static_cast<double>(request.micro_h100e()) / kMicro;
  }
  return count;
}

std::string OpenSentence(const Answers& answers) {
  if (!answers.open.ok()) {
    return fmt::format("Which requests wait is not known. {}", WhyNot(answers.open.status()));
  }
  const OpenRequests open = CountOpen(*answers.open);
  if (open.requests == 0) return "No request waits for a decision.";
  return fmt::format("{} for a decision, {} of them critical; together they ask for {} H100e.",
                     CountOf(open.requests, "request") + (open.requests == 1 ? " waits" : " wait"),
                     open.critical, H100eText(open.h100e));
}

struct FreeNow {
  double h100e = 0;  // of pools that have some
  int unknown = 0;   // pools whose headroom is not known
  int little = 0;    // others of which less than kGoodCoverage is heard
};

FreeNow FreeOf(const v1::ListPoolsResponse& pools) {
  FreeNow free;
  for (const v1::Pool& pool : pools.pools()) {
    const bool known = pool.has_headroom_h100e();
    free.unknown += known ? 0 : 1;
    free.little += known && pool.coverage_ratio() < kGoodCoverage ? 1 : 0;
    free.h100e += std::max(0.0, pool.headroom_h100e());
  }
  return free;
}

// Of every pool: the sum is not 0 then, but unknown.
bool IsHeadroomUnknown(const FreeNow& free, const v1::ListPoolsResponse& pools) {
  return free.unknown > 0 && free.unknown == pools.pools_size();
}

// What the sum rests on; empty: on all pools.
std::string FreeNote(const FreeNow& free) {
  std::string out;
  if (free.unknown > 0) {
    out += fmt::format("It is not known of {}.", CountOf(free.unknown, "pool"));
  }
  if (free.little > 0) {
    out += fmt::format("{}Less than 90% of {} is heard.", out.empty() ? "" : " ",
                       CountOf(free.little, "pool"));
  }
  return out;
}

std::string FreeSentence(const v1::ListPoolsResponse& pools) {
  const FreeNow free = FreeOf(pools);
  if (IsHeadroomUnknown(free, pools)) {
    return "How much headroom the pools have now is not known.";
  }
  const std::string note = FreeNote(free);
  return fmt::format("The pools have {} H100e of headroom now within what they are allocated.{}",
                     H100eText(free.h100e), note.empty() ? "" : " " + note);
}

// What is unused in underused pools. Nothing: of no pool it is known whether it is one.
struct UnusedNow {
  std::optional<double> h100e;
  int unknown = 0;  // allocated pools of which it is not known
};

double SumOf(const std::vector<UnusedPool>& unused) {
  double sum = 0;
  for (const UnusedPool& pool : unused) sum += pool.h100e;
  return sum;
}

UnusedNow UnusedOf(const v1::ListPoolsResponse& pools) {
  UnusedNow unused;
  int known = 0;
  for (const v1::Pool& pool : pools.pools()) {
    const bool is_known = UnusedH100e(pool).has_value();
    known += is_known ? 1 : 0;
    unused.unknown += !is_known && pool.allocated_h100e() > 0 ? 1 : 0;
  }
  if (known > 0 || unused.unknown == 0) unused.h100e = SumOf(UnusedPools(pools));
  return unused;
}

std::string WithoutNote(int pools) {
  return pools > 0 ? fmt::format("without {}", CountOf(pools, "pool")) : "";
}

// How it goes on after what does nothing. Chips' prices come first, as on the dashboards.
std::string WorthClause(const UnusedWorth& worth) {
  if (worth.by_chip_price > 0) {
    const std::string without = WithoutNote(worth.by_framework + worth.unknown);
    return fmt::format(", which cost {} a day at the prices of their chips{}",
                       UsdText(worth.chips_usd),
                       without.empty() ? "" : ", " + without + " whose chips have no price");
  }
  if (worth.by_framework == 0) return "";
  return fmt::format(", which would earn {} a day if they served inference",
                     UsdText(worth.framework_usd));
}

std::string UnusedSentence(const Answers& answers) {
  const std::vector<UnusedPool> unused = UnusedPools(*answers.pools);
  if (unused.empty()) return "No allocation is known to be underused.";
  std::string out = fmt::format("{} underused: {} H100e do nothing",
                                CountOf(static_cast<int64_t>(unused.size()), "allocation") +
                                    (unused.size() == 1 ? " is" : " are"),
                                H100eText(SumOf(unused)));
  return out + WorthClause(WorthOfUnused(answers)) + ".";
}

std::string DriftSentence(const v1::CompareResponse& comparison) {
  const v1::CompareResponse::Row* most = nullptr;
  for (const auto& row : comparison.categories()) {
    if (!row.has_drift_ratio()) continue;
    if (most == nullptr || std::abs(row.drift_ratio()) > std::abs(most->drift_ratio())) {
      most = &row;
    }
  }
  if (most == nullptr) return "How the fleet differs from the plan cannot be told.";
  return fmt::format(
      "Of all categories, {} is farthest from the plan: it holds {} of the fleet {} "
      "than planned.",
      most->name(), PointsText(most->drift_ratio()), most->drift_ratio() < 0 ? "less" : "more");
}

std::optional<bool> MarginCalls(const Answers& answers) {
  if (!answers.margin.ok() || !answers.margin->has_review_due()) return std::nullopt;
  return answers.margin->review_due();
}

std::optional<bool> CapabilityCalls(const Answers& answers) {
  if (!answers.capability.ok() || answers.capability->verdict() == "cannot_tell") {
    return std::nullopt;
  }
  return answers.capability->verdict() == "review_due";
}

std::string CallsText(const std::optional<bool>& calls) {
  if (!calls) return "cannot tell whether one is due";
  return *calls ? "calls for one" : "does not call for one";
}

std::string ReviewSentence(const Answers& answers) {
  const auto margin = MarginCalls(answers);
  const auto capability = CapabilityCalls(answers);
  if (!margin && !capability) return "Whether a review of research is due cannot be told.";
  return fmt::format("Review of research: margin per request {}; capability per training hour {}.",
                     CallsText(margin), CallsText(capability));
}

Figure OpenFigure(const Answers& answers) {
  if (!answers.open.ok()) {
    return {"open_requests", "Undecided requests", NotKnown(WhyNot(answers.open.status()))};
  }
  return {"open_requests", "Undecided requests", CountCell(CountOpen(*answers.open).requests)};
}

void AddOpenFigures(const Answers& answers, std::vector<Figure>* figures) {
  figures->push_back(OpenFigure(answers));
  if (!answers.open.ok()) return;
  const OpenRequests open = CountOpen(*answers.open);
  figures->push_back({"critical_requests", "Of them critical", CountCell(open.critical)});
  figures->push_back({"asked_h100e", "Asked for, H100e", H100eCell(open.h100e)});
}

Cell UnusedUsdCell(const Answers& answers, const UnusedNow& unused) {
  if (!unused.h100e) return NotKnown(kNoUseKnown);
  const UnusedWorth worth = WorthOfUnused(answers);
  if (worth.by_chip_price > 0) {
    const std::string without = WithoutNote(worth.by_framework + worth.unknown);
    return WithNote(UsdCell(worth.chips_usd),
                    without.empty() ? kByChipPrice : fmt::format("{}, {}", kByChipPrice, without));
  }
  if (worth.by_framework > 0) return WithNote(UsdCell(worth.framework_usd), kByFramework);
  return worth.unknown > 0 ? NotKnown(kNoPriceKnown) : UsdCell(0);
}

void AddPoolFigures(const Answers& answers, std::vector<Figure>* figures) {
  if (!answers.pools.ok()) return;
  const FreeNow free = FreeOf(*answers.pools);
  figures->push_back({"headroom_h100e", "Headroom now, H100e",
                      IsHeadroomUnknown(free, *answers.pools)
                          ? NotKnown("That of no pool is known.")
                          : WithNote(H100eCell(free.h100e), FreeNote(free))});
  const UnusedNow unused = UnusedOf(*answers.pools);
  figures->push_back({"unused_h100e", "Unused in underused pools, H100e",
                      WithNote(CellOr(unused.h100e, H100eCell, kNoUseKnown),
                               unused.h100e ? WithoutNote(unused.unknown) : "")});
  figures->push_back(
      {"unused_usd_per_day", "What that is worth a day", UnusedUsdCell(answers, unused)});
}

void AddPlanFigures(const Answers& answers, std::vector<Figure>* figures) {
  if (!answers.comparison.ok()) return;
  const v1::CompareResponse& comparison = *answers.comparison;
  figures->push_back(
      {"coverage_ratio", "Part of the supply that is heard",
       CellOr(comparison.has_coverage_ratio() ? std::optional(comparison.coverage_ratio())
                                              : std::nullopt,
              ShareCell, "No source is heard.")});
}

Figure VersionFigure(std::string key, std::string title, std::string text) {
  return {std::move(key), std::move(title), TextCell(std::move(text))};
}

}  // namespace

Section MissingSection(std::string id, std::string title, const absl::Status& why) {
  std::string said = WhyNot(why);
  if (said.empty()) said = "It was not asked for.";
  return {.id = std::move(id), .title = std::move(title), .missing = std::move(said)};
}

std::vector<Figure> BasisFigures(const Answers& answers) {
  std::vector<Figure> figures;
  if (answers.plan.ok()) {
    const v1::Basis& basis = answers.plan->basis();
    figures.push_back(VersionFigure("plan", "Plan", basis.plan()));
    figures.push_back({"plan_version", "Plan version", CountCell(basis.plan_version())});
    figures.push_back({"catalog_version", "Catalog version", CountCell(basis.catalog_version())});
    figures.push_back(
        VersionFigure("as_of", "Fleet as of", NanosTimeText(basis.as_of_unix_nanos())));
  }
  if (answers.framework.ok()) {
    const v1::FrameworkBasis& basis = answers.framework->basis();
    figures.push_back(VersionFigure("framework", "Framework", basis.framework()));
    figures.push_back({"framework_version", "Framework version", CountCell(basis.version())});
  }
  if (answers.margin.ok() && answers.margin->price_book_version() > 0) {
    figures.push_back({"price_book_version", "Price book version",
                       CountCell(answers.margin->price_book_version())});
  }
  return figures;
}

Section InShort(const Answers& answers) {
  Section section{.id = "in_short", .title = "In short"};
  section.says.push_back(OpenSentence(answers));
  if (answers.pools.ok()) {
    section.says.push_back(FreeSentence(*answers.pools));
    section.says.push_back(UnusedSentence(answers));
  }
  if (answers.comparison.ok()) section.says.push_back(DriftSentence(*answers.comparison));
  section.says.push_back(ReviewSentence(answers));
  AddOpenFigures(answers, &section.figures);
  AddPoolFigures(answers, &section.figures);
  AddPlanFigures(answers, &section.figures);
  return section;
}

Document MakeAllocationReport(const Answers& answers) {
  Document document{.kind = "allocation", .title = "Allocation report"};
  document.subtitle =
      fmt::format("For the allocation meeting, on the time from {} to {}",
                  TimeText(answers.from_unix_seconds), TimeText(answers.asked_unix_seconds));
  document.basis = BasisFigures(answers);
  document.basis.push_back(VersionFigure("from", "From", TimeText(answers.from_unix_seconds)));
  document.basis.push_back(VersionFigure("asked", "Made", TimeText(answers.asked_unix_seconds)));
  for (const auto make : {InShort, CommitteeRequests, PoolRequests, PlanAndActual, Underused,
                          HeadroomAndDemand, BufferAccount, MarginOutcome, CapabilityOutcome,
                          DecidedSince, CameOfGrants, BudgetsAndLending, ChangesSince}) {
    document.sections.push_back(make(answers));
  }
  return document;
}

}  // namespace fleetmeter::ctl::report
