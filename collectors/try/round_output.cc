#include "collectors/try/round_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/wire/chip_state.h"

namespace fleetmeter::collector {
namespace {

using nlohmann::ordered_json;

constexpr double kPercent = 100;
constexpr char kNone[] = "-";
constexpr size_t kColumns = 10;
using Row = std::array<std::string, kColumns>;

double Ratio(Micro micro) { return static_cast<double>(micro) / static_cast<double>(kOne); }

// What exporters say may be any bytes; terminals and JSON want text.
std::string Clean(std::string text) {
  if (!FindInvalidUtf8(text) && !HasControlCharacter(text)) return text;
  return AsciiQuoted(text);
}

std::string OrNone(std::string text) { return text.empty() ? kNone : Clean(std::move(text)); }

std::string Percent(const std::optional<Micro>& micro) {
  return micro ? fmt::format("{:.1f}%", Ratio(*micro) * kPercent) : kNone;
}

std::string ChipOf(const ReportedPart& part) {
  if (!part.holding.chip.empty()) return Clean(part.holding.chip);
  return part.model.empty() ? "unknown" : "unknown: " + Clean(part.model);
}

std::string DeviceOf(const ReportedPart& part) {
  const std::string device = part.device.empty() ? part.uuid : part.device;
  return OrNone(part.part.empty() ? device : device + "/" + part.part);
}

Row RowOf(const std::string& host, const ReportedPart& part) {
  return {Clean(host),
          DeviceOf(part),
          ChipOf(part),
          fmt::format("{:.3g}", Ratio(part.share)),
          std::string(fleetmeter::Name(part.holding.state)),
          OrNone(part.holding.pool),
          OrNone(part.holding.team),
          OrNone(part.holding.workload),
          OrNone(part.holding.signal),
          Percent(part.activity)};
}

std::string Aligned(const std::vector<Row>& rows) {
  std::array<size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < kColumns; ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

struct Count {
  const char* name;
  const char* one;   // what it is if there is one
  const char* many;  // and if there are several
  int64_t value;
};

std::vector<Count> CountsOf(const ObservationCounts& counts) {
  return {{"clamped_readings", "reading a little outside 0 to 1, taken for 0 or 1",
           "readings a little outside 0 to 1, taken for 0 or 1", counts.readings.clamped},
          {"unmeasured_readings", "reading that cannot be; its chip is not measured",
           "readings that cannot be; their chips are not measured", counts.readings.unmeasured},
          {"bad_lines", "line that could not be read", "lines that could not be read",
           counts.bad_lines},
          {"duplicate_devices", "device with the UUID or the index of another one",
           "devices with the UUID or the index of another one", counts.duplicate_devices},
          {"unknown_kinds", "chip of an unknown kind", "chips of an unknown kind",
           counts.unknown_kinds},
          {"unattributed_chips", "chip in use that no rule takes",
           "chips in use that no rule takes", counts.unattributed_chips},
          {"disagreements", "disagreement between sources", "disagreements between sources",
           counts.disagreements},
          {"guessed_devices", "chip that was given a place by guess",
           "chips that were given a place by guess", counts.guessed_devices},
          {"left_out_hosts",
           "host left out, since the source that decides who holds its chips is silent",
           "hosts left out, since the source that decides who holds their chips is silent",
           counts.left_out_hosts},
          {"unheard_hosts", "host reported without the source that decides who holds its chips",
           "hosts reported without the source that decides who holds their chips",
           counts.unheard_hosts},
          {"alike_hosts", "pair of hosts that differ by a domain alone",
           "pairs of hosts that differ by a domain alone", counts.alike_hosts},
          {"unattributed_requests", "waiting request that no rule takes",
           "waiting requests that no rule takes", counts.unattributed_requests},
          {"unusable_requests", "waiting request whose chips cannot be",
           "waiting requests whose chips cannot be", counts.unusable_requests}};
}

// "1 chip", "2 chips", "0.5 chips".
std::string Chips(const std::string& amount) {
  return amount + (amount == "1" ? " chip" : " chips");
}

void Put(ordered_json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = Clean(text);
}

void Put(ordered_json& object, const char* key, const std::optional<Micro>& micro) {
  if (micro) object[key] = Ratio(*micro);
}

void PutHolding(ordered_json& object, const Holding& holding) {
  object["state"] = fleetmeter::Name(holding.state);
  Put(object, "pool", holding.pool);
  Put(object, "team", holding.team);
  Put(object, "workload", holding.workload);
  Put(object, "workload_type", holding.workload_type);
  Put(object, "served_model", holding.model);
  Put(object, "run", holding.run);
  Put(object, "signal", holding.signal);
}

ordered_json JsonOf(const ReportedPart& part) {
  ordered_json object;
  Put(object, "device", part.device);
  Put(object, "uuid", part.uuid);
  Put(object, "part", part.part);
  for (const std::string& name : part.also_called) object["also_called"].push_back(Clean(name));
  Put(object, "model", part.model);
  object["chip"] = part.holding.chip.empty() ? "unknown" : Clean(part.holding.chip);
  object["reported"] = !part.left_out;
  object["share"] = Ratio(part.share);
  PutHolding(object, part.holding);
  Put(object, "activity", part.activity);
  Put(object, "productive", part.productive);
  Put(object, "memory", part.memory);
  Put(object, "holder", part.holder);
  Put(object, "rule", part.rule);
  Put(object, "reason", part.reason);
  return object;
}

ordered_json CleanAll(const std::set<std::string>& texts) {
  ordered_json list = ordered_json::array();
  for (const std::string& text : texts) list.push_back(Clean(text));
  return list;
}

ordered_json JsonOf(const std::string& scheduler, const DemandReading& demand) {
  ordered_json object;
  Put(object, "scheduler", scheduler);
  Put(object, "holder", demand.holder.name);
  Put(object, "chip", demand.kind);
  Put(object, "model", demand.model);
  object["chips"] = demand.chips;
  object["requests"] = demand.requests;
  if (demand.waits_since_unix_nanos != 0) {
    object["waits_since_unix_nanos"] = demand.waits_since_unix_nanos;
  }
  Put(object, "reason", demand.reason);
  if (demand.holder.assignment) {
    Put(object, "pool", demand.holder.assignment->pool);
    Put(object, "team", demand.holder.assignment->team);
    Put(object, "workload", demand.holder.assignment->workload);
  }
  Put(object, "rule", demand.holder.rule);
  return object;
}

ordered_json JsonOf(const std::pair<std::string, absl::Status>& source) {
  ordered_json object;
  object["name"] = source.first;
  object["ok"] = source.second.ok();
  if (!source.second.ok()) {
    object["reason"] = ReasonOf(source.second);
    object["error"] = Clean(std::string(source.second.message()));
  }
  return object;
}

bool IsCalled(const ReportedPart& part, std::string_view name) {
  const auto& also = part.also_called;
  if (std::find(also.begin(), also.end(), name) != also.end()) return true;
  return name == part.device || name == part.uuid || name == part.part ||
         (!part.holder.empty() && name == part.holder) || name == std::to_string(part.number);
}

std::string ExplainPart(const std::string& host, const ReportedPart& part) {
  std::string text = fmt::format("{} device {} ({}, {:.3g} of the chip)\n", Clean(host),
                                 DeviceOf(part), ChipOf(part), Ratio(part.share));
  text += fmt::format("  It is {}", fleetmeter::Name(part.holding.state));
  if (!part.holding.pool.empty()) text += " in the pool " + Clean(part.holding.pool);
  if (!part.holding.team.empty()) text += ", team " + Clean(part.holding.team);
  text += ", because " + Clean(part.reason) + ".\n";
  for (const std::string& name : part.also_called) {
    text += fmt::format(
        "  It was taken for {}, which another source names without its chip: that is a guess.\n",
        Clean(name));
  }
  if (part.holding.state == v1::CHIP_STATE_ASSIGNED) {
    text += part.activity ? fmt::format("  It is {} active by the signal {}.\n",
                                        Percent(part.activity), Clean(part.holding.signal))
                          : "  Nobody measures its activity.\n";
  }
  if (part.holding.chip.empty()) {
    text +=
        "  It is in no report, since its kind is not known. The key chip_kinds of the "
        "configuration can name it.\n";
  }
  return text;
}

// What sources disagree about, or what else is odd, where it names the chip.
std::string RemarksOn(const ReportedPart& part, const std::vector<std::string>& remarks) {
  std::string text;
  for (const std::string& remark : remarks) {
    if (part.uuid.empty() || remark.find(part.uuid) == std::string::npos) continue;
    text += fmt::format("  {}\n", Clean(remark));
  }
  return text;
}

std::string ChipOf(const DemandReading& demand) {
  if (!demand.kind.empty()) return Clean(demand.kind);
  return demand.model.empty() ? "any kind" : "an unknown kind, " + Clean(demand.model);
}

std::string LeftOutText(const std::string& host) {
  return fmt::format("{}: left out, since nobody can say now who holds its chips\n", Clean(host));
}

std::string QueueText(const SchedulerDemand& demand) {
  if (demand.waiting.empty()) return fmt::format("{}: nothing waits\n", Clean(demand.scheduler));
  std::string text;
  for (const DemandReading& waiting : demand.waiting) {
    text += fmt::format("{}: {} waits for {}{}\n", Clean(demand.scheduler),
                        OrNone(waiting.holder.name), Chips(std::to_string(waiting.chips)),
                        waiting.reason.empty() ? "" : ": " + Clean(waiting.reason));
  }
  return text;
}

// "kueue: the pool training has a quota of 16 chips of h100, 12 reserved, 8 admitted".
std::string QuotaText(const PoolQuota& quota) {
  const auto chips = [](const std::optional<Micro>& amount) {
    return amount ? fmt::format("{:.10g}", Ratio(*amount)) : std::string("an unknown number of");
  };
  std::string text =
      fmt::format("{}: the pool {} has a quota of {} of {}", quota.source, Clean(quota.pool),
                  Chips(chips(quota.nominal)), quota.chip.empty() ? "any kind" : Clean(quota.chip));
  if (quota.reserved) text += fmt::format(", {} reserved", chips(quota.reserved));
  if (quota.admitted) text += fmt::format(", {} admitted", chips(quota.admitted));
  return text + "\n";
}

ordered_json JsonOf(const PoolQuota& quota) {
  ordered_json object;
  Put(object, "source", quota.source);
  Put(object, "pool", quota.pool);
  Put(object, "chip", quota.chip);
  Put(object, "nominal_chips", quota.nominal);
  Put(object, "reserved_chips", quota.reserved);
  Put(object, "admitted_chips", quota.admitted);
  return object;
}

std::string ExplainWaiting(const std::string& scheduler, const DemandReading& demand) {
  std::string text =
      fmt::format("{} waits at {} for {} of {}\n", OrNone(demand.holder.name), Clean(scheduler),
                  Chips(std::to_string(demand.chips)), ChipOf(demand));
  if (const auto& assignment = demand.holder.assignment) {
    text += fmt::format("  It is demand of the pool {}, team {}, because {}.\n",
                        Clean(assignment->pool), OrNone(assignment->team),
                        demand.holder.rule.empty()
                            ? "no rule takes it, with " + demand.holder.attributes.Describe()
                            : Clean(demand.holder.rule) + " took it");
  }
  return text;
}

}  // namespace

std::string RoundAsTable(const LiveRound& round, const ServedViews& served) {
  std::vector<Row> rows = {{"HOST", "DEVICE", "CHIP", "SHARE", "STATE", "POOL", "TEAM", "WORKLOAD",
                            "SIGNAL", "ACTIVITY"}};
  for (const JudgedHost& host : round.hosts) {
    for (const ReportedPart& part : host.parts) rows.push_back(RowOf(host.host, part));
  }
  std::string text = Aligned(rows);
  for (const std::string& host : round.left_out) {
    text += LeftOutText(host);
  }
  for (const SchedulerDemand& demand : round.demand) text += QueueText(demand);
  text += ServedAsTable(served);
  for (const PoolQuota& quota : round.quotas) text += QuotaText(quota);
  for (const Count& count : CountsOf(round.counts)) {
    if (count.value > 0)
      text += fmt::format("{} {}\n", count.value, count.value == 1 ? count.one : count.many);
  }
  for (const std::string& remark : round.remarks) text += Clean(remark) + "\n";
  for (const auto& [name, status] : round.sources) {
    if (status.ok()) continue;
    text += fmt::format("source {} failed: {}\n", name, Clean(std::string(status.message())));
  }
  return text;
}

std::string RoundAsJson(const LiveRound& round, const ServedViews& served) {
  ordered_json object;
  object["sources"] = ordered_json::array();
  for (const auto& source : round.sources) object["sources"].push_back(JsonOf(source));
  object["hosts"] = ordered_json::array();
  for (const JudgedHost& host : round.hosts) {
    ordered_json devices = ordered_json::array();
    for (const ReportedPart& part : host.parts) devices.push_back(JsonOf(part));
    object["hosts"].push_back({{"host", Clean(host.host)}, {"devices", std::move(devices)}});
  }
  object["left_out_hosts"] = ordered_json::array();
  for (const std::string& host : round.left_out) object["left_out_hosts"].push_back(Clean(host));
  object["unheard_hosts"] = ordered_json::array();
  for (const std::string& host : round.unheard) object["unheard_hosts"].push_back(Clean(host));
  object["demand"] = ordered_json::array();
  object["schedulers"] = ordered_json::array();
  for (const SchedulerDemand& demand : round.demand) {
    object["schedulers"].push_back(
        {{"scheduler", Clean(demand.scheduler)}, {"pools", CleanAll(demand.pools)}});
    for (const DemandReading& waiting : demand.waiting) {
      object["demand"].push_back(JsonOf(demand.scheduler, waiting));
    }
  }
  object["served"] = ordered_json::parse(ServedAsJson(served));
  object["quotas"] = ordered_json::array();
  for (const PoolQuota& quota : round.quotas) object["quotas"].push_back(JsonOf(quota));
  for (const Count& count : CountsOf(round.counts)) object["counts"][count.name] = count.value;
  object["remarks"] = ordered_json::array();
  for (const std::string& remark : round.remarks) object["remarks"].push_back(Clean(remark));
  return object.dump(2) + "\n";
}

std::string Explain(const LiveRound& round, std::string_view device) {
  std::string text;
  for (const JudgedHost& host : round.hosts) {
    for (const ReportedPart& part : host.parts) {
      if (!IsCalled(part, device) && host.host != device) continue;
      text += ExplainPart(host.host, part) + RemarksOn(part, round.remarks);
    }
  }
  for (const std::string& host : round.left_out) {
    if (host == device) text += LeftOutText(host);
  }
  for (const SchedulerDemand& demand : round.demand) {
    for (const DemandReading& waiting : demand.waiting) {
      if (waiting.holder.name == device) text += ExplainWaiting(demand.scheduler, waiting);
    }
  }
  return text;
}

}  // namespace fleetmeter::collector
