#include "daemon/serve/query/outcome_answers.h"

#include <algorithm>
#include <optional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/ledger/sqlite/day_zone_row.h"
#include "daemon/serve/query/outcome_messages.h"
#include "daemon/view/outcome_review.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// gRPC takes 4 MiB. A row is at most some 520 bytes, a sentence or a segment left out some 430: of
// three scopes of so many they stay below.
constexpr uint32_t kMostRows = 1'000;
constexpr size_t kMostBytes = size_t{3} << 20;
constexpr int64_t kLastTime = 7'258'118'400;  // 2200, where configuration ends too

// `today` is a time of today by the clocks of the books.
absl::StatusOr<outcomes::Span> SpanOf(const v1::GetMarginRequest& request, int64_t today) {
  const bool has_days = request.from_unix_seconds() != 0 || request.to_unix_seconds() != 0;
  if (has_days == !request.window().empty()) {
    return absl::InvalidArgumentError(
        "expected either a window, such as 28d, or the days from and to");
  }
  if (has_days) {
    if (request.from_unix_seconds() < 0 || request.to_unix_seconds() > kLastTime) {
      return absl::InvalidArgumentError("from or to is out of range; expected 1971 to 2199");
    }
    return outcomes::Span{request.from_unix_seconds(), request.to_unix_seconds()};
  }
  const auto window = outcomes::ParseWindow(request.window());
  if (!window) {
    return absl::InvalidArgumentError(
        fmt::format("window: {} is none; expected quarter, year or days such as 28d, at most {}d",
                    Quoted(request.window()), outcomes::kMaxWindowDays));
  }
  return outcomes::TrailingDays(window->days, today);
}

absl::StatusOr<outcomes::CostBasis> BasisOf(const std::string& name) {
  if (name.empty()) return outcomes::CostBasis::kAllocated;
  for (const outcomes::CostBasis basis : outcomes::kCostBases) {
    if (name == outcomes::Name(basis)) return basis;
  }
  return absl::InvalidArgumentError(
      fmt::format("basis: {} is none; expected allocated or used", Quoted(name)));
}

// The oldest models go first.
void FitModels(v1::CapabilityReport* report) {
  while (report->ByteSizeLong() > kMostBytes && report->models_size() > 0) {
    const int out = (report->models_size() + 1) / 2;
    report->mutable_models()->DeleteSubrange(0, out);
    report->set_models_left_out(report->models_left_out() + static_cast<uint32_t>(out));
  }
}

}  // namespace

absl::Status AnswerMargin(Database& ledger, const OutcomeMoment& now,
                          const v1::GetMarginRequest& request, v1::MarginReport* response) {
  const outcomes::Rules& rules = now.reference->outcomes;
  const int64_t seconds = now.unix_nanos / kNanosPerSecond;
  const auto told = ReadToldTimes(ledger);
  if (!told.ok()) return told.status();
  const auto span = SpanOf(request, told->zone.Local(seconds));
  if (!span.ok()) return span.status();
  const auto basis = BasisOf(request.basis());
  if (!basis.ok()) return basis.status();
  if (request.limit() > kMostRows) {
    return absl::InvalidArgumentError(
        fmt::format("limit: is {}; expected at most {}", request.limit(), kMostRows));
  }
  const auto facts = ReadMarginFacts(ledger, rules, *told, *span, seconds);
  if (!facts.ok()) return facts.status();
  auto answer = ReviewFacts(*facts, *basis, rules);
  if (!answer.ok()) return answer.status();
  const auto merged = outcomes::LimitLines(request.limit() == 0 ? kMostRows : request.limit(),
                                           rules.volume, &answer->review);
  if (!merged.ok()) return merged.status();
  *response = MarginMessage(*answer, request.window());
  response->set_merged_rows(static_cast<uint32_t>(*merged));
  response->set_as_of_unix_nanos(now.unix_nanos);
  response->set_catalog_version(now.reference->catalog.version());
  if (now.reference->plans.empty()) return absl::OkStatus();  // a ledger's file alone names none
  const Plan& plan = now.reference->PlanAt(now.unix_nanos);
  response->set_plan(plan.name);
  response->set_plan_version(static_cast<uint32_t>(plan.version));
  return absl::OkStatus();
}

absl::Status AnswerCapability(Database& ledger, const OutcomeMoment& now,
                              const v1::GetCapabilityRequest& request,
                              v1::CapabilityReport* response) {
  const outcomes::Rules& rules = now.reference->outcomes;
  if (!rules.suite) {
    return absl::FailedPreconditionError(
        "there is no benchmark suite; expected outcomes.benchmarks in the daemon's configuration");
  }
  const int64_t seconds = now.unix_nanos / kNanosPerSecond;
  const auto zone = ReadDayZone(ledger);
  if (!zone.ok()) return zone.status();
  const int64_t today = zone->Local(seconds);
  const int64_t until = request.until_unix_seconds() == 0 ? today : request.until_unix_seconds();
  if (until < 0 || until > kLastTime) {
    return absl::InvalidArgumentError("until is out of range; expected 1970 to 2199");
  }
  // There is nothing to tell of quarters that have not begun.
  const int64_t last = std::min(QuarterNumber(until), QuarterNumber(today));
  const auto answer = ReadCapability(ledger, rules, last, seconds);
  if (!answer.ok()) return answer.status();
  *response = CapabilityMessage(*rules.suite, *answer->view);
  response->set_time_zone(answer->zone.name());
  FitModels(response);
  return absl::OkStatus();
}

}  // namespace fleetmeter
