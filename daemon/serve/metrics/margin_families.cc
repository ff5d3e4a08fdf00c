#include "daemon/serve/metrics/margin_families.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fleetmeter {
namespace {

using outcomes::Margin;
using outcomes::MarginLine;
using outcomes::Segment;
using Names = std::map<Segment, Segment>;
using Scope = MarginLine::Scope;

constexpr double kMicro = 1e6;
constexpr char kOverflow[] = "overflow";

// Segments that are told by one name.
struct Row {
  int64_t requests = 0;
  std::optional<int64_t> revenue = 0;  // nothing: that of some of them is not known
  std::optional<int64_t> cost = 0;
  Margin before;
  Margin after;
};

// A window on a basis, with its segments by the names they are told by.
struct Told {
  std::string window;
  std::string basis;
  const MarginAnswer* answer = nullptr;
  std::map<Segment, Row> rows;
  std::vector<MarginLine> models;
  std::vector<MarginLine> tiers;
};

Segment NameOf(const Names& names, const Segment& segment) {
  const auto found = names.find(segment);
  // What was booked since the names were decided.
  return found == names.end() ? Segment{kOverflow, kOverflow} : found->second;
}

void AddKnown(const std::optional<int64_t>& part, std::optional<int64_t>* sum) {
  if (!part || !*sum || __builtin_add_overflow(**sum, *part, &**sum)) *sum = std::nullopt;
}

std::map<Segment, Row> RowsOf(const MarginAnswer& answer, const Names& names) {
  std::map<Segment, Row> rows;
  for (const auto& [segment, sales] : answer.after.period) {
    Row& row = rows[NameOf(names, segment)];
    row.requests += sales.requests;
    AddKnown(sales.revenue_micro_usd, &row.revenue);
    AddKnown(sales.cost_micro_usd, &row.cost);
    // The total of all segments has been added up before: no part of it leaves 64 bits.
    row.after.Add(sales).IgnoreError();
  }
  for (const auto& [segment, sales] : answer.before.period) {
    rows[NameOf(names, segment)].before.Add(sales).IgnoreError();
  }
  return rows;
}

// The lines of a scope, no more than `most`.
std::vector<MarginLine> LinesOf(const MarginAnswer& answer, Scope scope, size_t most) {
  outcomes::MarginReview part;
  for (const MarginLine& line : answer.review.lines) {
    if (line.scope == scope) part.lines.push_back(line);
  }
  if (part.lines.size() > most) {
    outcomes::LimitLines(most, outcomes::VolumeRule(), &part).IgnoreError();
  }
  return std::move(part.lines);
}

std::vector<Told> Tell(const OutcomeView& view, const Names& names, size_t most) {
  std::vector<Told> all;
  for (const WindowView& window : view.windows) {
    for (const MarginAnswer& answer : window.by_basis) {
      all.push_back({.window = window.window.name,
                     .basis = std::string(outcomes::Name(answer.basis)),
                     .answer = &answer,
                     .rows = RowsOf(answer, names),
                     .models = LinesOf(answer, Scope::kModel, most),
                     .tiers = LinesOf(answer, Scope::kCustomerTier, most)});
    }
  }
  return all;
}

std::optional<double> Usd(const std::optional<int64_t>& micro_usd) {
  if (!micro_usd) return std::nullopt;
  return static_cast<double>(*micro_usd) / kMicro;
}

bool IsFirstBasis(const Told& told) {
  return told.answer->basis == outcomes::CostBasis::kAllocated;
}

void WriteSegments(const std::vector<Told>& all, TextWriter& out) {
  using Value = std::function<std::optional<double>(const Row&)>;
  const auto each = [&](std::string_view name, std::string_view help, bool by_basis,
                        const Value& value) {
    out.Family("fleetmeter_inference_" + std::string(name), "gauge", help);
    for (const Told& told : all) {
      if (!by_basis && !IsFirstBasis(told)) continue;
      for (const auto& [segment, row] : told.rows) {
        const auto v = value(row);
        if (!v) continue;
        if (by_basis) {
          out.Sample({{"model", segment.model},
                      {"customer_tier", segment.customer_tier},
                      {"window", told.window},
                      {"basis", told.basis}},
                     *v);
        } else {
          out.Sample({{"model", segment.model},
                      {"customer_tier", segment.customer_tier},
                      {"window", told.window}},
                     *v);
        }
      }
    }
  };
  each("window_requests", "Requests of a trailing window, corrections included.", false,
       [](const Row& row) { return static_cast<double>(row.requests); });
  each("window_revenue_usd",
       "Revenue of a trailing window, corrections and parts of subscriptions included.", false,
       [](const Row& row) { return Usd(row.revenue); });
  each("window_cost_usd", "Cost of serving in a trailing window.", true,
       [](const Row& row) { return Usd(row.cost); });
  each("margin_per_request_usd", "Revenue less cost a request of a trailing window.", true,
       [](const Row& row) { return row.after.usd_per_request(); });
  each("margin_declined", "1: margin per request is lower than a year ago; 0: it is not.", true,
       [](const Row& row) {
         const auto declined = Declined(row.before, row.after);
         return declined ? std::optional(*declined ? 1.0 : 0.0) : std::nullopt;
       });
}

void WriteLines(const std::vector<Told>& all, std::vector<MarginLine> Told::* lines,
                std::string_view family, std::string_view label, std::string MarginLine::* name,
                TextWriter& out) {
  out.Family(family, "gauge", "Revenue less cost a request of all its known segments.");
  for (const Told& told : all) {
    for (const MarginLine& line : told.*lines) {
      const auto usd = line.after ? line.after->usd_per_request() : std::nullopt;
      if (!usd) continue;
      out.Sample({{label, line.*name}, {"window", told.window}, {"basis", told.basis}}, *usd);
    }
  }
}

void WriteTotals(const std::vector<Told>& all, TextWriter& out) {
  using Value = std::function<std::optional<double>(const MarginAnswer&)>;
  const auto each = [&](std::string_view name, std::string_view help, const Value& value) {
    out.Family("fleetmeter_inference_" + std::string(name), "gauge", help);
    for (const Told& told : all) {
      if (const auto v = value(*told.answer)) {
        out.Sample({{"window", told.window}, {"basis", told.basis}}, *v);
      }
    }
  };
  // The first line is the total, where there is anything.
  const auto total = [](const MarginAnswer& answer, std::optional<Margin> MarginLine::* period) {
    const auto& lines = answer.review.lines;
    return lines.empty() ? std::optional<Margin>() : lines.front().*period;
  };
  each("total_margin_per_request_usd", "Revenue less cost a request of all known segments.",
       [&](const MarginAnswer& answer) {
         const auto after = total(answer, &MarginLine::after);
         return after ? after->usd_per_request() : std::nullopt;
       });
  each("total_margin_per_request_year_ago_usd", "The same of the same window a year earlier.",
       [&](const MarginAnswer& answer) {
         const auto before = total(answer, &MarginLine::before);
         return before ? before->usd_per_request() : std::nullopt;
       });
  each("known_requests_ratio", "Requests whose revenue and cost are known / requests.",
       [&](const MarginAnswer& answer) {
         const auto after = total(answer, &MarginLine::after);
         if (!after || after->requests <= 0) return std::optional<double>();
         return std::optional(static_cast<double>(after->known_requests) /
                              static_cast<double>(after->requests));
       });
  each("unattributed_cost_usd",
       "Cost of inference's chips that no model with a request in the window answers for.",
       [](const MarginAnswer& answer) { return Usd(answer.after.unattributed_cost_micro_usd); });
}

void WriteEffects(const std::vector<Told>& all, TextWriter& out) {
  out.Family("fleetmeter_inference_margin_change_usd", "gauge",
             "Change of total margin year over year, by effect.");
  const auto sample = [&](const Told& told, std::string_view effect, double value) {
    out.Sample({{"window", told.window}, {"basis", told.basis}, {"effect", effect}}, value);
  };
  for (const Told& told : all) {
    const auto& change = told.answer->review.change;
    if (!change) continue;
    sample(told, "mix", static_cast<double>(change->mix_micro_usd) / kMicro);
    sample(told, "price", static_cast<double>(change->price_micro_usd) / kMicro);
    sample(told, "cost", static_cast<double>(change->cost_micro_usd) / kMicro);
    sample(told, "volume", static_cast<double>(change->volume_micro_usd) / kMicro);
  }
  out.Family("fleetmeter_inference_margin_per_request_change_usd", "gauge",
             "Change of total margin per request year over year, by effect.");
  for (const Told& told : all) {
    const auto& change = told.answer->review.change;
    if (!change) continue;
    sample(told, "mix", change->mix_usd_per_request());
    sample(told, "price", change->price_usd_per_request());
    sample(told, "cost", change->cost_usd_per_request());
  }
}

}  // namespace

void WriteMarginFamilies(const OutcomeView* view, const Names& names, size_t most,
                         TextWriter& out) {
  const std::vector<Told> all = view == nullptr ? std::vector<Told>() : Tell(*view, names, most);
  WriteSegments(all, out);
  WriteLines(all, &Told::models, "fleetmeter_inference_model_margin_per_request_usd", "model",
             &MarginLine::model, out);
  WriteLines(all, &Told::tiers, "fleetmeter_inference_tier_margin_per_request_usd", "customer_tier",
             &MarginLine::customer_tier, out);
  WriteTotals(all, out);
  WriteEffects(all, out);
}

}  // namespace fleetmeter
