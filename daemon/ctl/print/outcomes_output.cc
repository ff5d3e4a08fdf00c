#include "daemon/ctl/print/outcomes_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/base/units.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"

namespace fleetmeter::ctl {
namespace {

constexpr double kMicro = 1e6;

// "-1,234.56" of -1,234,560,000 micro-USD.
std::string UsdOfMicros(int64_t micro_usd) {
  return Grouped(fmt::format("{:.2f}", static_cast<double>(micro_usd) / kMicro));
}

// Exact, for programs.
std::string PlainUsd(int64_t micro_usd) {
  const uint64_t size = micro_usd < 0 ? -static_cast<uint64_t>(micro_usd) : micro_usd;
  return fmt::format("{}{}.{:06}", micro_usd < 0 ? "-" : "", size / 1'000'000, size % 1'000'000);
}

bool IsKnown(const v1::MarginFigures& figures) { return figures.has_revenue_micro_usd(); }

std::string PerRequest(const v1::MarginFigures& figures) {
  return figures.has_usd_per_request() ? fmt::format("{:.6f}", figures.usd_per_request())
                                       : kUnknown;
}

std::string Tags(const v1::MarginRow& row) {
  std::string tags;
  if (row.declined()) tags += "declined";
  if (row.much_volume_below_average()) tags += tags.empty() ? "volume" : ", volume";
  if (row.high_margin_little_volume()) tags += tags.empty() ? "niche" : ", niche";
  return tags;
}

std::string EffectsText(const v1::MarginEffects& change) {
  return fmt::format(
      "margin changed by ${}: volume {}, mix {}, price {}, cost to serve {}\n"
      "per request {:.6f} -> {:.6f}: mix {:+.6f}, price {:+.6f}, cost to serve {:+.6f}\n",
      UsdOfMicros(change.change_micro_usd()), UsdOfMicros(change.volume_micro_usd()),
      UsdOfMicros(change.mix_micro_usd()), UsdOfMicros(change.price_micro_usd()),
      UsdOfMicros(change.cost_micro_usd()), change.usd_per_request_before(),
      change.usd_per_request_after(), change.mix_usd_per_request(), change.price_usd_per_request(),
      change.cost_usd_per_request());
}

constexpr int kMostNamed = 5;

// Which segments a change does not speak of.
std::string LeftOutText(const v1::MarginEffects& change) {
  if (change.left_out().empty()) return "";
  const int named = std::min(change.left_out_size(), kMostNamed);
  const auto first = change.left_out().begin();
  std::string out =
      fmt::format("left out of it, since revenue or cost is not known in a period: {}",
                  fmt::join(first, first + named, "; "));
  if (named < change.left_out_size()) {
    out += fmt::format("; and {} more", change.left_out_size() - named);
  }
  return out + "\n";
}

// What the rule says of this window and basis.
std::string ReviewText(const v1::MarginReport& report) {
  if (!report.has_review_due()) {
    return "review of research: not known, since no row is known in both periods\n";
  }
  std::string out = report.review_due() ? "review of research: due" : "review of research: not due";
  if (report.has_declined_request_share_ratio()) {
    out += fmt::format("; {} of the requests that can be judged are in segments that declined",
                       Percent(report.declined_request_share_ratio()));
  }
  return out + "\n";
}

// What no row has, and what all of it rests on.
std::string BooksText(const v1::MarginReport& report) {
  std::string out;
  if (!report.basis().empty()) {
    out += fmt::format(
        "cost of {} chip-time; no model with a request answers for {} (a year ago {})\n",
        report.basis(),
        report.has_unattributed_cost_micro_usd()
            ? "$" + UsdOfMicros(report.unattributed_cost_micro_usd())
            : "not known",
        report.has_before_unattributed_cost_micro_usd()
            ? "$" + UsdOfMicros(report.before_unattributed_cost_micro_usd())
            : "not known");
  }
  if (report.subscription_micro_usd() != 0 || report.before_subscription_micro_usd() != 0) {
    out += fmt::format(
        "subscriptions: ${}, of which ${} of customer tiers without requests is in no row\n",
        UsdOfMicros(report.subscription_micro_usd()),
        UsdOfMicros(report.unattributed_subscription_micro_usd()));
  }
  if (report.merged_rows() > 0) {
    out += fmt::format("{} rows are merged into overflow\n",
                       Grouped(std::to_string(report.merged_rows())));
  }
  return out;
}

constexpr char kUtc[] = "UTC";

// The answer's zone; files are read by days of UTC.
std::string ZoneOf(const std::string& zone) { return zone.empty() ? kUtc : zone; }

// By the clocks of the zone that the heading names. Only UTC's say so themselves.
std::string Time(int64_t seconds, const std::string& zone) {
  std::string text = UtcTime(seconds * kNanosPerSecond);
  if (ZoneOf(zone) != kUtc && text.ends_with('Z')) text.pop_back();
  return text;
}

// Which days are compared, where they are not all of the two windows.
std::string ComparedText(const v1::MarginReport& report) {
  if (!report.has_compared_from_unix_seconds()) return "";
  const bool all =
      report.compared_from_unix_seconds() == report.from_unix_seconds() &&
      report.compared_to_unix_seconds() == report.to_unix_seconds() &&
      report.compared_before_from_unix_seconds() == report.before_from_unix_seconds() &&
      report.compared_before_to_unix_seconds() == report.before_to_unix_seconds();
  if (all) return "";
  return fmt::format(
      "compared are the days that are known in both years: {} to {}, beside {} to {}\n",
      Time(report.compared_from_unix_seconds(), report.time_zone()),
      Time(report.compared_to_unix_seconds(), report.time_zone()),
      Time(report.compared_before_from_unix_seconds(), report.time_zone()),
      Time(report.compared_before_to_unix_seconds(), report.time_zone()));
}

// What is in no margin, since somebody has not told of it.
std::string UnknownText(const v1::MarginReport& report) {
  std::string out;
  for (const v1::UnknownTime& unknown : report.unknown()) {
    const int named = std::min(unknown.models_size(), kMostNamed);
    const auto first = unknown.models().begin();
    std::string models = fmt::format("{}", fmt::join(first, first + named, ", "));
    const auto more = static_cast<uint32_t>(unknown.models_size() - named) + unknown.more_models();
    if (more > 0) models += fmt::format(" and {} more", more);
    out += fmt::format("not known of {}: {} to {}, since {} has reported only {} {}\n", models,
                       Time(unknown.from_unix_seconds(), report.time_zone()),
                       Time(unknown.to_unix_seconds(), report.time_zone()),
                       unknown.source().empty() ? "usage" : "source " + unknown.source(),
                       unknown.at_beginning() ? "from" : "until",
                       Time(unknown.told_unix_seconds(), report.time_zone()));
  }
  return out;
}

// Whether nobody has told of any of the window: then a row without requests may well have some.
bool IsUntold(const v1::MarginReport& report, const v1::MarginRow& row) {
  if (row.has_after()) return false;
  return std::any_of(
      report.unknown().begin(), report.unknown().end(), [&](const v1::UnknownTime& unknown) {
        const bool is_all = unknown.at_beginning()
                                ? unknown.to_unix_seconds() >= report.to_unix_seconds()
                                : unknown.from_unix_seconds() <= report.from_unix_seconds();
        const auto& models = unknown.models();
        const bool is_named = row.model().empty() || unknown.more_models() > 0 ||
                              std::find(models.begin(), models.end(), row.model()) != models.end();
        return is_all && is_named;
      });
}

std::string MarginTable(const v1::MarginReport& report) {
  Table table({{"MODEL"},
               {"CUSTOMER TIER"},
               {"REQUESTS", Align::kRight},
               {"OF ALL", Align::kRight},
               {"REVENUE $", Align::kRight},
               {"COST $", Align::kRight},
               {"MARGIN $", Align::kRight},
               {"PER REQUEST", Align::kRight},
               {"A YEAR AGO", Align::kRight},
               {"CHANGE", Align::kRight},
               {"NOTE"}});
  for (const v1::MarginRow& row : report.rows()) {
    const v1::MarginFigures& now = row.after();
    const bool known = IsKnown(now);
    const bool told = !IsUntold(report, row);
    table.AddRow({row.scope() == "customer_tier" || row.scope() == "total" ? "(all)" : row.model(),
                  row.scope() == "model" || row.scope() == "total" ? "(all)" : row.customer_tier(),
                  told ? Grouped(std::to_string(now.requests())) : kUnknown,
                  told ? Percent(row.request_share_ratio()) : kUnknown,
                  known ? UsdOfMicros(now.revenue_micro_usd()) : kUnknown,
                  known ? UsdOfMicros(now.cost_micro_usd()) : kUnknown,
                  known ? UsdOfMicros(now.margin_micro_usd()) : kUnknown, PerRequest(now),
                  PerRequest(row.before()),
                  row.has_change_ratio() ? Percent(row.change_ratio()) : kUnknown, Tags(row)});
  }
  std::string out = fmt::format("{} to {}, beside {} to {}; days of {}\n\n",
                                Time(report.from_unix_seconds(), report.time_zone()),
                                Time(report.to_unix_seconds(), report.time_zone()),
                                Time(report.before_from_unix_seconds(), report.time_zone()),
                                Time(report.before_to_unix_seconds(), report.time_zone()),
                                ZoneOf(report.time_zone())) +
                    table.Render() + "\n";
  out += UnknownText(report) + ComparedText(report) + BooksText(report);
  out += report.has_change() ? EffectsText(report.change()) + LeftOutText(report.change())
                             : "why it changed is not known: requests with known revenue and cost "
                               "are missing in one of the periods\n";
  for (const std::string& why : report.declines()) out += "declined: " + why + "\n";
  return out + ReviewText(report);
}

// The money of the books that is in no row.
std::string UnattributedCsv(const v1::MarginReport& report) {
  if (report.basis().empty()) return "";
  const auto line = [](const std::string& period, int64_t subscription, bool known, int64_t cost) {
    return CsvLine({"unattributed", "", "", period, "", "", PlainUsd(subscription),
                    known ? PlainUsd(cost) : "", "", "", "", "", "", PlainUsd(subscription)});
  };
  return line("before", report.before_unattributed_subscription_micro_usd(),
              report.has_before_unattributed_cost_micro_usd(),
              report.before_unattributed_cost_micro_usd()) +
         line("after", report.unattributed_subscription_micro_usd(),
              report.has_unattributed_cost_micro_usd(), report.unattributed_cost_micro_usd());
}

std::string MarginCsv(const v1::MarginReport& report) {
  std::string out =
      CsvLine({"scope", "model", "customer_tier", "period", "requests", "known_requests",
               "revenue_usd", "cost_usd", "margin_usd", "usd_per_request", "request_share_ratio",
               "change_ratio", "declined", "subscription_usd"});
  for (const v1::MarginRow& row : report.rows()) {
    const struct {
      const char* name;
      bool is_there;
      const v1::MarginFigures& figures;
    } kPeriods[] = {{"before", row.has_before(), row.before()},
                    {"after", row.has_after(), row.after()},
                    {"compared", row.has_compared(), row.compared()}};
    for (const auto& [period, is_there, figures] : kPeriods) {
      if (!is_there) continue;
      const bool after = period == std::string_view("after");
      const bool known = IsKnown(figures);
      out += CsvLine({row.scope(), row.model(), row.customer_tier(), period,
                      std::to_string(figures.requests()), std::to_string(figures.known_requests()),
                      known ? PlainUsd(figures.revenue_micro_usd()) : "",
                      known ? PlainUsd(figures.cost_micro_usd()) : "",
                      known ? PlainUsd(figures.margin_micro_usd()) : "",
                      figures.has_usd_per_request() ? PlainNumber(figures.usd_per_request()) : "",
                      after ? PlainNumber(row.request_share_ratio()) : "",
                      after && row.has_change_ratio() ? PlainNumber(row.change_ratio()) : "",
                      after && row.has_declined() ? (row.declined() ? "true" : "false") : "",
                      known ? PlainUsd(figures.subscription_micro_usd()) : ""});
    }
  }
  return out + UnattributedCsv(report);
}

std::string Optional(bool known, double value, std::string_view form) {
  return known ? fmt::format(fmt::runtime(form), value) : kUnknown;
}

std::string ModelsTable(const v1::CapabilityReport& report) {
  Table table({{"QUARTER"},
               {"MODEL"},
               {"INDEX", Align::kRight},
               {"TRAINING H100E-HOURS", Align::kRight},
               {"OVER"},
               {"GAIN PER HOUR", Align::kRight},
               {"RESTS ON"}});
  for (const v1::ModelCapability& model : report.models()) {
    table.AddRow({model.quarter(), model.model(),
                  Optional(model.has_capability_index(), model.capability_index(), "{:.3f}"),
                  model.has_training_h100e_hours()
                      ? Grouped(fmt::format("{:.0f}", model.training_h100e_hours()))
                      : kUnknown,
                  model.predecessor(),
                  Optional(model.has_gain_per_h100e_hour(), model.gain_per_h100e_hour(), "{:.3g}"),
                  fmt::format("{}", fmt::join(model.rests_on(), ", "))});
  }
  return table.Render();
}

std::string StateText(const v1::BenchmarkState& state) {
  if (!state.has_frontier_ratio()) return kUnknown;
  if (!state.saturated()) return "no";
  return state.high() ? "yes, near its ceiling" : "yes, it no longer moves";
}

std::string BenchmarksTable(const v1::CapabilityReport& report) {
  Table table({{"BENCHMARK"}, {"FRONTIER", Align::kRight}, {"SATURATED"}});
  for (const v1::BenchmarkState& state : report.benchmarks()) {
    table.AddRow({state.benchmark(),
                  Optional(state.has_frontier_ratio(), state.frontier_ratio(), "{:.3f}"),
                  StateText(state)});
  }
  return table.Render();
}

std::string QuartersTable(const v1::CapabilityReport& report) {
  Table table({{"QUARTER"},
               {"FRONTIER GAIN", Align::kRight},
               {"TRAINING H100E-HOURS", Align::kRight},
               {"GAIN PER HOUR", Align::kRight},
               {"RESTS ON"},
               {"LEFT OUT, SATURATED"}});
  for (const v1::QuarterCapability& quarter : report.quarters()) {
    table.AddRow(
        {quarter.quarter(),
         Optional(quarter.has_frontier_gain(), quarter.frontier_gain(), "{:.4f}"),
         quarter.has_training_h100e_hours()
             ? Grouped(fmt::format("{:.0f}", quarter.training_h100e_hours()))
             : kUnknown,
         Optional(quarter.has_gain_per_h100e_hour(), quarter.gain_per_h100e_hour(), "{:.3g}"),
         fmt::format("{}", fmt::join(quarter.rests_on(), ", ")),
         fmt::format("{}", fmt::join(quarter.saturated(), ", "))});
  }
  return table.Render();
}

std::string CapabilityCsv(const v1::CapabilityReport& report) {
  std::string out = CsvLine({"kind", "name", "quarter", "capability", "training_h100e_hours",
                             "gain_per_h100e_hour", "saturated", "rests_on"});
  for (const v1::ModelCapability& model : report.models()) {
    out +=
        CsvLine({"model", model.model(), model.quarter(),
                 model.has_capability_index() ? PlainNumber(model.capability_index()) : "",
                 model.has_training_h100e_hours() ? PlainNumber(model.training_h100e_hours()) : "",
                 model.has_gain_per_h100e_hour() ? PlainNumber(model.gain_per_h100e_hour()) : "",
                 "", fmt::format("{}", fmt::join(model.rests_on(), " "))});
  }
  for (const v1::BenchmarkState& state : report.benchmarks()) {
    out += CsvLine({"benchmark", state.benchmark(), report.last_quarter(),
                    state.has_frontier_ratio() ? PlainNumber(state.frontier_ratio()) : "", "", "",
                    state.has_frontier_ratio() ? (state.saturated() ? "true" : "false") : "", ""});
  }
  for (const v1::QuarterCapability& quarter : report.quarters()) {
    out += CsvLine(
        {"quarter", quarter.quarter(), quarter.quarter(),
         quarter.has_frontier_gain() ? PlainNumber(quarter.frontier_gain()) : "",
         quarter.has_training_h100e_hours() ? PlainNumber(quarter.training_h100e_hours()) : "",
         quarter.has_gain_per_h100e_hour() ? PlainNumber(quarter.gain_per_h100e_hour()) : "",
         fmt::format("{}", fmt::join(quarter.saturated(), " ")),
         fmt::format("{}", fmt::join(quarter.rests_on(), " "))});
  }
  return out;
}

}  // namespace

std::string FormatMargin(const v1::MarginReport& report, OutputFormat format) {
  if (format == OutputFormat::kTable) return MarginTable(report);
  return format == OutputFormat::kJson ? Dump(ToJson(report)) : MarginCsv(report);
}

std::string FormatCapability(const v1::CapabilityReport& report, OutputFormat format) {
  if (format == OutputFormat::kJson) return Dump(ToJson(report));
  if (format == OutputFormat::kCsv) return CapabilityCsv(report);
  return fmt::format("quarters of {}\n\n{}\n{}\n{}\n{}: {}\n", ZoneOf(report.time_zone()),
                     ModelsTable(report), BenchmarksTable(report), QuartersTable(report),
                     report.verdict(), report.why());
}

}  // namespace fleetmeter::ctl
