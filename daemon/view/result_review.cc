#include "daemon/view/result_review.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/text.h"
#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/view/training_hours.h"
#include "fmt/chrono.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using capacity::Came;
using capacity::CapacityForm;
using capacity::CapacityRequest;
using capacity::Grant;
using capacity::Roi;
using capacity::Standing;
using outcomes::Span;

constexpr double kMicroUsdPerUsd = 1e6;

std::string DateText(int64_t day) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(day)));
}

std::string UsdText(int64_t micro_usd) {
  return Grouped(fmt::format("{:.2f}", static_cast<double>(micro_usd) / kMicroUsdPerUsd)) + " USD";
}

// From the first of the days to the last, both included.
std::string DaysText(const Span& days) {
  const int64_t last = days.to - kSecondsPerDay;
  if (last <= days.from) return "on " + DateText(days.from);
  return fmt::format("from {} to {}", DateText(days.from), DateText(last));
}

std::string UnknownText(const UnknownTime& unknown) {
  const std::string who =
      unknown.source.empty() ? "Usage" : fmt::format("The source {}", Quoted(unknown.source));
  return fmt::format("{} is not known {}, so that what came then is not counted.", who,
                     DaysText(unknown.time));
}

// With four digits, however small it is.
std::string UnitUsdText(double usd) { return fmt::format("{:.4g} USD", usd); }

// What a reader has to know of the grant to compare it with the promise.
void AddGrant(const CapacityRequest& request, std::vector<std::string>* why) {
  const CapacityForm& form = request.form;
  const Grant& grant = *request.grant;
  if (grant.chips != form.chips) {
    why->push_back(fmt::format(
        "{} of the {} chips that were asked for were granted, and the promise was for all of them.",
        grant.chips, form.chips));
  }
  const int64_t hours = (grant.end_unix_seconds - grant.start_unix_seconds) / kSecondsPerHour;
  if (hours == form.hours) return;
  why->push_back(fmt::format(
      "The grant is for {} of the {} hours that were asked for, and the promise was for all of "
      "them.",
      hours, form.hours));
}

}  // namespace

absl::StatusOr<ResultReviewer> ResultReviewer::Begin(Database& ledger, const outcomes::Rules& rules,
                                                     int64_t now_unix_seconds) {
  ResultReviewer reviewer(ledger, rules, now_unix_seconds);
  auto told = ReadToldTimes(ledger);
  if (!told.ok()) return told.status();
  reviewer.told_ = *std::move(told);
  reviewer.today_ = DayOf(reviewer.told_.zone.Local(now_unix_seconds));
  const DaySpan days = {0, reviewer.today_ + kSecondsPerDay};
  const auto training = ReadReportedTraining(ledger, days);
  if (!training.ok()) return training.status();
  for (const ReportedTraining& row : *training) reviewer.model_of_run_[row.run] = row.model;
  const auto measured = ReadMeasuredTraining(ledger, days);
  if (!measured.ok()) return measured.status();
  for (const MeasuredTraining& row : *measured) {
    if (!row.model.empty()) reviewer.model_of_run_.try_emplace(row.run, row.model);
  }
  auto capability = ReadCapability(ledger, rules, QuarterNumber(reviewer.today_), now_unix_seconds);
  if (!capability.ok()) return capability.status();
  reviewer.capability_ = *std::move(capability);
  return reviewer;
}

std::string ResultReviewer::ModelOf(const CapacityForm& form) const {
  if (!form.model.empty()) return form.model;
  const auto found = model_of_run_.find(form.run);
  return found == model_of_run_.end() ? "" : found->second;
}

absl::StatusOr<const ResultReviewer::Known*> ResultReviewer::KnownIn(Span days) {
  const auto found = known_.find(days);
  if (found != known_.end()) return &found->second;
  auto facts = ReadMarginFacts(ledger_, rules_, told_, days, now_);
  if (!facts.ok()) return facts.status();
  auto answer = ReviewFacts(*facts, outcomes::CostBasis::kAllocated, rules_);
  if (!answer.ok()) return answer.status();
  Known known{.facts = std::move(facts->after), .answer = *std::move(answer)};
  return &known_.emplace(days, std::move(known)).first->second;
}

absl::StatusOr<ResultReviewer::Money> ResultReviewer::MoneyOf(const std::string& model, Span days) {
  const auto known = KnownIn(days);
  if (!known.ok()) return known.status();
  const MarginAnswer& answer = (*known)->answer;
  Money money;
  outcomes::Margin margin;
  int64_t revenue = 0;
  bool priced = true;
  for (const auto& [segment, sales] : answer.after.period) {
    if (segment.model != model) continue;
    money.any = true;
    if (absl::Status added = margin.Add(sales); !added.ok()) return added;
    priced = priced && sales.revenue_micro_usd.has_value();
    if (__builtin_add_overflow(revenue, sales.revenue_micro_usd.value_or(0), &revenue)) {
      return absl::OutOfRangeError("revenue of a model is more than 64 bits hold; expected less");
    }
  }
  if (money.any && priced) money.revenue_micro_usd = revenue;
  money.margin_per_request_usd = margin.usd_per_request();
  for (const UnknownTime& unknown : answer.unknown) {
    if (!unknown.models.contains(model)) continue;
    money.whole = false;
    money.why.push_back(UnknownText(unknown));
  }
  if (money.any && !priced) {
    money.why.push_back("Requests of the model have no price, so that its revenue is not known.");
  }
  if (priced && money.any && !money.margin_per_request_usd) {
    money.why.push_back(
        "Chips that serve the model have no price, or nobody named them, so that its margin is not "
        "known.");
  }
  return money;
}

absl::StatusOr<ServedWork> ResultReviewer::WorkIn(const std::string& model, Span days) {
  const auto known = KnownIn(days);
  if (!known.ok()) return known.status();
  return WorkOfModel(model, (*known)->facts, (*known)->answer.after.period, rules_.weights);
}

absl::StatusOr<ResultReviewer::Gain> ResultReviewer::GainIn(const std::string& model, Span days) {
  const auto before = WorkIn(model, {days.from - kDaysBefore * kSecondsPerDay, days.from});
  if (!before.ok()) return before.status();
  const auto since = WorkIn(model, days);
  if (!since.ok()) return since.status();
  Gain out;
  auto gain = GainSince(*before, *since, &out.why);
  if (!gain.ok()) return gain.status();
  out.gain = *gain;
  const auto known = KnownIn(days);
  if (!known.ok()) return known.status();
  for (const UnknownTime& unknown : (*known)->answer.unknown) {
    out.whole = out.whole && !unknown.models.contains(model);
  }
  return out;
}

void ResultReviewer::AddCapability(const std::string& model, const CapacityRequest& request,
                                   ResultReview* review) const {
  const auto cannot = [&](std::string why) {
    // Only who trains has promised to teach a model something.
    if (!request.form.run.empty()) review->why.push_back(std::move(why));
  };
  if (!capability_.view) {
    return cannot("There is no benchmark suite, so that capability is not known.");
  }
  const std::vector<outcomes::ModelView>& models = capability_.view->models;
  const auto found = std::find_if(models.begin(), models.end(),
                                  [&](const auto& view) { return view.model == model; });
  if (found == models.end()) {
    return cannot(fmt::format("No benchmark was measured with model {}.", Quoted(model)));
  }
  const int64_t start = told_.zone.Local(request.grant->start_unix_seconds);
  if (found->quarter < QuarterNumber(start)) {
    return cannot(
        "The model was measured before the grant began, so that its training is not what "
        "the grant was for.");
  }
  if (!found->gain_per_h100e_hour) {
    return cannot(
        "What the model gained for an hour of training is not known: there is no earlier model of "
        "its family with the same benchmarks, or no hours of its training are booked.");
  }
  review->capability_per_1000_h100e_hours = *found->gain_per_h100e_hour * 1'000;
}

absl::StatusOr<Came> ResultReviewer::RevenueBy(const std::string& model, Span days,
                                               std::vector<std::string>* why) {
  const auto money = MoneyOf(model, days);
  if (!money.ok()) return money.status();
  if (money->revenue_micro_usd) {
    why->push_back(fmt::format("By then model {} earned {}, whichever pool served it.",
                               Quoted(model), UsdText(*money->revenue_micro_usd)));
  }
  return Came{.micro_usd = money->revenue_micro_usd, .whole = money->whole};
}

absl::StatusOr<Came> ResultReviewer::GainBy(const std::string& model, Span days,
                                            std::vector<std::string>* why) {
  const auto came = GainIn(model, days);
  if (!came.ok()) return came.status();
  why->insert(why->end(), came->why.begin(), came->why.end());
  if (!came->gain) return Came();
  const int64_t micro_usd = came->gain->micro_usd;
  why->push_back(fmt::format("By then serving model {} had cost {} {} than at the cost of before.",
                             Quoted(model), UsdText(std::abs(micro_usd)),
                             micro_usd < 0 ? "more" : "less"));
  // Days that are not known may have cost more, so that it may be less.
  if (!came->whole) return Came();
  return Came{.micro_usd = came->gain->micro_usd};
}

absl::Status ResultReviewer::Judge(const std::string& model, const CapacityRequest& request,
                                   ResultReview* review) {
  if (!request.form.roi) {
    review->why.emplace_back(
        "The request promised no return, so that there is nothing to compare.");
    return absl::OkStatus();
  }
  const Roi& roi = *request.form.roi;
  AddGrant(request, &review->why);
  const int64_t first = DayOf(told_.zone.Local(request.grant->start_unix_seconds));
  absl::StatusOr<Came> came = Came();
  if (now_ < roi.expected_by_unix_seconds) {
    review->why.emplace_back("The day by which it was promised has not come.");
  } else if (roi.expected_by_unix_seconds <= first) {
    review->why.emplace_back("The grant began on the promised day or later.");
  } else if (!model.empty()) {
    const Span days = {first, roi.expected_by_unix_seconds};
    came = roi.gain == capacity::Gain::kEfficiency ? GainBy(model, days, &review->why)
                                                   : RevenueBy(model, days, &review->why);
  }
  if (!came.ok()) return came.status();
  review->standing = capacity::StandingOf(roi, *came, now_);
  return absl::OkStatus();
}

// Of all days since the first one.
absl::Status ResultReviewer::AddMoney(const std::string& model, int64_t first,
                                      ResultReview* review) {
  auto money = MoneyOf(model, {first, today_ + kSecondsPerDay});
  if (!money.ok()) return money.status();
  review->revenue_micro_usd = money->revenue_micro_usd;
  review->margin_per_request_usd = money->margin_per_request_usd;
  if (!money->any) {
    review->why.push_back(fmt::format(
        "Nobody has told of requests for model {} since the grant began.", Quoted(model)));
  }
  for (std::string& why : money->why) review->why.push_back(std::move(why));
  return absl::OkStatus();
}

absl::Status ResultReviewer::AddEfficiency(const std::string& model, int64_t first,
                                           ResultReview* review) {
  auto came = GainIn(model, {first, today_ + kSecondsPerDay});
  if (!came.ok()) return came.status();
  review->efficiency = came->gain;
  for (std::string& why : came->why) {
    // Of the time up to the promised day it may have been said.
    if (std::find(review->why.begin(), review->why.end(), why) != review->why.end()) continue;
    review->why.push_back(std::move(why));
  }
  if (!came->gain) return absl::OkStatus();
  const EfficiencyGain& gain = *came->gain;
  review->why.push_back(fmt::format("A {} cost {} in the {} days before the grant, and {} since.",
                                    gain.unit, UnitUsdText(gain.usd_per_unit_before), kDaysBefore,
                                    UnitUsdText(gain.usd_per_unit_since)));
  return absl::OkStatus();
}

absl::StatusOr<ResultReview> ResultReviewer::Review(const CapacityRequest& request) {
  ResultReview review;
  const int64_t start = request.grant->start_unix_seconds;
  const std::string model = ModelOf(request.form);
  if (start > now_) {
    review.standing = Standing::kTooEarly;
    review.why.push_back(fmt::format("The grant begins on {}.", DateText(start)));
    return review;
  }
  if (absl::Status judged = Judge(model, request, &review); !judged.ok()) return judged;
  if (model.empty()) {
    review.why.push_back(
        fmt::format("No training report named run {}, so that nobody knows its model.",
                    Quoted(request.form.run)));
    return review;
  }
  const int64_t first = DayOf(told_.zone.Local(start));
  absl::Status added = AddMoney(model, first, &review);
  if (added.ok() && request.form.roi && request.form.roi->gain == capacity::Gain::kEfficiency) {
    added = AddEfficiency(model, first, &review);
  }
  if (!added.ok()) return added;
  AddCapability(model, request, &review);
  return review;
}

}  // namespace fleetmeter
