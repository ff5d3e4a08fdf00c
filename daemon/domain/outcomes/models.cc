#include "daemon/domain/outcomes/models.h"

#include <algorithm>

namespace fleetmeter::outcomes {
namespace {

struct Model {
  std::string family;
  int64_t quarter = 0;
  Scores scores;
};

std::map<std::string, Model> Collect(const BenchmarkSuite& suite,
                                     const std::vector<Result>& results) {
  std::map<std::string, const Benchmark*> known;
  for (const Benchmark& benchmark : suite.benchmarks) known[benchmark.name] = &benchmark;
  std::map<std::string, Model> models;
  for (const Result& result : results) {
    const auto benchmark = known.find(result.benchmark);
    if (benchmark == known.end()) continue;
    const auto [it, is_new] = models.try_emplace(result.model);
    Model& model = it->second;
    model.quarter = is_new ? result.quarter : std::min(model.quarter, result.quarter);
    if (!result.family.empty()) model.family = result.family;
    const auto [score, first] = model.scores.try_emplace(result.benchmark, result.score);
    const Benchmark& scale = *benchmark->second;
    if (!first && Normalized(scale, result.score) > Normalized(scale, score->second)) {
      score->second = result.score;
    }
  }
  return models;
}

void FillOverPredecessor(const BenchmarkSuite& suite, const Model& model, const Model& predecessor,
                         ModelView* view) {
  view->over_predecessor = Compare(suite.benchmarks, predecessor.scores, model.scores);
  if (view->over_predecessor && view->training_h100e_hours.value_or(0) > 0) {
    view->gain_per_h100e_hour = (view->over_predecessor->after - view->over_predecessor->before) /
                                *view->training_h100e_hours;
  }
}

}  // namespace

std::vector<ModelView> ModelViews(const BenchmarkSuite& suite, const std::vector<Result>& results,
                                  const std::map<std::string, double>& training_h100e_hours) {
  const std::map<std::string, Model> models = Collect(suite, results);
  std::vector<ModelView> views;
  for (const auto& [name, model] : models) {
    ModelView& view = views.emplace_back();
    view.model = name;
    view.family = model.family;
    view.quarter = model.quarter;
    view.index = CapabilityIndex(suite.benchmarks, model.scores);
    if (const auto hours = training_h100e_hours.find(name); hours != training_h100e_hours.end()) {
      view.training_h100e_hours = hours->second;
    }
  }
  std::stable_sort(views.begin(), views.end(),
                   [](const ModelView& a, const ModelView& b) { return a.quarter < b.quarter; });
  std::map<std::string, std::string> latest;  // by family, of the quarters before
  for (size_t begin = 0, end = 0; begin < views.size(); begin = end) {
    while (end < views.size() && views[end].quarter == views[begin].quarter) ++end;
    for (size_t i = begin; i < end; ++i) {
      const auto before = latest.find(views[i].family);
      if (views[i].family.empty() || before == latest.end()) continue;
      views[i].predecessor = before->second;
      FillOverPredecessor(suite, models.at(views[i].model), models.at(before->second), &views[i]);
    }
    for (size_t i = begin; i < end; ++i) {
      if (!views[i].family.empty()) latest[views[i].family] = views[i].model;
    }
  }
  return views;
}

}  // namespace fleetmeter::outcomes
