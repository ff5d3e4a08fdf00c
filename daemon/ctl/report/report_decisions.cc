// What was decided since the last report, and what came of what was decided before.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kMicroUnits = 1e6;

// When it was decided; 0: it is not.
int64_t DecidedAt(const v1::CapacityRequest& request) {
  if (request.has_grant()) return request.grant().decided_unix_nanos();
  return request.state() == "declined" ? request.ended_unix_nanos() : 0;
}

std::string DecisionText(const Answers& answers, const v1::CapacityRequest& request) {
  if (!request.has_grant()) return "declined";
  if (request.grant().chips() != request.form().chips()) return "granted in part";
  const int64_t hours = GrantedHours(answers, request);
  if (hours >= request.form().hours()) return "granted";
  return fmt::format("granted for {} of {}", hours, CountOf(request.form().hours(), "hour"));
}

// A release is no decision of who granted it.
Cell DecisionCell(const Answers& answers, const v1::CapacityRequest& request) {
  const std::string text = DecisionText(answers, request);
  return TextCell(IsReleased(answers, request) ? text + ", and released before its end" : text);
}

std::vector<Cell> DecidedRow(const Answers& answers, const v1::CapacityRequest& request) {
  const v1::CapacityGrant& grant = request.grant();
  const bool granted = request.has_grant();
  return {TextCell(request.form().request_id()),
          TextCell(WhoAsks(request.form())),
          TextCell(NatureText(request.form())),
          DecisionCell(answers, request),
          TextCell(NanosTimeText(DecidedAt(request))),
          MicroH100eCell(request.micro_h100e()),
          granted ? MicroH100eCell(grant.micro_h100e()) : NumberCell(0, "nothing"),
          TextCell(granted ? fmt::format("{} to {}", TimeText(grant.start_unix_seconds()),
                                         TimeText(grant.end_unix_seconds()))
                           : ""),
          TextCell(granted ? grant.reason() : request.ended_reason()),
          TextCell(granted ? grant.identity() : request.ended_by())};
}

Table DecidedTable(const Answers& answers, const std::vector<const v1::CapacityRequest*>& decided) {
  Table table{.id = "decisions", .title = "Decisions, the latest first"};
  table.columns = {{"request", "Request"},
                   {"who", "", false, true},
                   {"nature", "", false, true},
                   {"decision", "Decision"},
                   {"decided", "", false, true},
                   {"asked_h100e", "Asked, H100e", true},
                   {"granted_h100e", "Granted, H100e", true},
                   {"time", "", false, true},
                   {"reason", "Why"},
                   {"decided_by", "by", false, true}};
  table.empty = "Nothing was decided since.";
  table.open_rows = 12;
  for (const v1::CapacityRequest* request : decided) {
    table.rows.push_back(DecidedRow(answers, *request));
  }
  return table;
}

std::vector<const v1::CapacityRequest*> DecidedIn(const Answers& answers) {
  std::vector<const v1::CapacityRequest*> decided;
  const int64_t since = answers.from_unix_seconds * kNanosPerSecond;
  for (const v1::CapacityRequest& request : answers.changed->requests()) {
    if (DecidedAt(request) >= since && DecidedAt(request) > 0) decided.push_back(&request);
  }
  std::stable_sort(decided.begin(), decided.end(), [](const auto* left, const auto* right) {
    return DecidedAt(*left) > DecidedAt(*right);
  });
  return decided;
}

std::string DecidedSentence(const std::vector<const v1::CapacityRequest*>& decided) {
  if (decided.empty()) return "Nothing was decided since the last report.";
  const auto granted = std::count_if(decided.begin(), decided.end(),
                                     [](const auto* request) { return request->has_grant(); });
  double h100e = 0;
  for (const auto* request : decided) {
    h100e += static_cast<double>(request->grant().micro_h100e()) / kMicroUnits;
  }
  return fmt::format("{} decided: {} granted, with {} H100e, and {} declined.",
                     decided.size() == 1
                         ? std::string("1 request was")
                         : CountOf(static_cast<int64_t>(decided.size()), "request") + " were",
                     granted, H100eText(h100e), static_cast<int64_t>(decided.size()) - granted);
}

// --- What came
// ------------------------------------------------------------------------------------

using Results = std::map<std::string, const v1::CapacityResult*>;

Results ResultsOf(const Answer<v1::GetResultsResponse>& answer) {
  Results results;
  if (!answer.ok()) return results;
  for (const v1::CapacityResult& result : answer->results()) {
    results[result.request().form().request_id()] = &result;
  }
  return results;
}

std::string JoinedWhy(const v1::CapacityResult& result) {
  std::string out;
  for (const std::string& why : result.why()) out += (out.empty() ? "" : " ") + why;
  return out;
}

std::string UnitCostText(double usd) { return "$" + DigitsText(usd, 4); }

Cell GainCell(const v1::CapacityResult& result) {
  if (!result.has_efficiency_gain_micro_usd()) return NotKnown(JoinedWhy(result));
  return WithNote(MicroUsdCell(result.efficiency_gain_micro_usd()),
                  fmt::format("a gain in efficiency: a {} cost {} before and {} since",
                              result.unit(), UnitCostText(result.usd_per_unit_before()),
                              UnitCostText(result.usd_per_unit_since())));
}

// What came of the kind that was promised; of no promise, revenue.
Cell CameCell(const Results& results, const std::string& id) {
  const auto found = results.find(id);
  if (found == results.end()) return NoNumber("");
  const v1::CapacityResult& result = *found->second;
  if (result.request().form().roi().gain() == "efficiency") return GainCell(result);
  return result.has_revenue_micro_usd()
             ? WithNote(MicroUsdCell(result.revenue_micro_usd()), "revenue")
             : NotKnown(JoinedWhy(result));
}

std::string StandingText(const Results& results, const v1::CapacityForm& form) {
  const auto found = results.find(form.request_id());
  if (found != results.end()) return found->second->standing();
  return form.model().empty() && form.run().empty() ? "it named no model or run" : "not told";
}

std::string UntoldNote(const v1::UsedGrant& grant) {
  if (grant.untold_seconds() <= 0) return "";
  const int64_t hours = grant.untold_seconds() / kSecondsPerHour;
  return hours > 0 ? fmt::format("the books do not tell {}", CountOf(hours, "hour"))
                   : "the books do not tell a part of an hour";
}

std::vector<Cell> CameRow(const v1::UsedGrant& grant, const Results& results) {
  const v1::CapacityRequest& request = grant.request();
  const v1::CapacityForm& form = request.form();
  const std::string untold = UntoldNote(grant);
  const std::string unknown = untold.empty() ? "it has not begun" : untold;
  return {
      TextCell(form.request_id()),
      TextCell(WhoAsks(form)),
      MicroH100eCell(request.grant().micro_h100e()),
      TextCell(fmt::format("{} to {}", TimeText(request.grant().start_unix_seconds()),
                           TimeText(request.grant().end_unix_seconds()))),
      grant.has_used_ratio() ? WithNote(ShareCell(grant.used_ratio()), untold) : NotKnown(unknown),
      grant.has_used_ratio() ? HoursCell(grant.unused_h100e_hours()) : NotKnown(unknown),
      grant.has_utilization_ratio() ? ShareCell(grant.utilization_ratio())
                                    : NotKnown("nothing of it is measured"),
      form.has_roi() ? MicroUsdCell(form.roi().expected_micro_usd()) : NoNumber("no ROI"),
      TextCell(form.has_roi() ? IntervalText(form.roi()) : ""),
      CameCell(results, form.request_id()),
      TextCell(StandingText(results, form))};
}

Table CameTable(const std::vector<const v1::UsedGrant*>& grants, const Results& results) {
  Table table{.id = "grants", .title = "Grants of before, the least used first"};
  table.columns = {{"request", "Grant"},
                   {"who", "", false, true},
                   {"granted_h100e", "Granted, H100e", true},
                   {"time", "", false, true},
                   {"used_ratio", "Used", true},
                   {"unused_h100e_hours", "H100e-hours unused:", true, true},
                   {"utilization_ratio", "Utilization", true},
                   {"promised_usd", "Promised", true},
                   {"interval", "", false, true},
                   {"came_usd", "Came", true},
                   {"standing", "", false, true}};
  table.empty = "Nothing was granted before.";
  table.open_rows = 12;
  for (const v1::UsedGrant* grant : grants) table.rows.push_back(CameRow(*grant, results));
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Used of what was granted",
                  .series = {{"used_ratio", "used", Tone::kBusy}},
                  .full = 1}};
  return table;
}

std::vector<const v1::UsedGrant*> GrantsBefore(const Answers& answers) {
  std::vector<const v1::UsedGrant*> grants;
  const int64_t since = answers.from_unix_seconds * kNanosPerSecond;
  for (const v1::UsedGrant& grant : answers.grants->grants()) {
    if (grant.request().grant().decided_unix_nanos() < since) grants.push_back(&grant);
  }
  // What is not known comes last.
  std::stable_sort(grants.begin(), grants.end(), [](const auto* left, const auto* right) {
    const double last = 2;
    return (left->has_used_ratio() ? left->used_ratio() : last) <
           (right->has_used_ratio() ? right->used_ratio() : last);
  });
  return grants;
}

std::string CameSentence(const std::vector<const v1::UsedGrant*>& grants) {
  if (grants.empty()) return "Nothing was granted before this report's time.";
  double used = 0;
  double unused = 0;
  for (const v1::UsedGrant* grant : grants) {
    used += grant->used_h100e_hours();
    unused += grant->unused_h100e_hours();
  }
  if (used + unused <= 0) return "How the earlier grants were used is not known.";
  return fmt::format("Of what was granted before, {} was used: {} of {} H100e-hours.",
                     ShareText(used / (used + unused)), HoursText(used), HoursText(used + unused));
}

}  // namespace

Section DecidedSince(const Answers& answers) {
  Section section{.id = "decided", .title = "Decisions since the last report"};
  if (!answers.changed.ok()) {
    return MissingSection(section.id, section.title, answers.changed.status());
  }
  const auto decided = DecidedIn(answers);
  section.says.push_back(DecidedSentence(decided));
  section.tables.push_back(DecidedTable(answers, decided));
  return section;
}

Section CameOfGrants(const Answers& answers) {
  Section section{.id = "came", .title = "What came of earlier decisions"};
  if (!answers.grants.ok()) {
    return MissingSection(section.id, section.title, answers.grants.status());
  }
  const auto grants = GrantsBefore(answers);
  section.says.push_back(CameSentence(grants));
  if (!answers.results.ok() && !answers.results.status().message().empty()) {
    section.says.push_back(fmt::format("What came of them in dollars is not known. {}",
                                       WhyNot(answers.results.status())));
  }
  section.tables.push_back(CameTable(grants, ResultsOf(answers.results)));
  section.notes.push_back(
      "A grant is used by chips of its kind that its team holds in its pool, at most as many as "
      "were granted. What was not told, since chips that may have been used were silent, is in no "
      "sum.");
  section.notes.push_back(
      "What came is of the whole model since the grant began: its revenue or, where a gain in "
      "efficiency was promised, (cost of a unit in the 28 days before - cost of a unit since) x "
      "units since. A unit is a weighted token, or a request where tokens are not told. Costs are "
      "those of the chips that serve the model, at their prices.");
  return section;
}

}  // namespace fleetmeter::ctl::report
