// A small framework that is right, to take things out of.
#pragma once

#include <string_view>

namespace fleetmeter {

// Its catalog is kCatalogYaml of config_files.h, as catalog.yaml beside it. 8,843,333 H100-hours a
// year; an hour earns $0.74844 at 20% utilization; training needs 1,500,000 hours.
inline constexpr std::string_view kFrameworkYaml = R"(framework: small
version: 3
effective_from: 2026-01-01
catalog: catalog.yaml
hours_per_year: 8760
supply:
  h100: {provider: gcp, chips: 1000}
  other: {provider: gcp, chips_per_h100e: 2, commitment: {usd: 1M, share: 50%, years: 2, usd_per_chip_hour: 1.5}}
training:
  peak_flops: 1e15
  mfu: 50%
  models:
    big: {title: Big, flop: 1e24}
  based_on: big
  growth: 150%
  runs_per_year: 1
  post_training_share: 10%
  variants_per_run: 2
  inefficiency: 1.5
  additional_runs: 0
prices:
  large: {title: Large, released: 2026-01-01, usage: 50%, input: 2, output: 10}
  small: {usage: 1/2, input: 1, output: 5}
throughput:
  resource_constraint: 20%
  input_per_output: 1/2
  sizes:
    8b: {tokens_per_second: 1000, weight: 40%}
    70b: {tokens_per_second: 500, weight: 60%}
revenue:
  utilization: 20%
  discount: 10%
  curve: linear
  curves:
    linear: {kind: linear}
    bent: {kind: logarithmic, steepness_per_percent: 0.08, anchor: 20%}
    measured: {kind: points, points: [{utilization: 20%, usd_per_h100_hour: 2}, {utilization: 80%, usd_per_h100_hour: 5}]}
  table: [20%, 60%]
tiers: {p0: 10%, buffer: 15%}
scenarios:
  base:
    title: The base
    p2: {inference: {revenue: 500K}, training: {need: 1}, research: rest}
  lean:
    p1: {inference: 30%}
    p2: {training: {hours: 1M}, research: {share: 10%}}
baseline: base
sensitivity:
  growth:
    title: Less growth
    set: {training.growth: 100%}
  more-research:
    shares: {research: 60%}
    hold: [inference]
pools:
  serving: {category: inference, share: 100%, owner: Serving, contact: "#s", teams: [api], policy: {lendable: 50%, borrowing_limit_h100e: 10}}
  lab: {category: research, share: 60%, owner: Lab, contact: "#l", teams: [lab]}
  lab2: {category: research, share: 40%, owner: Lab, contact: "#l", teams: [lab2]}
  evals: {category: safety, tier: p0, share: 100%, owner: Evals, contact: "#e", teams: [evals]}
)";

}  // namespace fleetmeter
