#include "daemon/domain/outcomes/capability.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"

namespace fleetmeter::outcomes {
namespace {

// Best normalized score of a benchmark up to a quarter.
std::optional<double> FrontierAt(const Benchmark& benchmark, const std::vector<Result>& results,
                                 int64_t quarter) {
  std::optional<double> best;
  for (const Result& result : results) {
    if (result.benchmark != benchmark.name || result.quarter > quarter) continue;
    const double score = Normalized(benchmark, result.score);
    if (!best || score > *best) best = score;
  }
  return best;
}

QuarterView ViewOf(const std::vector<Benchmark>& suite, const std::vector<Result>& results,
                   int64_t quarter, const SaturationRule& rule) {
  QuarterView view;
  view.quarter = quarter;
  // As of the quarter before: a benchmark that is solved in this quarter still shows that gain.
  const auto saturation = SaturationAt(suite, results, quarter - 1, rule);
  double gain = 0;
  double weight = 0;
  bool measured = false;
  for (const Benchmark& benchmark : suite) {
    const auto before = saturation.find(benchmark.name);
    if (before == saturation.end()) continue;
    if (before->second.saturated()) {
      view.saturated.push_back(benchmark.name);
      continue;
    }
    const double now = *FrontierAt(benchmark, results, quarter);
    gain += benchmark.weight * (now - before->second.frontier);
    weight += benchmark.weight;
    view.rests_on.push_back(benchmark.name);
    measured = measured || std::any_of(results.begin(), results.end(), [&](const Result& result) {
                 return result.quarter == quarter && result.benchmark == benchmark.name;
               });
  }
  // A frontier that nobody has tried to move has not stood still.
  if (weight > 0 && measured) view.gain = gain / weight;
  return view;
}

std::string Figure(const QuarterView& view) {
  return fmt::format("{} {:.3g}", QuarterName(view.quarter), *view.gain_per_h100e_hour);
}

// Why the last quarter has no figure.
std::string WhyUnknown(const QuarterView& last) {
  if (last.gain) {
    return fmt::format("nothing is known to have trained in {}", QuarterName(last.quarter));
  }
  if (!last.rests_on.empty()) {
    return fmt::format("no result of {} is on a benchmark that counts", QuarterName(last.quarter));
  }
  if (!last.saturated.empty()) {
    return fmt::format("every benchmark with earlier results is saturated in {}",
                       QuarterName(last.quarter));
  }
  return fmt::format("no benchmark has results before {}", QuarterName(last.quarter));
}

}  // namespace

double Normalized(const Benchmark& benchmark, double score) {
  return std::clamp((score - benchmark.floor) / (benchmark.ceiling - benchmark.floor), 0.0, 1.0);
}

std::optional<Index> CapabilityIndex(const std::vector<Benchmark>& suite, const Scores& scores,
                                     const std::set<std::string>& without) {
  Index index;
  double sum = 0;
  double weight = 0;
  for (const Benchmark& benchmark : suite) {
    if (without.contains(benchmark.name)) continue;
    const auto score = scores.find(benchmark.name);
    if (score == scores.end()) {
      index.missing.push_back(benchmark.name);
      continue;
    }
    sum += benchmark.weight * Normalized(benchmark, score->second);
    weight += benchmark.weight;
    index.rests_on.push_back(benchmark.name);
  }
  if (weight <= 0) return std::nullopt;
  index.value = sum / weight;
  return index;
}

std::optional<Comparison> Compare(const std::vector<Benchmark>& suite, const Scores& before,
                                  const Scores& after, const std::set<std::string>& without) {
  std::set<std::string> not_shared = without;
  for (const Benchmark& benchmark : suite) {
    if (!before.contains(benchmark.name) || !after.contains(benchmark.name)) {
      not_shared.insert(benchmark.name);
    }
  }
  const auto was = CapabilityIndex(suite, before, not_shared);
  const auto is = CapabilityIndex(suite, after, not_shared);
  if (!was || !is) return std::nullopt;
  return Comparison{.before = was->value, .after = is->value, .rests_on = is->rests_on};
}

std::string QuarterName(int64_t quarter) {
  const int64_t of_year = ((quarter % 4) + 4) % 4;
  return fmt::format("{}-Q{}", (quarter - of_year) / 4, of_year + 1);
}

std::map<std::string, Saturation> SaturationAt(const std::vector<Benchmark>& suite,
                                               const std::vector<Result>& results, int64_t quarter,
                                               const SaturationRule& rule) {
  std::map<std::string, Saturation> out;
  for (const Benchmark& benchmark : suite) {
    const auto frontier = FrontierAt(benchmark, results, quarter);
    if (!frontier) continue;
    Saturation& saturation = out[benchmark.name];
    saturation.frontier = *frontier;
    saturation.high = *frontier >= rule.level;
    const auto earlier = FrontierAt(benchmark, results, quarter - rule.quarters);
    // A frontier that nobody has tried to move is not flat.
    const bool tried = std::any_of(results.begin(), results.end(), [&](const Result& result) {
      return result.benchmark == benchmark.name && result.quarter > quarter - rule.quarters &&
             result.quarter <= quarter;
    });
    if (earlier && *earlier < 1 && tried) {
      saturation.gain_part = (*frontier - *earlier) / (1 - *earlier);
      saturation.flat = *frontier >= rule.flat_level && *saturation.gain_part < rule.least_gain;
    }
  }
  return out;
}

std::vector<QuarterView> FrontierByQuarter(const std::vector<Benchmark>& suite,
                                           const std::vector<Result>& results,
                                           const std::map<int64_t, double>& training_h100e_hours,
                                           int64_t last, const SaturationRule& rule) {
  std::vector<QuarterView> views;
  if (results.empty()) return views;
  const auto first =
      std::min_element(results.begin(), results.end(),
                       [](const Result& a, const Result& b) { return a.quarter < b.quarter; });
  for (int64_t quarter = first->quarter; quarter <= last; ++quarter) {
    QuarterView view = ViewOf(suite, results, quarter, rule);
    const auto hours = training_h100e_hours.find(quarter);
    if (hours != training_h100e_hours.end() && hours->second > 0) {
      view.training_h100e_hours = hours->second;
      if (view.gain) view.gain_per_h100e_hour = *view.gain / hours->second;
    }
    views.push_back(std::move(view));
  }
  return views;
}

DeclineVerdict JudgeDecline(const std::vector<QuarterView>& views, int64_t quarters) {
  DeclineVerdict out;
  if (views.empty()) {
    out.why = "there are no benchmark results";
    return out;
  }
  if (!views.back().gain_per_h100e_hour) {
    out.why = WhyUnknown(views.back());
    return out;
  }
  std::string figures = Figure(views.back());
  for (size_t i = views.size() - 1; i > 0; --i) {
    const auto& before = views[i - 1].gain_per_h100e_hour;
    if (!before || *views[i].gain_per_h100e_hour >= *before) break;
    ++out.declining_quarters;
    figures.insert(0, Figure(views[i - 1]) + ", ");
  }
  const bool due = out.declining_quarters >= quarters;
  out.verdict = due ? Verdict::kReviewDue : Verdict::kFine;
  out.why = fmt::format(
      "{} consecutive quarters brought less capability an H100e-hour of training "
      "than the one before: {}",
      out.declining_quarters, figures);
  return out;
}

}  // namespace fleetmeter::outcomes
