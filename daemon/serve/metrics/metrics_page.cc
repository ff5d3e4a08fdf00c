#include "daemon/serve/metrics/metrics_page.h"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/domain/capacity/plan_budgets.h"
#include "daemon/serve/metrics/fleet_metrics.h"
#include "daemon/serve/metrics/metric_reference.h"
#include "daemon/serve/metrics/outcome_metrics.h"
#include "daemon/serve/metrics/plan_metrics.h"
#include "daemon/serve/metrics/process_metrics.h"
#include "daemon/serve/metrics/text_format.h"

namespace fleetmeter {
namespace {

// The figures of one scrape, each worked out when a group asks for it first.
class Figures {
 public:
  explicit Figures(MetricsSources sources)
      : sources_(std::move(sources)),
        start_nanos_(sources_.clock.MonotonicNanos()),
        snapshot_(TakeSnapshot(sources_.writer)) {}

  const Snapshot& fleet() { return *snapshot_; }

  const PlanFigures& plan() {
    if (!plan_) plan_.emplace(PlanFigures{*snapshot_, ComparePlan(*snapshot_)});
    return *plan_;
  }

  const OutcomeFigures& outcomes() {
    if (!outcomes_) {
      outcomes_ = MakeOutcomeFigures(std::move(sources_.outcomes), sources_.segments);
    }
    return *outcomes_;
  }

  const CapacityFigures& capacity() {
    if (!capacity_) {
      book_ = sources_.writer.capacity();
      capacity_.emplace(MakeCapacityFigures(*book_, *snapshot_->plan, std::move(sources_.grants),
                                            snapshot_->thresholds.coverage,
                                            sources_.clock.UnixNanos() / kNanosPerSecond));
    }
    return *capacity_;
  }

  const SpendingFigures& spending() {
    if (!spending_) {
      const int64_t now = snapshot_->as_of_unix_nanos / kNanosPerSecond;
      spending_ = {.facts = std::move(sources_.spending),
                   .planned = capacity::BudgetsOf(*snapshot_->plan, now)};
    }
    return *spending_;
  }

  // Asked for after the fleet and the outcomes were written: so it counts the time that they took.
  const DaemonFigures& daemon() {
    if (!daemon_) {
      sources_.metrics.Rendered(
          static_cast<double>(sources_.clock.MonotonicNanos() - start_nanos_) / kNanosPerSecond);
      daemon_.emplace(DaemonFigures{sources_.metrics.Collect(), sources_.writer, sources_.healthy});
    }
    return *daemon_;
  }

  const ProcessFigures& process() {
    if (!process_) process_ = ReadProcess();
    return *process_;
  }

 private:
  MetricsSources sources_;
  const int64_t start_nanos_;
  const std::shared_ptr<const Snapshot> snapshot_;
  std::optional<PlanFigures> plan_;
  std::optional<OutcomeFigures> outcomes_;
  std::shared_ptr<const capacity::CapacityBook> book_;  // of the figures that follow
  std::optional<CapacityFigures> capacity_;
  std::optional<SpendingFigures> spending_;
  std::optional<DaemonFigures> daemon_;
  std::optional<ProcessFigures> process_;
};

// Every group in its order, and which figures it is written from.
template <class Visit>
void ForEachGroup(const Visit& visit) {
  visit(kSupplyMetrics, &Figures::fleet);
  visit(kPlanMetrics, &Figures::plan);
  visit(kPlanComparisonMetrics, &Figures::plan);
  visit(kPaceMetrics, &Figures::plan);
  visit(kFrameworkMetrics, &Figures::plan);
  visit(kPoolMetrics, &Figures::fleet);
  visit(kTeamMetrics, &Figures::fleet);
  visit(kDemandMetrics, &Figures::fleet);
  visit(kBookMetrics, &Figures::fleet);
  visit(kRequestMetrics, &Figures::capacity);
  visit(kGrantMetrics, &Figures::capacity);
  visit(kBudgetMetrics, &Figures::spending);
  visit(kLendingMetrics, &Figures::spending);
  visit(kServingMetrics, &Figures::outcomes);
  visit(kMarginMetrics, &Figures::outcomes);
  visit(kCapabilityMetrics, &Figures::outcomes);
  visit(kOutcomeStateMetrics, &Figures::outcomes);
  visit(kIngestMetrics, &Figures::daemon);
  visit(kDaemonMetrics, &Figures::daemon);
  visit(kLedgerFileMetrics, &Figures::daemon);
  visit(kAccessMetrics, &Figures::daemon);
  visit(kOtlpMetrics, &Figures::daemon);
  visit(kProcessMetrics, &Figures::process);
}

constexpr char kHead[] =
    "deploy/write_references.sh writes this page from the declarations in daemon/serve/metrics and "
    "collectors/metrics, and a test fails while it is out of date. `/metrics` has the last column "
    "as HELP.\n\n"
    "`fleetmeterd` serves these families and no others, in this order. `fleetmeter-collector "
    "--metrics` serves the last two sections.\n\n"
    "Names end with their unit. An amount in `h100e` is in H100-equivalents: `H100e = chips / "
    "chips_per_h100e`, with the ratio that the catalog gives. A ratio runs from 0 to 1, except for "
    "drift, which may be negative, and utilization, which may exceed 1. `GLOSSARY.md` defines the "
    "words. In a formula, *x* multiplies, and a word such as *allocated* stands for the family of "
    "that name and the same labels, here `fleetmeter_pool_allocated_h100e`. Names such as "
    "`live.coverage_threshold` are settings of `fleetmeterd.yaml`.\n\n"
    "A number that is not known is absent; it is never 0. A family without series still shows its "
    "HELP and TYPE.";

}  // namespace

void WriteMetrics(MetricsSources sources, SeriesWriter& out) {
  Figures figures(std::move(sources));
  ForEachGroup(
      [&](const auto& group, auto part) { WriteGroup(group, std::invoke(part, figures), out); });
}

std::string RenderMetrics(MetricsSources sources, ExpositionForm form) {
  std::string page;
  TextWriter out(page, form);
  WriteMetrics(std::move(sources), out);
  out.End();
  return page;
}

std::string MetricsReference() {
  std::string text = "# Metrics of Fleetmeter\n\n" + Wrapped(kHead);
  ForEachGroup([&](const auto& group, auto) { text += MetricSection(group); });
  return text;
}

}  // namespace fleetmeter
