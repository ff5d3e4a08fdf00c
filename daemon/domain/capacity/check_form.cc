#include "daemon/domain/capacity/check_form.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/people_text.h"
#include "fmt/format.h"

namespace fleetmeter::capacity {
namespace {

constexpr size_t kMostKnownNames = 8;

std::string PlanText(const Plan& plan) {
  return fmt::format("plan '{}' version {}", plan.name, plan.version);
}

std::string TimeWithText(int64_t unix_seconds) {
  return fmt::format("{} ({})", unix_seconds, TimeText(unix_seconds));
}

template <class Named>
std::string HintOf(std::string_view word, const std::vector<Named>& known) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const Named& each : known) names.push_back(each.name);
  return NamesHint(word, names, kMostKnownNames);
}

bool IsRequestId(std::string_view text) {
  return IsName(text) && text.size() <= kMostIdBytes && text.find('/') == std::string_view::npos;
}

// Checks one form; lives for one CheckForm call.
class FormCheck {
 public:
  FormCheck(const CapacityForm& form, const FormContext& context)
      : form_(form), context_(context) {}

  std::vector<Violation> Run() {
    CheckId();
    CheckPool();
    CheckChips();
    CheckHours();
    CheckStart();
    CheckWork();
    CheckGoal();
    CheckRoi();
    CheckTradeOff();
    return std::move(violations_);
  }

 private:
  void Complain(std::string field, std::string message) {
    violations_.push_back({std::move(field), std::move(message)});
  }

  void CheckId() {
    if (IsRequestId(form_.request_id)) return;
    Complain("request_id",
             fmt::format("is {}; expected letters, digits and . _ -, at most {}, beginning with a "
                         "letter or a digit",
                         Quoted(form_.request_id), kMostIdBytes));
  }

  void CheckPool() {
    const Pool* pool = context_.plan.FindPool(form_.pool);
    if (pool != nullptr) return CheckTeam(*pool);
    Complain("pool", fmt::format("{} is not a pool of {}{}", Quoted(form_.pool),
                                 PlanText(context_.plan), HintOf(form_.pool, context_.plan.pools)));
  }

  void CheckTeam(const Pool& pool) {
    if (std::find(pool.teams.begin(), pool.teams.end(), form_.team) != pool.teams.end()) return;
    Complain("team", fmt::format("{} is not a team of pool '{}'{}", Quoted(form_.team), pool.name,
                                 NamesHint(form_.team, pool.teams, kMostKnownNames)));
  }

  void CheckChips() {
    const ChipKind* kind = context_.catalog.Find(form_.chip);
    if (kind == nullptr) {
      Complain("chip", fmt::format("{} is not a chip kind of catalog version {}{}",
                                   Quoted(form_.chip), context_.catalog.version(),
                                   HintOf(form_.chip, context_.catalog.kinds())));
    }
    const bool possible = form_.chips >= 1 && form_.chips <= kMostChips;
    if (!possible) {
      Complain("chips", fmt::format("is {}; expected 1 to {}", form_.chips, kMostChips));
    } else if (kind != nullptr) {
      CheckSupply();
    }
    if (!form_.cores || (*form_.cores >= 1 && *form_.cores <= kMostCores)) return;
    Complain("cores", fmt::format("is {}; expected 1 to {}, or nothing where it is not known",
                                  *form_.cores, kMostCores));
  }

  void CheckSupply() {
    const Plan& plan = context_.plan;
    const int64_t effective = plan.effective_from_unix_nanos / kNanosPerSecond;
    const Worth asked = WorthOf(context_.catalog, form_.chip, form_.chips, "", effective);
    const int64_t supply = MicroH100e(plan.supply_h100e);
    // The supply is a sum of binary fractions.
    if (asked.micro_h100e <= supply + supply / 1'000'000'000 + 1) return;
    const std::string most = context_.knows_supply
                                 ? fmt::format("at most {} H100e,", H100eText(supply))
                                 : "no more than";
    Complain(
        "chips",
        fmt::format("is {} of {}, which is {} H100e; expected {} the whole supply of {}",
                    form_.chips, form_.chip, H100eText(asked.micro_h100e), most, PlanText(plan)));
  }

  void CheckHours() {
    if (form_.hours >= 1 && form_.hours <= kMostHours) return;
    Complain("hours", fmt::format("is {} hours; expected 1 to {}, which is three years",
                                  form_.hours, kMostHours));
  }

  void CheckStart() {
    const int64_t start = form_.start_unix_seconds;
    const int64_t hour = HourOf(context_.now_unix_seconds);
    const int64_t first = hour - kMostHoursAgo * kSecondsPerHour;
    const int64_t last = hour + kMostHours * kSecondsPerHour;
    if (start < first || start > last) {
      Complain("start_unix_seconds",
               fmt::format("{}; expected {} to {}: at most two weeks ago, at most three years "
                           "ahead",
                           start == 0 ? "is missing" : "is " + TimeWithText(start),
                           TimeWithText(first), TimeWithText(last)));
    } else if (start % kSecondsPerHour != 0) {
      Complain("start_unix_seconds",
               fmt::format("is {}; expected a full hour of UTC", TimeWithText(start)));
    } else if (form_.hours >= 1 && form_.hours <= kMostHours &&
               form_.end_unix_seconds() <= context_.now_unix_seconds) {
      Complain("hours",
               fmt::format("is {} hours, so that it was over at {}; expected an end that is "
                           "still to come",
                           form_.hours, TimeText(form_.end_unix_seconds())));
    }
  }

  void CheckWork() {
    if (IsBlank(form_.workload)) {
      Complain("workload", "is empty; expected the workload that the capacity is for");
    }
    CheckLabel("workload", form_.workload);
    CheckLabel("workload_type", form_.workload_type);
    CheckLabel("model", form_.model);
    CheckLabel("run", form_.run);
    CheckText("note", form_.note);
  }

  void CheckLabel(const char* field, std::string_view text) {
    if (auto fault = FaultOfLabel(text)) Complain(field, *std::move(fault));
  }
  void CheckText(const char* field, std::string_view text) {
    if (auto fault = FaultOfText(text)) Complain(field, *std::move(fault));
  }

  void CheckGoal() {
    const bool for_goal = form_.nature == Nature::kCompanyGoal;
    if (for_goal && IsBlank(form_.goal)) {
      Complain("goal", "is empty; expected the name of the company's goal that it is for");
    } else if (!for_goal && !form_.goal.empty()) {
      Complain("goal",
               fmt::format("is {}; expected none, since the nature is {} and not {}",
                           Quoted(form_.goal), Name(form_.nature), Name(Nature::kCompanyGoal)));
    }
    CheckText("goal", form_.goal);
  }

  void CheckRoi() {
    if (form_.roi) {
      CheckAmounts(*form_.roi);
      CheckInterval(*form_.roi);
      CheckExpectedBy(*form_.roi);
    } else if (form_.beyond_allocation) {
      Complain("roi",
               "is missing; expected what the capacity brings, by when, and with which confidence, "
               "since the request is beyond the allocation of its pool");
    }
  }

  // False after a complaint.
  bool CheckAmount(const char* field, int64_t micro_usd) {
    if (micro_usd >= -kMostMicroUsd && micro_usd <= kMostMicroUsd) return true;
    Complain(field, fmt::format("is {} USD; expected -{} to {}", UsdText(micro_usd),
                                UsdText(kMostMicroUsd), UsdText(kMostMicroUsd)));
    return false;
  }

  void CheckAmounts(const Roi& roi) {
    if (CheckAmount("roi.expected_micro_usd", roi.expected_micro_usd) &&
        roi.expected_micro_usd <= 0) {
      Complain("roi.expected_micro_usd", fmt::format("is {} USD; expected a gain, more than 0",
                                                     UsdText(roi.expected_micro_usd)));
    }
    CheckAmount("roi.low_micro_usd", roi.low_micro_usd);
    CheckAmount("roi.high_micro_usd", roi.high_micro_usd);
  }

  void CheckInterval(const Roi& roi) {
    if (roi.low_micro_usd > roi.high_micro_usd) {
      Complain(
          "roi.low_micro_usd",
          fmt::format("is {} USD, above the high end of {} USD; expected a low end that is not "
                      "above it",
                      UsdText(roi.low_micro_usd), UsdText(roi.high_micro_usd)));
    } else if (roi.expected_micro_usd < roi.low_micro_usd ||
               roi.expected_micro_usd > roi.high_micro_usd) {
      Complain("roi.expected_micro_usd",
               fmt::format("is {} USD; expected it within its interval, {} to {} USD",
                           UsdText(roi.expected_micro_usd), UsdText(roi.low_micro_usd),
                           UsdText(roi.high_micro_usd)));
    }
    if (roi.confidence_basis_points >= 1 && roi.confidence_basis_points <= 10'000) return;
    Complain("roi.confidence_basis_points",
             fmt::format("is {}; expected 1 to 10000: 9000 is a probability of 90%",
                         roi.confidence_basis_points));
  }

  void CheckExpectedBy(const Roi& roi) {
    constexpr auto kField = "roi.expected_by_unix_seconds";
    const int64_t day = roi.expected_by_unix_seconds;
    if (day == 0) {
      return Complain(kField, "is missing; expected the day by which the gain has come");
    }
    if (day < 0 || day % kSecondsPerDay != 0) {
      return Complain(kField,
                      fmt::format("is {}; expected the start of a day of UTC", TimeWithText(day)));
    }
    if (HasViolationOf("start_unix_seconds") || HasViolationOf("hours")) return;
    const int64_t first = DayOf(form_.start_unix_seconds);
    const int64_t last = DayOf(form_.end_unix_seconds()) + kMostDaysToGain * kSecondsPerDay;
    if (day >= first && day <= last) return;
    Complain(kField, fmt::format("is {}; expected {} to {}: from the request's start to ten years "
                                 "after its end",
                                 TimeWithText(day), TimeWithText(first), TimeWithText(last)));
  }

  bool HasViolationOf(std::string_view field) const {
    return std::any_of(violations_.begin(), violations_.end(),
                       [&](const Violation& violation) { return violation.path == field; });
  }

  void CheckTradeOff() {
    if (form_.beyond_allocation && IsBlank(form_.trade_off)) {
      Complain("trade_off",
               "is empty; expected what is given up for it, since the request is beyond the "
               "allocation of its pool");
    }
    CheckText("trade_off", form_.trade_off);
  }

  const CapacityForm& form_;
  const FormContext& context_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> CheckForm(const CapacityForm& form, const FormContext& context) {
  return FormCheck(form, context).Run();
}

}  // namespace fleetmeter::capacity
