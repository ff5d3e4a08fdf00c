#include "daemon/ctl/print/plan_diff_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/table.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

std::optional<double> H100e(const std::optional<Holding>& holding) {
  return holding ? std::optional(holding->h100e) : std::nullopt;
}
std::optional<double> Share(const std::optional<Holding>& holding) {
  return holding ? std::optional(holding->share_ratio) : std::nullopt;
}
// What a side does not have it has nothing of.
double ChangeOf(const std::optional<Holding>& a, const std::optional<Holding>& b) {
  return H100e(b).value_or(0) - H100e(a).value_or(0);
}

// A figure of the outcomes, by its name in JSON.
struct Figure {
  std::string name;
  std::string title;
  std::optional<double> a;
  std::optional<double> b;
  std::string (*text)(std::optional<double>);
};

std::vector<Figure> FiguresOf(const PlanDiff& diff) {
  const auto& a = diff.a.outcome;
  const auto& b = diff.b.outcome;
  if (!a || !b) return {};
  return {{"usd_per_h100_hour", "revenue per H100e-hour", a->usd_per_h100_hour,
           b->usd_per_h100_hour, Usd},
          {"serviceable_revenue_usd", "serviceable revenue", a->serviceable_revenue_usd,
           b->serviceable_revenue_usd, WholeUsd},
          {"training_hours", "training hours", a->training_hours, b->training_hours, Whole},
          {"training_ratio", "of the baseline's training", a->training_ratio, b->training_ratio,
           WholePercent},
          {"research_hours", "research hours", a->research_hours, b->research_hours, Whole}};
}

// --- Table ---------------------------------------------------------------------------------------

std::vector<Column> Columns(const char* title) {
  return {{title},
          {"A", Align::kRight},
          {"OF SUPPLY", Align::kRight},
          {"B", Align::kRight},
          {"OF SUPPLY", Align::kRight},
          {"CHANGE", Align::kRight}};
}

std::vector<Cell> HoldingCells(const std::string& name, const std::optional<Holding>& a,
                               const std::optional<Holding>& b) {
  const std::string change = Amount(ChangeOf(a, b));
  return {name,
          Amount(H100e(a)),
          Percent(Share(a)),
          Amount(H100e(b)),
          Percent(Share(b)),
          ChangeOf(a, b) > 0 && change != "0.0" ? "+" + change : change};
}

std::string SharesTable(const char* title, const std::vector<ShareChange>& changes) {
  Table table(Columns(title));
  for (const ShareChange& change : changes) {
    table.AddRow(HoldingCells(change.name, change.a, change.b));
  }
  return table.Render();
}

std::string PoolsTable(const PlanDiff& diff) {
  std::vector<Column> columns = Columns("POOL");
  columns.push_back({"POOL IS"});
  columns.push_back({"DIFFERENT"});
  Table table(std::move(columns));
  for (const PoolChange& pool : diff.pools) {
    std::vector<Cell> cells = HoldingCells(pool.name, pool.a, pool.b);
    cells.emplace_back(pool.Kind());
    cells.emplace_back(fmt::format("{}", fmt::join(pool.differs, ", ")));
    table.AddRow(std::move(cells));
  }
  return table.Render();
}

std::string OutcomesTable(const std::vector<Figure>& figures) {
  if (figures.empty()) return "";
  Table table({{"A YEAR"}, {"A", Align::kRight}, {"B", Align::kRight}});
  for (const Figure& figure : figures) {
    table.AddRow({figure.title, figure.text(figure.a), figure.text(figure.b)});
  }
  return "\n" + table.Render();
}

std::string SideLine(const char* name, const PlanSide& side) {
  return Printable(fmt::format("{}: {} (plan {} version {}, {} H100e)", name, side.label,
                               side.plan.name, side.plan.version, Amount(side.plan.supply_h100e))) +
         "\n";
}

std::string DiffText(const PlanDiff& diff) {
  return SideLine("A", diff.a) + SideLine("B", diff.b) +
         (diff.Same() ? "they allocate the same\n" : "") +
         fmt::format("\n{}\n{}\n{}{}\nAmounts in H100e.\n", SharesTable("TIER", diff.tiers),
                     SharesTable("CATEGORY", diff.categories), PoolsTable(diff),
                     OutcomesTable(FiguresOf(diff)));
}

// --- JSON ----------------------------------------------------------------------------------------

Json Number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json HoldingJson(const std::string& name, const std::optional<Holding>& a,
                 const std::optional<Holding>& b) {
  return {{"name", name},
          {"a_h100e", Number(H100e(a))},
          {"a_share_ratio", Number(Share(a))},
          {"b_h100e", Number(H100e(b))},
          {"b_share_ratio", Number(Share(b))},
          {"change_h100e", ChangeOf(a, b)}};
}

Json SideJson(const PlanSide& side) {
  return {{"source", side.label},
          {"plan", side.plan.name},
          {"version", side.plan.version},
          {"scenario", side.plan.scenario},
          {"supply_h100e", side.plan.supply_h100e}};
}

std::string DiffJson(const PlanDiff& diff) {
  Json out = {{"a", SideJson(diff.a)}, {"b", SideJson(diff.b)}, {"same", diff.Same()}};
  for (const auto& [key, changes] :
       {std::pair("tiers", &diff.tiers), std::pair("categories", &diff.categories)}) {
    out[key] = Json::array();
    for (const ShareChange& change : *changes) {
      out[key].push_back(HoldingJson(change.name, change.a, change.b));
    }
  }
  out["pools"] = Json::array();
  for (const PoolChange& pool : diff.pools) {
    Json item = HoldingJson(pool.name, pool.a, pool.b);
    item["change"] = pool.Kind();
    item["differs"] = pool.differs;
    out["pools"].push_back(std::move(item));
  }
  out["outcome"] = diff.a.outcome && diff.b.outcome ? Json::object() : Json(nullptr);
  for (const Figure& figure : FiguresOf(diff)) {
    out["outcome"]["a_" + figure.name] = Number(figure.a);
    out["outcome"]["b_" + figure.name] = Number(figure.b);
  }
  return Dump(out);
}

// --- CSV -----------------------------------------------------------------------------------------

std::string Plain(const std::optional<double>& value) { return value ? PlainNumber(*value) : ""; }

std::string Record(const char* kind, const std::string& name, const std::optional<Holding>& a,
                   const std::optional<Holding>& b, const std::string& change,
                   const std::string& differs) {
  return CsvLine({kind, name, Plain(H100e(a)), Plain(Share(a)), Plain(H100e(b)), Plain(Share(b)),
                  PlainNumber(ChangeOf(a, b)), change, differs, "", ""});
}

std::string DiffCsv(const PlanDiff& diff) {
  std::string out = CsvLine({"kind", "name", "a_h100e", "a_share_ratio", "b_h100e", "b_share_ratio",
                             "change_h100e", "change", "differs", "a_value", "b_value"});
  for (const ShareChange& c : diff.tiers) out += Record("tier", c.name, c.a, c.b, "", "");
  for (const ShareChange& c : diff.categories) out += Record("category", c.name, c.a, c.b, "", "");
  for (const PoolChange& pool : diff.pools) {
    out += Record("pool", pool.name, pool.a, pool.b, pool.Kind(),
                  fmt::format("{}", fmt::join(pool.differs, " ")));
  }
  for (const Figure& figure : FiguresOf(diff)) {
    out += CsvLine(
        {"outcome", figure.name, "", "", "", "", "", "", "", Plain(figure.a), Plain(figure.b)});
  }
  return out;
}

}  // namespace

std::string FormatPlanDiff(const PlanDiff& diff, OutputFormat format) {
  if (format == OutputFormat::kTable) return DiffText(diff);
  return format == OutputFormat::kJson ? DiffJson(diff) : DiffCsv(diff);
}

}  // namespace fleetmeter::ctl
