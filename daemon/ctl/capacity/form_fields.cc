#include "daemon/ctl/capacity/form_fields.h"

#include <algorithm>
#include <optional>

#include "daemon/ctl/capacity/capacity_values.h"

namespace fleetmeter::ctl {
namespace {

using v1::CapacityForm;
using v1::Roi;

// protobuf's setters of texts are templates, which cannot be pointed at.
#define FLEETMETER_TEXT(field)                      \
  [](const std::string& text, CapacityForm* form) { \
    if (IsUtf8(text)) form->set_##field(text);      \
    return IsUtf8(text);                            \
  }

template <class Value>
bool Give(const std::optional<Value>& value, CapacityForm* form, void (CapacityForm::*set)(Value)) {
  if (value) (form->*set)(*value);
  return value.has_value();
}

template <class Value>
bool GiveRoi(const std::optional<Value>& value, CapacityForm* form, void (Roi::*set)(Value)) {
  if (value) (form->mutable_roi()->*set)(*value);
  return value.has_value();
}

bool SetGain(const std::string& text, CapacityForm* form) {
  if (text != "revenue" && text != "efficiency") return false;
  form->mutable_roi()->set_gain(text);
  return true;
}

bool SetNature(const std::string& text, CapacityForm* form) {
  if (text != "critical" && text != "company_goal" && text != "growth_bet") return false;
  form->set_nature(text);
  return true;
}

}  // namespace

const std::vector<FormField>& FormFields() {
  static const std::vector<FormField> kFields = {
      {"id", "request_id", "ID",
       "The id of the request: letters, digits and . _ -, at most 64. The same id is the same "
       "request",
       kTextExpected, FLEETMETER_TEXT(request_id)},
      {"pool", "pool", "POOL", "The pool that the capacity is asked from", kTextExpected,
       FLEETMETER_TEXT(pool)},
      {"team", "team", "TEAM", "The team that asks", kTextExpected, FLEETMETER_TEXT(team)},
      {"chip", "chip", "KIND", "The kind of chip, as the catalog names it", kTextExpected,
       FLEETMETER_TEXT(chip)},
      {"chips", "chips", "N", "How many chips", kCountExpected,
       [](const std::string& text, CapacityForm* form) {
         return Give(ParseCount(text), form, &CapacityForm::set_chips);
       }},
      {"cores", "cores", "N", "The CPU cores beside the chips, where they are known",
       kCountExpected,
       [](const std::string& text, CapacityForm* form) {
         return Give(ParseCount(text), form, &CapacityForm::set_cores);
       }},
      {"start", "start_unix_seconds", "TIME",
       "The first hour: a full hour such as 2026-12-01T09:00Z, or a date (its midnight, UTC)",
       kHourExpected,
       [](const std::string& text, CapacityForm* form) {
         return Give(ParseHour(text), form, &CapacityForm::set_start_unix_seconds);
       }},
      {"for", "hours", "DURATION", "For how long, in full hours: 14d or 36h", kHoursExpected,
       [](const std::string& text, CapacityForm* form) {
         return Give(ParseHours(text), form, &CapacityForm::set_hours);
       }},
      {"workload", "workload", "NAME", "The workload that it will serve", kTextExpected,
       FLEETMETER_TEXT(workload)},
      {"workload_type", "workload_type", "TYPE",
       "The type of the workload, by which some chips are worth more or less", kTextExpected,
       FLEETMETER_TEXT(workload_type)},
      {"model", "model", "NAME", "The model that it serves or trains", kTextExpected,
       FLEETMETER_TEXT(model)},
      {"run", "run", "NAME", "The training run that it is for", kTextExpected,
       FLEETMETER_TEXT(run)},
      {"nature", "nature", "NATURE", "critical, company_goal or growth_bet",
       "critical, company_goal or growth_bet", SetNature},
      {"goal", "goal", "NAME",
       "The goal of the company that it serves. Only the nature company_goal has one",
       kTextExpected, FLEETMETER_TEXT(goal)},
      {"trade_off", "trade_off", "TEXT",
       "What is given up for it. It must be said of a request beyond the allocation", kTextExpected,
       FLEETMETER_TEXT(trade_off)},
      {"note", "note", "TEXT", "Whatever else those who decide should know", kTextExpected,
       FLEETMETER_TEXT(note)},
      {"roi.gain", "roi.gain", "GAIN", "What it brings: revenue or efficiency",
       "revenue or efficiency", SetGain},
      {"roi.expected", "roi.expected_micro_usd", "USD",
       "What it is expected to bring over its whole duration, such as 1.5M", kUsdExpected,
       [](const std::string& text, CapacityForm* form) {
         return GiveRoi(ParseUsd(text), form, &Roi::set_expected_micro_usd);
       }},
      {"roi.low", "roi.low_micro_usd", "USD", "The low end of the confidence interval",
       kUsdExpected,
       [](const std::string& text, CapacityForm* form) {
         return GiveRoi(ParseUsd(text), form, &Roi::set_low_micro_usd);
       }},
      {"roi.high", "roi.high_micro_usd", "USD", "The high end of the confidence interval",
       kUsdExpected,
       [](const std::string& text, CapacityForm* form) {
         return GiveRoi(ParseUsd(text), form, &Roi::set_high_micro_usd);
       }},
      {"roi.confidence", "roi.confidence_basis_points", "PERCENT",
       "The probability that it lies in the interval, such as 90%", kConfidenceExpected,
       [](const std::string& text, CapacityForm* form) {
         return GiveRoi(ParseConfidence(text), form, &Roi::set_confidence_basis_points);
       }},
      {"roi.by", "roi.expected_by_unix_seconds", "DATE", "The day (UTC) by which it has come",
       kDayExpected,
       [](const std::string& text, CapacityForm* form) {
         return GiveRoi(ParseDay(text), form, &Roi::set_expected_by_unix_seconds);
       }},
  };
  return kFields;
}

#undef FLEETMETER_TEXT

std::string FlagOf(std::string_view key) {
  std::string flag = "--" + std::string(key);
  std::replace_if(flag.begin(), flag.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  return flag;
}

std::string KeyOfMessageField(const std::string& name) {
  for (const FormField& field : FormFields()) {
    if (name == field.message) return field.key;
  }
  return name;
}

std::string FlagOfMessageField(const std::string& name) {
  if (name == kBeyondKey) return kBeyondFlag;
  for (const FormField& field : FormFields()) {
    if (name == field.message) return FlagOf(field.key);
  }
  return name;
}

}  // namespace fleetmeter::ctl
