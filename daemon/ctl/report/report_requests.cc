// Undecided requests: why each stands where it stands, what it promises, and what it takes from
// others by the framework.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kMicroOfUnit = 1e6;
constexpr double kPercentOfBasisPoints = 100;

double HoursAsked(const v1::CapacityRequest& request) {
  return static_cast<double>(request.micro_h100e_hours()) / kMicroOfUnit;
}

// --- What a request takes from others
// -------------------------------------------------------------

// By the framework. Nothing: the daemon has none, or it has no such category.
struct Valuation {
  std::optional<double> usd_per_hour = {};
  std::optional<double> training_hours = {};  // that a year's training needs
  std::optional<double> research_hours = {};  // of a year by the baseline
};

Valuation ValuationOf(const Answers& answers) {
  Valuation valuation{.usd_per_hour = UsdPerH100Hour(answers)};
  if (!answers.framework.ok()) return valuation;
  const v1::GetFrameworkResponse& framework = *answers.framework;
  if (framework.training().needed_hours() > 0) {
    valuation.training_hours = framework.training().needed_hours();
  }
  for (const v1::ScenarioResult& scenario : framework.scenarios()) {
    if (scenario.scenario() != framework.basis().baseline()) continue;
    if (scenario.outcome().research_hours() > 0) {
      valuation.research_hours = scenario.outcome().research_hours();
    }
  }
  return valuation;
}

constexpr char kNoFramework[] = "no framework";

// Part of a year's hours.
Cell PartCell(double hours, const std::optional<double>& of) {
  return of ? ShareCell(hours / *of) : NotKnown(kNoFramework);
}

Cell ForgoneCell(double hours, const Valuation& valuation) {
  return valuation.usd_per_hour ? UsdCell(hours * *valuation.usd_per_hour) : NotKnown(kNoFramework);
}

// --- What it promises, and what the team did before
// -----------------------------------------------

Cell PromisedCell(const v1::CapacityForm& form) {
  return form.has_roi() ? MicroUsdCell(form.roi().expected_micro_usd()) : NoNumber("no ROI");
}

Cell DiscountedCell(const v1::RankedCapacity& ranked) {
  return ranked.has_discounted_usd_per_h100e_hour()
             ? UsdCell(ranked.discounted_usd_per_h100e_hour())
             : NoNumber("");
}

// Of the grants of a team in a pool: what was used of what was granted.
struct EarlierUse {
  double used = 0;
  double unused = 0;
  int64_t grants = 0;
};
using EarlierUses = std::map<std::pair<std::string, std::string>, EarlierUse>;

EarlierUses EarlierOf(const Answer<v1::ListGrantsResponse>& grants) {
  EarlierUses uses;
  if (!grants.ok()) return uses;
  for (const v1::UsedGrant& grant : grants->grants()) {
    if (!grant.has_used_ratio()) continue;
    const v1::CapacityForm& form = grant.request().form();
    EarlierUse& use = uses[{form.pool(), form.team()}];
    use.used += grant.used_h100e_hours();
    use.unused += grant.unused_h100e_hours();
    ++use.grants;
  }
  return uses;
}

Cell EarlierCell(const EarlierUses& uses, const v1::CapacityForm& form) {
  const auto found = uses.find({form.pool(), form.team()});
  if (found == uses.end() || found->second.used + found->second.unused <= 0) return NoNumber("");
  const EarlierUse& use = found->second;
  return WithNote(ShareCell(use.used / (use.used + use.unused)), CountOf(use.grants, "grant"));
}

// --- Whether it fits
// ------------------------------------------------------------------------------

std::string LendersText(const v1::CapacityFit& fit) {
  constexpr int kMostNamed = 2;
  std::string out;
  for (int i = 0; i < std::min(fit.lenders_size(), kMostNamed); ++i) {
    out += fmt::format("{}{} could lend {}", out.empty() ? "" : ", ", fit.lenders(i).pool(),
                       H100eText(static_cast<double>(fit.lenders(i).micro_h100e()) / kMicroOfUnit));
  }
  // What they hold now may be as much as they have.
  return out.empty() ? "" : "; by what is promised, " + out;
}

std::string FitText(const Answers& answers, const std::string& request_id) {
  const auto found = answers.fits.find(request_id);
  if (found == answers.fits.end()) return "not known";
  if (!found->second.ok()) return "not known: " + WhyNot(found->second.status());
  const v1::CapacityFit& fit = *found->second;
  if (fit.fits()) {
    // What is beyond the allocation is not the owner's to grant.
    const std::string who =
        fit.decided_by() == "capacity_team" ? ", if the capacity team grants it" : "";
    return fit.displaces_size() == 0 ? (who.empty() ? "yes, as asked" : "yes" + who)
                                     : fmt::format("yes{}; it takes the place of {}", who,
                                                   CountOf(fit.displaces_size(), "other request"));
  }
  const std::string missing =
      H100eText(static_cast<double>(fit.missing_micro_h100e()) / kMicroOfUnit);
  const std::string from = fit.has_from_unix_seconds()
                               ? "it fits from " + TimeText(fit.from_unix_seconds())
                               : "it does not fit within a year";
  return fmt::format("no: {} H100e are missing; {}{}", missing, from, LendersText(fit));
}

// "14 days"; hours where they are no whole days.
std::string LengthText(int64_t hours) {
  constexpr int64_t kHoursADay = 24;
  const bool days = hours >= kHoursADay && hours % kHoursADay == 0;
  return days ? CountOf(hours / kHoursADay, "day") : CountOf(hours, "hour");
}

// --- Tables
// ---------------------------------------------------------------------------------------

std::vector<Column> RequestColumns() {
  return {{"request", "Request"},
          {"who", "", false, true},
          {"nature", "", false, true},
          {"place", "Place", true},
          {"h100e", "Asks for, H100e", true},
          {"chips", "", false, true, true},
          {"from", "from", false, true},
          {"h100e_hours", "H100e-hours:", true, true},
          {"fits", "fits:", false, true},
          {"why", "Why it stands here"},
          {"trade_off", "accepts:", false, true, true},
          {"earlier_used_ratio", "used of earlier grants:", true, true},
          {"promised_usd", "Promises", true},
          {"interval", "", false, true, true},
          {"discounted_usd_per_h100e_hour", "counted on, for an H100e-hour:", true, true},
          {"forgone_usd", "Forgoes, if inference gives it", true},
          {"forgone_training_ratio", "or of a year's training:", true, true},
          {"forgone_research_ratio", "or of a year's research:", true, true, true}};
}

std::vector<Cell> RequestRow(const Answers& answers, const Valuation& valuation,
                             const EarlierUses& uses, const v1::RankedCapacity& ranked) {
  const v1::CapacityRequest& request = ranked.request();
  const v1::CapacityForm& form = request.form();
  const double hours = HoursAsked(request);
  return {TextCell(form.request_id()),
          TextCell(WhoAsks(form)),
          TextCell(NatureText(form)),
          CountCell(ranked.place()),
          MicroH100eCell(request.micro_h100e()),
          TextCell(CountOf(form.chips(), "chip") + " of " + form.chip()),
          TextCell(fmt::format("{} for {}", TimeText(form.start_unix_seconds()),
                               LengthText(form.hours()))),
          HoursCell(hours),
          TextCell(FitText(answers, form.request_id())),
          TextCell(ranked.why()),
          TextCell(form.trade_off()),
          EarlierCell(uses, form),
          PromisedCell(form),
          TextCell(form.has_roi() ? IntervalText(form.roi()) : ""),
          DiscountedCell(ranked),
          ForgoneCell(hours, valuation),
          PartCell(hours, valuation.training_hours),
          PartCell(hours, valuation.research_hours)};
}

void AddRows(const Answers& answers, const v1::GetRankingResponse& ranking, Table* table) {
  const Valuation valuation = ValuationOf(answers);
  const EarlierUses uses = EarlierOf(answers.grants);
  for (const v1::RankedCapacity& ranked : ranking.requests()) {
    table->rows.push_back(RequestRow(answers, valuation, uses, ranked));
  }
}

std::vector<std::string> TradeOffNotes(const Answers& answers) {
  const Valuation valuation = ValuationOf(answers);
  std::vector<std::string> notes = {
      "Critical work comes first, then work for a goal of the company, then growth bets. Of growth "
      "bets, the one comes first that promises more for each H100e-hour. Counted on is the low end "
      "of its interval times the probability of the interval."};
  if (!valuation.usd_per_hour) {
    notes.push_back("What a request forgoes elsewhere is not known: the daemon has no framework.");
    return notes;
  }
  notes.push_back(fmt::format(
      "What a request forgoes is its H100e-hours, given up by one of the three. Inference would "
      "earn {} with each (framework {} version {}, at a utilization of {}). A year's training "
      "needs "
      "{} H100-hours, and the baseline leaves {} for research.",
      UsdText(*valuation.usd_per_hour), answers.framework->basis().framework(),
      answers.framework->basis().version(),
      Percent(answers.framework->revenue().utilization_ratio()),
      valuation.training_hours ? HoursText(*valuation.training_hours) : "an unknown number of",
      valuation.research_hours ? HoursText(*valuation.research_hours) : "an unknown number"));
  return notes;
}

// Whether it promises more than inference would earn with the same hours.
int64_t PromiseMore(const v1::GetRankingResponse& ranking, double usd_per_hour) {
  return std::count_if(ranking.requests().begin(), ranking.requests().end(),
                       [&](const v1::RankedCapacity& ranked) {
                         return ranked.has_discounted_usd_per_h100e_hour() &&
                                ranked.discounted_usd_per_h100e_hour() > usd_per_hour;
                       });
}

std::string CommitteeSentence(const Answers& answers) {
  const v1::GetRankingResponse& ranking = *answers.between_pools;
  if (ranking.requests_size() == 0) {
    return "No request beyond an allocation waits for the committee.";
  }
  double hours = 0;
  for (const v1::RankedCapacity& ranked : ranking.requests()) hours += HoursAsked(ranked.request());
  std::string out = fmt::format("The committee has {} to decide, for {} H100e-hours",
                                CountOf(ranking.requests_size(), "request"), HoursText(hours));
  const auto usd = UsdPerH100Hour(answers);
  if (!usd) return out + ".";
  return out + fmt::format(
                   ", with which inference would earn {}: {} for each. {} more than that, even by "
                   "what can be counted on.",
                   UsdText(hours * *usd), UsdText(*usd),
                   PromiseMore(ranking, *usd) == 1
                       ? std::string("1 request promises")
                       : fmt::format("{} requests promise", PromiseMore(ranking, *usd)));
}

std::string PoolsSentence(const Table& table, size_t pools) {
  if (table.rows.empty()) return "No request within an allocation waits for a pool's owner.";
  return fmt::format("{} for the owners of {}.",
                     table.rows.size() == 1
                         ? std::string("1 request waits")
                         : CountOf(static_cast<int64_t>(table.rows.size()), "request") + " wait",
                     CountOf(static_cast<int64_t>(pools), "pool"));
}

std::vector<Plot> AskedPlot() {
  return {{.kind = Plot::Kind::kBars,
           .title = "H100e asked for, in the order of the ranking",
           .series = {{"h100e", "asked for", Tone::kAssigned}},
           .most_rows = 10}};
}

}  // namespace

std::string WhoAsks(const v1::CapacityForm& form) {
  return fmt::format("{} in {}, for {}", form.team(), form.pool(), form.workload());
}

int64_t GrantedHours(const Answers& answers, const v1::CapacityRequest& request) {
  const auto released = answers.released_hours.find(request.form().request_id());
  if (released != answers.released_hours.end()) return released->second;
  const v1::CapacityGrant& grant = request.grant();
  return (grant.end_unix_seconds() - grant.start_unix_seconds()) / kSecondsPerHour;
}

bool IsReleased(const Answers& answers, const v1::CapacityRequest& request) {
  return answers.released_hours.contains(request.form().request_id());
}

std::string NatureText(const v1::CapacityForm& form) {
  if (form.nature() == "company_goal") return "company goal: " + form.goal();
  return form.nature() == "growth_bet" ? "growth bet" : form.nature();
}

std::string IntervalText(const v1::Roi& roi) {
  return fmt::format("{}, {} to {} with a probability of {}, by {}", roi.gain(),
                     UsdText(static_cast<double>(roi.low_micro_usd()) / kMicroOfUnit),
                     UsdText(static_cast<double>(roi.high_micro_usd()) / kMicroOfUnit),
                     fmt::format("{:g}%", roi.confidence_basis_points() / kPercentOfBasisPoints),
                     DayText(roi.expected_by_unix_seconds()));
}

Section CommitteeRequests(const Answers& answers) {
  Section section{.id = "committee", .title = "Requests for the committee"};
  if (!answers.between_pools.ok()) {
    return MissingSection(section.id, section.title, answers.between_pools.status());
  }
  section.says.push_back(CommitteeSentence(answers));
  Table table{.id = "committee_requests", .title = "Requests beyond allocations, best first"};
  table.columns = RequestColumns();
  table.empty = "None waits.";
  table.open_rows = 12;
  AddRows(answers, *answers.between_pools, &table);
  table.plots = AskedPlot();
  section.tables.push_back(std::move(table));
  section.notes = TradeOffNotes(answers);
  return section;
}

Section PoolRequests(const Answers& answers) {
  Section section{.id = "pool_requests", .title = "Requests within allocations"};
  if (!answers.open.ok()) return MissingSection(section.id, section.title, answers.open.status());
  Table table{.id = "requests_of_pools", .title = "By pool, in the order in which they are served"};
  table.columns = RequestColumns();
  table.empty = "None waits.";
  table.open_rows = 8;
  for (const auto& [pool, ranking] : answers.rankings) {
    if (ranking.ok()) {
      AddRows(answers, *ranking, &table);
    } else {
      section.notes.push_back(
          fmt::format("The ranking of {} is not known. {}", pool, WhyNot(ranking.status())));
    }
  }
  section.says.push_back(PoolsSentence(table, answers.rankings.size()));
  section.tables.push_back(std::move(table));
  section.notes.push_back("Their pools' owners decide; the committee need not.");
  return section;
}

}  // namespace fleetmeter::ctl::report
