// Both outcomes that judge allocations, and the rules that follow from them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kHundred = 100;
constexpr double kMillionHours = 1e6;

// --- Margin per request
// ---------------------------------------------------------------------------

std::string PerRequestText(double usd) {
  return (usd < 0 ? "-$" : "$") + DigitsText(std::abs(usd), 4);
}

Cell PerRequestCell(const v1::MarginFigures& figures) {
  if (!figures.has_usd_per_request()) return NotKnown("revenue or cost is not known");
  const double usd = figures.usd_per_request();
  const std::string part = figures.known_requests() < figures.requests()
                               ? fmt::format("{} of the requests are known",
                                             Percent(static_cast<double>(figures.known_requests()) /
                                                     static_cast<double>(figures.requests())))
                               : "";
  return WithNote(NumberCell(usd, PerRequestText(usd)), part);
}

const v1::MarginRow* TotalOf(const v1::MarginReport& margin) {
  const auto found = std::find_if(margin.rows().begin(), margin.rows().end(),
                                  [](const auto& row) { return row.scope() == "total"; });
  return found == margin.rows().end() ? nullptr : &*found;
}

std::string MarginSentence(const v1::MarginReport& margin) {
  const v1::MarginRow* total = TotalOf(margin);
  if (total == nullptr || !total->after().has_usd_per_request()) {
    return "Margin per request is not known.";
  }
  const std::string now = PerRequestText(total->after().usd_per_request());
  if (!total->before().has_usd_per_request()) {
    return fmt::format("Margin per request is {}. What it was a year ago is not known.", now);
  }
  return fmt::format("Margin per request is {}; a year ago it was {}.", now,
                     PerRequestText(total->before().usd_per_request()));
}

std::string MarginVerdict(const v1::MarginReport& margin) {
  if (!margin.has_review_due()) return "Whether the rule calls for a review cannot be told.";
  std::string out = margin.review_due() ? "The rule calls for a review of research"
                                        : "The rule does not call for a review of research";
  if (margin.has_declined_request_share_ratio()) {
    out += fmt::format("; {} of the requests are in segments whose margin declined",
                       Percent(margin.declined_request_share_ratio()));
  }
  return out + ".";
}

Table EffectsTable(const v1::MarginReport& margin) {
  Table table{.id = "margin_effects", .title = "Why margin per request changed"};
  table.columns = {{"effect", "Effect"}, {"usd_per_request", "Dollars per request", true}};
  table.empty =
      "That cannot be told: in one of the years, no request has a known revenue and cost.";
  if (!margin.has_change()) return table;
  const v1::MarginEffects& change = margin.change();
  const auto add = [&](const char* name, double usd) {
    table.rows.push_back({TextCell(name), NumberCell(usd, PerRequestText(usd))});
  };
  add("mix: requests moved between segments", change.mix_usd_per_request());
  add("price: revenue per request", change.price_usd_per_request());
  add("cost to serve a request", change.cost_usd_per_request());
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Effects on margin per request",
                  .series = {{"usd_per_request", "effect", Tone::kAssigned}}}};
  return table;
}

Table SegmentsTable(const v1::MarginReport& margin) {
  Table table{.id = "margin_segments", .title = "Margin per request by model and customer tier"};
  table.columns = {{"segment", "Segment"},
                   {"usd_per_request", "Now", true},
                   {"usd_per_request_before", "A year ago", true},
                   {"request_share_ratio", "Of all requests", true},
                   {"margin_share_ratio", "Of all margin", true}};
  table.empty = "The books have no requests of the window.";
  table.open_rows = 8;
  for (const v1::MarginRow& row : margin.rows()) {
    if (row.scope() != "segment") continue;
    table.rows.push_back({TextCell(row.model() + ", " + row.customer_tier()),
                          PerRequestCell(row.after()), PerRequestCell(row.before()),
                          row.has_request_share_ratio() ? ShareCell(row.request_share_ratio())
                                                        : NotKnown("nothing was told of it"),
                          row.has_margin_share_ratio() ? ShareCell(row.margin_share_ratio())
                                                       : NotKnown("no margin above 0")});
  }
  return table;
}

// --- Capability per training hour
// -----------------------------------------------------------------

// Points of capability, of 100, for a million H100e-hours.
Cell GainCell(const v1::QuarterCapability& quarter) {
  if (!quarter.has_gain_per_h100e_hour()) {
    return NotKnown(quarter.has_training_h100e_hours() ? "no result that can be judged"
                                                       : "no training was told of");
  }
  const double points = quarter.gain_per_h100e_hour() * kMillionHours * kHundred;
  return NumberCell(quarter.gain_per_h100e_hour(), fmt::format("{:.4g} points", points));
}

Table CapabilityTable(const v1::CapabilityReport& capability) {
  Table table{.id = "capability_quarters",
              .title = "Capability by quarter, for a million training hours (H100e)"};
  table.columns = {{"quarter", "Quarter"},
                   {"gain_per_h100e_hour", "Gain", true},
                   {"training_h100e_hours", "Training, H100e-hours", true},
                   {"rests_on", "Rests on"},
                   {"saturated", "left out, used up:", false, true}};
  table.empty = "The books have no results of benchmarks.";
  table.open_rows = 8;
  for (const v1::QuarterCapability& quarter : capability.quarters()) {
    table.rows.push_back({TextCell(quarter.quarter()), GainCell(quarter),
                          quarter.has_training_h100e_hours()
                              ? HoursCell(quarter.training_h100e_hours())
                              : NotKnown("no training was told of"),
                          TextCell(fmt::format("{}", fmt::join(quarter.rests_on(), ", "))),
                          TextCell(fmt::format("{}", fmt::join(quarter.saturated(), ", ")))});
  }
  table.plots = {{.kind = Plot::Kind::kBars,
                  .title = "Gain in capability for a million training hours",
                  .series = {{"gain_per_h100e_hour", "gain", Tone::kBusy}}}};
  return table;
}

std::string CapabilitySentence(const v1::CapabilityReport& capability) {
  if (capability.verdict() == "review_due") return "The rule calls for a review of research.";
  if (capability.verdict() == "fine") return "The rule does not call for a review of research.";
  return "Whether the rule calls for a review cannot be told.";
}

// Without the figures of quarters, which the table has.
std::string WhyText(const v1::CapabilityReport& capability) {
  std::string why = capability.why().substr(0, capability.why().find(": "));
  if (!why.empty() && why.front() >= 'a' && why.front() <= 'z') {
    why.front() = static_cast<char>(why.front() - 'a' + 'A');
  }
  return why.empty() || why.ends_with('.') ? why : why + ".";
}

}  // namespace

Section MarginOutcome(const Answers& answers) {
  Section section{.id = "margin", .title = "Outcome: margin per request"};
  if (!answers.margin.ok()) {
    return MissingSection(section.id, section.title, answers.margin.status());
  }
  const v1::MarginReport& margin = *answers.margin;
  section.says = {MarginSentence(margin), MarginVerdict(margin)};
  if (margin.unknown_size() > 0) {
    section.says.push_back(fmt::format(
        "{} of the window {} in no margin, since revenue or cost is not known.",
        CountOf(margin.unknown_size(), "part"), margin.unknown_size() == 1 ? "is" : "are"));
  }
  section.tables = {EffectsTable(margin), SegmentsTable(margin)};
  section.notes = {
      "Rule: if margin per inference request declines year over year, research is prioritized, to "
      "train more efficiently, to serve at a lower cost, or to increase capabilities.",
      fmt::format("The window is {} to {}, beside the same days a year earlier.",
                  DayText(margin.from_unix_seconds()), DayText(margin.to_unix_seconds()))};
  return section;
}

Section CapabilityOutcome(const Answers& answers) {
  Section section{.id = "capability", .title = "Outcome: capability per training hour"};
  if (!answers.capability.ok()) {
    return MissingSection(section.id, section.title, answers.capability.status());
  }
  const v1::CapabilityReport& capability = *answers.capability;
  section.says = {CapabilitySentence(capability), WhyText(capability)};
  section.tables = {CapabilityTable(capability)};
  section.notes = {
      "Rule: if capability per training hour decreases for consecutive quarters, what research is "
      "allocated, or how it is shared among its teams, is looked at again. Benchmarks that are "
      "used up are left out."};
  if (capability.last_quarter_is_running()) {
    section.notes.push_back("The last quarter is not over. It is shown and not judged.");
  }
  return section;
}

}  // namespace fleetmeter::ctl::report
