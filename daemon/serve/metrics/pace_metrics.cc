#include <optional>

#include "daemon/serve/metrics/plan_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr double kSecondsPerHour = 3'600;

// A series for each curve of the framework: what `value` gives of its RevenuePace.
template <auto value>
void EachCurve(const PlanFigures& figures, SeriesWriter& out) {
  if (!figures.comparison.pace) return;
  for (const RevenuePace& on_curve : figures.comparison.pace->revenue) {
    out.Sample({on_curve.curve}, std::invoke(value, on_curve));
  }
}

// The one series of a family: hours that `value` gives of the Pace, as seconds.
template <auto value>
void Seconds(const PlanFigures& figures, SeriesWriter& out) {
  if (!figures.comparison.pace) return;
  const std::optional<double> hours = std::invoke(value, *figures.comparison.pace);
  if (hours) out.Sample({}, *hours * kSecondsPerHour);
}

constexpr Family<PlanFigures> kPaceFamilies[] = {
    {{"fleetmeter_pace_planned_revenue_usd_per_year",
      kGauge,
      {"curve"},
      "Planned revenue is planned inference hours x revenue of an H100-hour, in US dollars, on the "
      "curve and at the utilization that the framework assumes. Planned inference hours are "
      "planned share of inference x supply of the plan x hours of a year."},
     EachCurve<&RevenuePace::planned_usd>},
    {{"fleetmeter_pace_serviceable_revenue_usd_per_year",
      kGauge,
      {"curve"},
      "Serviceable revenue is inference hours x revenue of an H100-hour, in US dollars, on the "
      "curve and at fleetmeter_plan_inference_utilization_ratio. Inference hours are actual share "
      "of inference x expected supply x hours of a year. The value is 0 when inference is known to "
      "hold nothing. The series is absent while the share or the utilization is not known."},
     EachCurve<&RevenuePace::serviceable_usd>},
    {{"fleetmeter_pace_forgone_revenue_usd_per_year",
      kGauge,
      {"curve"},
      "Forgone revenue is max(0, planned revenue - serviceable revenue), in US dollars. The series "
      "is absent while the serviceable revenue is not known."},
     EachCurve<&RevenuePace::forgone_usd>},
    {{"fleetmeter_pace_planned_training_h100e_seconds_per_year",
      kGauge,
      {},
      "A year of the plan would give training this many H100e-seconds: planned share of training x "
      "supply of the plan x hours of a year x 3600."},
     Seconds<&Pace::planned_training_hours>},
    {{"fleetmeter_pace_training_h100e_seconds_per_year",
      kGauge,
      {},
      "A year like this moment would give training this many H100e-seconds: actual share of "
      "training x expected supply x hours of a year x 3600. The series is absent while that share "
      "is not known."},
     Seconds<&Pace::training_hours>},
};

}  // namespace

constexpr MetricGroup<PlanFigures> kPaceMetrics = {
    "A year like this moment",
    "These families show what the plan, and the fleet as it is now, would earn and train if "
    "nothing changed for a year. They have no series without the setting `framework`, which also "
    "says how many hours a year has. Actual shares are applied to the whole expected supply, so a "
    "few silent hosts are no lost revenue. Curves are alternatives to one another and are never "
    "added up.",
    kPaceFamilies,
};

}  // namespace fleetmeter
