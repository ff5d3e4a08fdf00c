#include "daemon/serve/query/capacity_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "daemon/base/text.h"
#include "daemon/domain/capacity/check_form.h"

namespace fleetmeter {
namespace {

// Of metadata, 8 KiB in all, a message may take so much; what is not printable ASCII takes three
// bytes for each.
constexpr size_t kMostEncodedBytes = 6'000;
constexpr std::string_view kCut = "\n... and more";

template <class Values>
std::string NamesOfValues(const Values& values) {
  std::string names;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string_view before = i == 0 ? "" : i + 1 == values.size() ? " or " : ", ";
    names += fmt::format("{}{}", before, capacity::Name(values[i]));
  }
  return names;
}

template <class Values>
void Complain(const char* field, const std::string& text, const Values& values,
              std::vector<Violation>* wrong) {
  wrong->push_back({field, fmt::format("is {}; expected {}", text.empty() ? "empty" : Quoted(text),
                                       NamesOfValues(values))});
}

std::optional<capacity::Roi> RoiOf(const v1::CapacityForm& form, std::vector<Violation>* wrong) {
  if (!form.has_roi()) return std::nullopt;
  const v1::Roi& roi = form.roi();
  const auto gain = capacity::ParseGain(roi.gain());
  if (!gain) {
    Complain("roi.gain", roi.gain(),
             std::array{capacity::Gain::kRevenue, capacity::Gain::kEfficiency}, wrong);
  }
  return capacity::Roi{.gain = gain.value_or(capacity::Gain::kRevenue),
                       .expected_micro_usd = roi.expected_micro_usd(),
                       .low_micro_usd = roi.low_micro_usd(),
                       .high_micro_usd = roi.high_micro_usd(),
                       .confidence_basis_points = roi.confidence_basis_points(),
                       .expected_by_unix_seconds = roi.expected_by_unix_seconds()};
}

void FillRoi(const capacity::Roi& from, v1::Roi* to) {
  to->set_gain(std::string(capacity::Name(from.gain)));
  to->set_expected_micro_usd(from.expected_micro_usd);
  to->set_low_micro_usd(from.low_micro_usd);
  to->set_high_micro_usd(from.high_micro_usd);
  to->set_confidence_basis_points(static_cast<uint32_t>(from.confidence_basis_points));
  to->set_expected_by_unix_seconds(from.expected_by_unix_seconds);
}

void FillGrant(const capacity::Grant& from, v1::CapacityGrant* to) {
  to->set_chips(from.chips);
  to->set_micro_h100e(from.worth.micro_h100e);
  to->set_start_unix_seconds(from.start_unix_seconds);
  to->set_end_unix_seconds(from.end_unix_seconds);
  to->set_decision(from.decision);
  to->set_identity(from.identity);
  to->set_reason(from.reason);
  to->set_decided_unix_nanos(from.at_unix_nanos);
}

void FillEnd(const capacity::CapacityEvent& event, v1::CapacityRequest* to) {
  to->set_ended_by(event.identity);
  to->set_ended_reason(event.reason);
  to->set_ended_unix_nanos(event.at_unix_nanos);
}

bool HasForm(capacity::Action action) {
  return action == capacity::Action::kSubmit || action == capacity::Action::kAmend;
}

template <class Message>
void FillDisplaced(const std::vector<capacity::Displaced>& from, Message* message) {
  for (const capacity::Displaced& displaced : from) {
    v1::DisplacedRequest& to = *message->add_displaces();
    to.set_request_id(displaced.request_id);
    to.set_granted(displaced.granted);
  }
}

void FillBeyond(const capacity::BeyondFit& from, v1::BeyondFit* to) {
  to->set_fits(from.fits);
  to->set_fits_micro_h100e(from.fits_micro_h100e);
  to->set_missing_micro_h100e(from.missing_micro_h100e);
  FillDisplaced(from.displaces, to);
}

// Of the rest, none begins a character.
bool IsContinued(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

size_t EncodedBytes(char byte) { return byte >= ' ' && byte <= '~' && byte != '%' ? 1 : 3; }

}  // namespace

capacity::CapacityForm FormOf(const v1::CapacityForm& message, std::vector<Violation>* wrong) {
  const auto nature = capacity::ParseNature(message.nature());
  if (!nature) Complain("nature", message.nature(), capacity::kNatures, wrong);
  capacity::CapacityForm form;
  form.request_id = message.request_id();
  form.pool = message.pool();
  form.team = message.team();
  form.chip = message.chip();
  form.chips = message.chips();
  if (message.has_cores()) form.cores = message.cores();
  form.start_unix_seconds = message.start_unix_seconds();
  form.hours = message.hours();
  form.workload = message.workload();
  form.workload_type = message.workload_type();
  form.model = message.model();
  form.run = message.run();
  form.nature = nature.value_or(capacity::Nature::kGrowthBet);
  form.goal = message.goal();
  form.roi = RoiOf(message, wrong);
  form.beyond_allocation = message.beyond_allocation();
  form.trade_off = message.trade_off();
  form.note = message.note();
  return form;
}

absl::StatusOr<capacity::Nature> ReadNature(const std::string& text) {
  if (const auto nature = capacity::ParseNature(text)) return *nature;
  std::vector<Violation> wrong;
  Complain("nature", text, capacity::kNatures, &wrong);
  return InvalidForm(wrong);
}

v1::CapacityForm FormMessage(const capacity::CapacityForm& form) {
  v1::CapacityForm message;
  message.set_request_id(form.request_id);
  message.set_pool(form.pool);
  message.set_team(form.team);
  message.set_chip(form.chip);
  message.set_chips(form.chips);
  if (form.cores) message.set_cores(*form.cores);
  message.set_start_unix_seconds(form.start_unix_seconds);
  message.set_hours(form.hours);
  message.set_workload(form.workload);
  message.set_workload_type(form.workload_type);
  message.set_model(form.model);
  message.set_run(form.run);
  message.set_nature(std::string(capacity::Name(form.nature)));
  message.set_goal(form.goal);
  if (form.roi) FillRoi(*form.roi, message.mutable_roi());
  message.set_beyond_allocation(form.beyond_allocation);
  message.set_trade_off(form.trade_off);
  message.set_note(form.note);
  return message;
}

v1::CapacityRequest RequestMessage(const capacity::CapacityRequest& request,
                                   int64_t now_unix_seconds) {
  v1::CapacityRequest message;
  *message.mutable_form() = FormMessage(request.form);
  message.set_state(std::string(capacity::Name(request.StateAt(now_unix_seconds))));
  message.set_micro_h100e(request.worth.micro_h100e);
  message.set_micro_h100e_hours(capacity::MicroH100eHours(request.worth, request.form.hours));
  message.set_catalog_version(request.worth.catalog_version);
  message.set_revision(request.revision);
  message.set_asked_by(request.asked_by);
  message.set_asked_unix_nanos(request.asked_unix_nanos);
  if (request.grant) FillGrant(*request.grant, message.mutable_grant());
  if (request.declined) FillEnd(*request.declined, &message);
  if (request.withdrawn) FillEnd(*request.withdrawn, &message);
  return message;
}

v1::CapacityEvent EventMessage(const capacity::CapacityEvent& event) {
  v1::CapacityEvent message;
  message.set_number(event.number);
  message.set_at_unix_nanos(event.at_unix_nanos);
  message.set_action(std::string(capacity::Name(event.action)));
  message.set_identity(event.identity);
  message.set_reason(event.reason);
  message.set_request_id(event.request_id);
  message.set_revision(event.revision);
  if (HasForm(event.action)) *message.mutable_form() = FormMessage(event.form);
  message.set_micro_h100e(event.worth.micro_h100e);
  message.set_catalog_version(event.worth.catalog_version);
  message.set_granted_chips(event.granted_chips);
  message.set_start_unix_seconds(event.start_unix_seconds);
  message.set_end_unix_seconds(event.end_unix_seconds);
  message.set_decision(event.decision);
  if (event.action != capacity::Action::kRank) return message;
  message.set_pool(event.pool);
  message.set_nature(std::string(capacity::Name(event.nature)));
  for (const std::string& workload : event.workloads) message.add_workloads(workload);
  return message;
}

v1::RankedCapacity RankedMessage(const capacity::RankedRequest& ranked, int64_t now_unix_seconds) {
  const capacity::CapacityRequest& request = *ranked.request;
  v1::RankedCapacity message;
  *message.mutable_request() = RequestMessage(request, now_unix_seconds);
  message.set_place(static_cast<uint32_t>(ranked.place));
  message.set_rule(std::string(capacity::Name(ranked.rule)));
  message.set_why(ranked.why);
  if (!request.form.roi) return message;
  const int64_t discounted = capacity::DiscountedMicroUsd(*request.form.roi);
  message.set_discounted_micro_usd(discounted);
  const int64_t hours = message.request().micro_h100e_hours();
  if (hours > 0) {
    message.set_discounted_usd_per_h100e_hour(static_cast<double>(discounted) /
                                              static_cast<double>(hours));
  }
  return message;
}

v1::CapacityFit FitMessage(const capacity::Fit& fit) {
  v1::CapacityFit message;
  message.set_fits(fit.fits);
  if (fit.from_unix_seconds) message.set_from_unix_seconds(*fit.from_unix_seconds);
  if (fit.until_unix_seconds) message.set_until_unix_seconds(*fit.until_unix_seconds);
  message.set_fits_micro_h100e(fit.fits_micro_h100e);
  message.set_missing_micro_h100e(fit.missing_micro_h100e);
  FillDisplaced(fit.displaces, &message);
  message.set_decided_by(fit.is_beyond ? "capacity_team" : "owner");
  if (fit.beyond) FillBeyond(*fit.beyond, message.mutable_beyond());
  for (const std::string& field : fit.needs) message.add_needs(field);
  for (const capacity::Lender& lender : fit.lenders) {
    v1::CapacityLender& to = *message.add_lenders();
    to.set_pool(lender.pool);
    to.set_micro_h100e(lender.micro_h100e);
  }
  return message;
}

void AddViolations(const std::vector<Violation>& violations, v1::CheckCapacityResponse* response) {
  for (const Violation& violation : violations) {
    v1::CapacityViolation& to = *response->add_violations();
    to.set_field(violation.path);
    to.set_message(violation.message);
  }
}

void FillBasis(const CapacityMoment& moment, v1::Basis* basis) {
  const Plan& plan = moment.plan();
  basis->set_plan(plan.name);
  basis->set_plan_version(plan.version);
  basis->set_scenario(plan.scenario);
  basis->set_catalog_version(moment.reference->catalog.version());
  basis->set_as_of_unix_nanos(moment.now_unix_nanos);
}

absl::Status InvalidForm(const std::vector<Violation>& violations) {
  std::string lines;
  for (const Violation& violation : violations) {
    lines += fmt::format("{}{}: {}", lines.empty() ? "" : "\n", violation.path, violation.message);
  }
  return absl::InvalidArgumentError(lines);
}

absl::Status Shortened(const absl::Status& status) {
  const std::string_view message(status.message().data(), status.message().size());
  size_t encoded = 0;
  size_t fits = 0;
  while (fits < message.size() && encoded <= kMostEncodedBytes) {
    encoded += EncodedBytes(message[fits++]);
  }
  if (encoded <= kMostEncodedBytes) return status;
  size_t end = message.rfind('\n', fits - 1);
  if (end == std::string_view::npos) {
    end = fits - 1;
    while (end > 0 && IsContinued(message[end])) --end;
  }
  return absl::Status(status.code(), std::string(message.substr(0, end)).append(kCut));
}

}  // namespace fleetmeter
