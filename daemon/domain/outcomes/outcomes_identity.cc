#include "daemon/domain/outcomes/outcomes_identity.h"

#include <algorithm>
#include <bit>

#include "daemon/base/digest.h"
#include "fmt/format.h"

namespace fleetmeter::outcomes {
namespace {

// Names may have any bytes, so each comes with its length.
std::string Sized(const std::string& text) { return fmt::format("{}:{};", text.size(), text); }

std::string Exactly(double number) {
  return fmt::format("{:016x};", std::bit_cast<uint64_t>(number + 0.0));  // -0 is 0
}

std::string Render(const TokenPrice& price) {
  return fmt::format("@{};{};{};{};{};", price.effective_from_unix_seconds, price.input,
                     price.cached_input, price.output, price.discount_ppm);
}

std::string Render(const Benchmark& benchmark) {
  return Sized(benchmark.name) + Exactly(benchmark.weight) + Exactly(benchmark.floor) +
         Exactly(benchmark.ceiling);
}

std::string Render(const SaturationRule& rule) {
  return Exactly(rule.level) + Exactly(rule.flat_level) + fmt::format("{};", rule.quarters) +
         Exactly(rule.least_gain);
}

// "benchmark suite 'general' version 3".
std::string NameOf(const RulesContent& content) {
  return content.name.empty()
             ? fmt::format("{} version {}", content.kind, content.version)
             : fmt::format("{} '{}' version {}", content.kind, content.name, content.version);
}

}  // namespace

uint64_t ContentDigest(const PriceBook& prices) {
  std::string text;
  for (const auto& [segment, list] : prices.prices()) {
    text += Sized(segment.model) + Sized(segment.customer_tier);
    for (const TokenPrice& price : list) text += Render(price);
  }
  text += "subscriptions;";
  for (const auto& [tier, list] : prices.subscriptions().by_tier()) {
    text += Sized(tier);
    for (const Subscription& one : list) {
      text += fmt::format("@{};{};", one.effective_from_unix_seconds, one.micro_usd_per_month);
    }
  }
  return Digest64(text);
}

uint64_t ContentDigest(const BenchmarkSuite& suite) {
  std::vector<std::string> benchmarks;
  for (const Benchmark& benchmark : suite.benchmarks) benchmarks.push_back(Render(benchmark));
  std::sort(benchmarks.begin(), benchmarks.end());
  std::string text = Render(suite.saturation) + fmt::format("{};", suite.declining_quarters);
  for (const std::string& benchmark : benchmarks) text += Sized(benchmark);
  return Digest64(text);
}

std::vector<RulesContent> ContentsOf(const Rules& rules) {
  std::vector<RulesContent> contents;
  if (rules.prices.version() != 0) {
    contents.push_back({kPriceBook, "", rules.prices.version(), ContentDigest(rules.prices)});
  }
  if (rules.suite) {
    contents.push_back(
        {kBenchmarkSuite, rules.suite->name, rules.suite->version, ContentDigest(*rules.suite)});
  }
  return contents;
}

void KnownRules::Learn(const RulesContent& content) {
  digests_.try_emplace({content.kind, content.name, content.version}, content.digest);
}

void KnownRules::Learn(const Rules& rules) {
  for (const RulesContent& content : ContentsOf(rules)) Learn(content);
}

absl::Status KnownRules::Check(const Rules& rules) const {
  for (const RulesContent& content : ContentsOf(rules)) {
    if (absl::Status status = CheckContent(content); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status KnownRules::CheckContent(const RulesContent& content) const {
  const auto found = digests_.find({content.kind, content.name, content.version});
  if (found == digests_.end() || found->second == content.digest) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "{0} says something else than {0} that was taken before (its content is {1:016x}, and was "
      "{2:016x}); numbers that cite the version must mean one {3}: raise the version to {4} for a "
      "change, or bring the old content back",
      NameOf(content), content.digest, found->second, content.kind, FreeVersion(content)));
}

uint32_t KnownRules::FreeVersion(const RulesContent& content) const {
  uint32_t highest = content.version;
  for (const auto& [key, digest] : digests_) {
    const auto& [kind, name, version] = key;
    if (kind == content.kind && name == content.name) highest = std::max(highest, version);
  }
  return highest + 1;
}

}  // namespace fleetmeter::outcomes
