#include "daemon/ctl/print/capacity_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/message_differencer.h>

#include <vector>

#include "daemon/base/units.h"
#include "daemon/ctl/capacity/form_fields.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr double kMicroPerH100e = 1e6;
constexpr int64_t kMicroUsdADollar = 1'000'000;
constexpr double kBasisPointsOfAll = 10'000;
constexpr int64_t kHoursADay = 24;
constexpr size_t kDayLength = 10;     // of "2026-01-01 08:00:00Z"
constexpr size_t kMinuteLength = 16;  // likewise, without the seconds
constexpr size_t kLabelColumns = 11;
constexpr std::string_view kCapacityTeam = "capacity_team";

std::string AskedText(const v1::CapacityForm& form, int64_t micro_h100e) {
  return fmt::format("{} {} ({} H100e) of pool {} for team {}, {}",
                     Grouped(std::to_string(form.chips())), Printable(form.chip()),
                     H100eOfMicro(micro_h100e), Printable(form.pool()), Printable(form.team()),
                     TimeText(form.start_unix_seconds(),
                              form.start_unix_seconds() + form.hours() * kSecondsPerHour));
}

std::string OrderText(const v1::CapacityEvent& event) {
  std::vector<std::string> workloads;
  for (const std::string& workload : event.workloads()) workloads.push_back(Printable(workload));
  return fmt::format("order of {} work in pool {}: {}", event.nature(), Printable(event.pool()),
                     fmt::join(workloads, ", "));
}

// By the keys of a form's file.
std::vector<std::string> ChangedFields(const v1::CapacityForm& from, const v1::CapacityForm& to) {
  std::vector<std::string> changed;
  const google::protobuf::Descriptor& form = *v1::CapacityForm::descriptor();
  for (int i = 0; i < form.field_count(); ++i) {
    google::protobuf::util::MessageDifferencer differencer;
    const std::vector<const google::protobuf::FieldDescriptor*> field = {form.field(i)};
    if (differencer.CompareWithFields(from, to, field, field)) continue;
    changed.push_back(KeyOfMessageField(form.field(i)->name()));
  }
  return changed;
}

std::string WhenItFits(const v1::CapacityFit& fit) {
  if (!fit.has_from_unix_seconds()) return "It fits at no time within a year.";
  const std::string from = HourText(fit.from_unix_seconds());
  if (!fit.has_until_unix_seconds()) return fmt::format("It fits from {} on.", from);
  return fmt::format("It fits from {} until {} without a break.", from,
                     HourText(fit.until_unix_seconds()));
}

template <class Fit>
std::string DisplacesText(const Fit& fit) {
  std::vector<std::string> names;
  for (const v1::DisplacedRequest& displaced : fit.displaces()) {
    names.push_back(fmt::format("{} ({})", Printable(displaced.request_id()),
                                displaced.granted() ? "granted" : "undecided"));
  }
  return names.empty() ? ""
                       : fmt::format("\nIt would take the place of {}.", fmt::join(names, ", "));
}

// "an ROI and the trade-off"; empty: nothing is missing.
std::string NeedsText(const v1::CapacityFit& fit) {
  std::vector<std::string> needs;
  for (const std::string& field : fit.needs()) {
    needs.push_back(field == "roi"         ? "an ROI (--roi-...)"
                    : field == "trade_off" ? "the trade-off (--trade-off)"
                                           : Printable(field));
  }
  return needs.empty() ? "" : fmt::format(" It needs {}.", fmt::join(needs, " and "));
}

// Of what is beyond the allocation, or would fit there.
std::string CapacityTeamText(const v1::CapacityFit& fit) {
  if (fit.decided_by() == kCapacityTeam) {
    return fmt::format(
        "\nIt is beyond the allocation of its pool: the capacity team decides, between pools.{}",
        NeedsText(fit));
  }
  if (!fit.has_beyond()) return "";
  if (!fit.beyond().fits()) {
    return fmt::format("\nBeyond the allocation it does not fit either: {} H100e are missing.",
                       H100eOfMicro(fit.beyond().missing_micro_h100e()));
  }
  return fmt::format(
      "\nBeyond the allocation it would fit (--beyond-allocation). Then the capacity team "
      "decides, between pools.{}{}",
      NeedsText(fit), DisplacesText(fit.beyond()));
}

std::string LendersText(const v1::CapacityFit& fit) {
  std::vector<std::string> names;
  for (const v1::CapacityLender& lender : fit.lenders()) {
    names.push_back(
        fmt::format("{} ({} H100e)", Printable(lender.pool()), H100eOfMicro(lender.micro_h100e())));
  }
  return names.empty() ? ""
                       : fmt::format(
                             "\nFor all of that time, by what they have promised and "
                             "whatever they hold now, these pools could lend: {}.",
                             fmt::join(names, ", "));
}

}  // namespace

std::string H100eOfMicro(int64_t micro_h100e) {
  return Amount(static_cast<double>(micro_h100e) / kMicroPerH100e);
}

std::string UsdOfMicroUsd(int64_t micro_usd) {
  const double usd = static_cast<double>(micro_usd) / kMicroPerH100e;
  return micro_usd % kMicroUsdADollar == 0 ? WholeUsd(usd) : Usd(usd);
}

std::string HourText(int64_t unix_seconds) {
  return UtcTime(unix_seconds * kNanosPerSecond).substr(0, kMinuteLength) + "Z";
}

std::string DayText(int64_t unix_seconds) {
  return UtcTime(unix_seconds * kNanosPerSecond).substr(0, kDayLength);
}

std::string HoursText(int64_t hours) {
  const int64_t days = hours / kHoursADay;
  const int64_t rest = hours % kHoursADay;
  if (days == 0) return fmt::format("{} h", hours);
  return rest == 0 ? fmt::format("{} d", days) : fmt::format("{} d {} h", days, rest);
}

std::string ChipsText(const v1::CapacityRequest& request) {
  const v1::CapacityForm& form = request.form();
  const std::string asked = Grouped(std::to_string(form.chips())) + " " + Printable(form.chip());
  const bool part = request.has_grant() && request.grant().chips() != form.chips();
  return part ? Grouped(std::to_string(request.grant().chips())) + " of " + asked : asked;
}

std::string TimeText(int64_t start_unix_seconds, int64_t end_unix_seconds) {
  return fmt::format("from {} for {}, until {}", HourText(start_unix_seconds),
                     HoursText((end_unix_seconds - start_unix_seconds) / kSecondsPerHour),
                     HourText(end_unix_seconds));
}

std::string RoiText(const v1::Roi& roi) {
  return fmt::format("{} of {} by {}; with a probability of {:g}%, between {} and {}",
                     roi.gain() == "efficiency" ? "an efficiency gain" : Printable(roi.gain()),
                     UsdOfMicroUsd(roi.expected_micro_usd()),
                     DayText(roi.expected_by_unix_seconds()),
                     roi.confidence_basis_points() / (kBasisPointsOfAll / 100),
                     UsdOfMicroUsd(roi.low_micro_usd()), UsdOfMicroUsd(roi.high_micro_usd()));
}

std::string EventText(const v1::CapacityEvent& event) {
  const std::string& action = event.action();
  if (action == "submit") return "asks for " + AskedText(event.form(), event.micro_h100e());
  if (action == "amend") return "asks now for " + AskedText(event.form(), event.micro_h100e());
  if (action == "withdraw") return "withdrawn";
  if (action == "rank") return OrderText(event);
  if (action == "decline") return "declined";
  if (action == "release") return "the grant ends at " + HourText(event.end_unix_seconds());
  if (action != "grant") return Printable(action);
  return fmt::format("granted {} ({} H100e) {}", CountOf(event.granted_chips(), "chip"),
                     H100eOfMicro(event.micro_h100e()),
                     TimeText(event.start_unix_seconds(), event.end_unix_seconds()));
}

std::string EventText(const v1::CapacityEvent& event, const v1::CapacityForm* before) {
  if (event.action() != "amend" || before == nullptr) return EventText(event);
  const std::vector<std::string> changed = ChangedFields(*before, event.form());
  if (changed.empty()) return EventText(event);
  return fmt::format("{}; changed: {}", EventText(event), fmt::join(changed, ", "));
}

std::string FitText(const v1::CapacityFit& fit) {
  const bool is_beyond = fit.decided_by() == kCapacityTeam;
  std::string out =
      fit.fits() ? (is_beyond ? "if the capacity team grants it. " : "yes. ") + WhenItFits(fit)
                 : fmt::format("no: {} H100e are missing, {} fit at the time that is asked for. {}",
                               H100eOfMicro(fit.missing_micro_h100e()),
                               H100eOfMicro(fit.fits_micro_h100e()), WhenItFits(fit));
  return out + DisplacesText(fit) + CapacityTeamText(fit) + LendersText(fit);
}

std::string LabelledText(std::string_view label, std::string_view text) {
  if (text.empty()) return "";
  std::string out;
  const std::string indent(kLabelColumns, ' ');
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string lines = WrapText(text.substr(0, end), kCapacityColumns, indent);
    out += lines.empty() ? "\n" : lines;
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return PadRight(std::string(label), kLabelColumns) +
         out.substr(std::min(kLabelColumns, out.size()));
}

std::string RequestLine(const v1::CapacityRequest& request) {
  const std::string id = Printable(request.form().request_id());
  if (request.has_grant()) {
    return WrapText(fmt::format("{} is {}: {} ({} H100e) {}", id, Printable(request.state()),
                                ChipsText(request), H100eOfMicro(request.grant().micro_h100e()),
                                TimeText(request.grant().start_unix_seconds(),
                                         request.grant().end_unix_seconds())),
                    kCapacityColumns, "");
  }
  return WrapText(fmt::format("{} is {}: {}", id, Printable(request.state()),
                              AskedText(request.form(), request.micro_h100e())),
                  kCapacityColumns, "");
}

}  // namespace fleetmeter::ctl
