#include "daemon/ctl/capacity/told_fields.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "daemon/ctl/capacity/form_fields.h"

namespace fleetmeter::ctl {
namespace {

// Behind the index of "decisions[3].chips"; npos: it is no such field.
size_t BehindIndex(const std::string& field) {
  if (!field.starts_with("decisions[")) return std::string::npos;
  const size_t end = field.find("].");
  return end == std::string::npos ? end : end + 2;
}

// The key of a file of decisions, whose flags are called likewise.
std::string KeyOfPart(const std::string& part) {
  static const std::map<std::string, std::string> kKeys = {{"chips", "grant"},
                                                           {"hours", "for"},
                                                           {"request_id", "request"},
                                                           {"start_unix_seconds", "start"}};
  const auto found = kKeys.find(part);
  return found == kKeys.end() ? part : found->second;
}

// Where the name of a field may begin in what a daemon said: on each line, and behind its address.
size_t FieldBegin(std::string_view line) {
  constexpr std::string_view kWho = "fleetmeterd at ";
  const size_t behind = line.starts_with(kWho) ? line.find(": ", kWho.size()) : std::string::npos;
  return behind == std::string::npos ? 0 : behind + 2;
}

std::string LineWithFieldAs(const FieldNamer& name_of, std::string_view line) {
  const size_t begin = FieldBegin(line);
  const size_t end = line.find(": ", begin);
  if (end == std::string_view::npos) return std::string(line);
  return std::string(line.substr(0, begin)) +
         name_of(std::string(line.substr(begin, end - begin))) + std::string(line.substr(end));
}

}  // namespace

std::string FlagOfForm(const std::string& field) {
  if (field == "reason" || field == "revision") return FlagOf(field);
  return FlagOfMessageField(field);
}

std::string FlagOfRelease(const std::string& field) {
  if (field == "end_unix_seconds") return "--at";
  return field == "reason" ? FlagOf(field) : field;
}

std::string FlagOfDecision(const std::string& field) {
  const size_t part = BehindIndex(field);
  if (part == std::string::npos) return field == "reason" ? FlagOf(field) : field;
  return FlagOf(KeyOfPart(field.substr(part)));
}

std::string KeyOfDecision(const std::string& field) {
  const size_t part = BehindIndex(field);
  return part == std::string::npos ? field : field.substr(0, part) + KeyOfPart(field.substr(part));
}

absl::Status WithFieldsAs(const FieldNamer& name_of, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  const std::string said(status.message());
  std::string out;
  for (size_t at = 0; at <= said.size();) {
    const size_t end = std::min(said.find('\n', at), said.size());
    if (at > 0) out += '\n';
    out += LineWithFieldAs(name_of, std::string_view(said).substr(at, end - at));
    at = end + 1;
  }
  return absl::InvalidArgumentError(out);
}

}  // namespace fleetmeter::ctl
