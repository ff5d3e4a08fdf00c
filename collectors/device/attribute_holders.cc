#include "collectors/device/attribute_holders.h"

#include <fmt/format.h>

#include <utility>

namespace fleetmeter::collector {
namespace {

void AddPlace(const std::string& host, const DeviceReading& device, Attributes& attributes) {
  attributes.Set("host", host);
  attributes.Set("device", DeviceLabel(device));
  attributes.Set("chip", device.kind);
}

absl::Status AttributeOne(const AttributionRules& rules, Holder& holder) {
  if (auto decision = rules.Decide(holder.attributes)) {
    holder.assignment = std::move(decision->assignment);
    holder.rule = std::move(decision->rule);
    return absl::OkStatus();
  }
  if (!rules.RefusesUnmatched()) return absl::OkStatus();
  return absl::NotFoundError(
      fmt::format("no rule applies to {}; expected one that does, or unmatched: unattributed",
                  holder.attributes.Describe()));
}

// What a source that sees no holders at all leaves to the rules.
void AttributePlace(const AttributionRules& rules, const std::string& host,
                    const DeviceReading& device, DevicePart& part) {
  Holder place;
  place.by_place = true;
  AddPlace(host, device, place.attributes);
  auto decision = rules.Decide(place.attributes);
  if (!decision) return;
  place.assignment = std::move(decision->assignment);
  place.rule = std::move(decision->rule);
  part.holders.push_back(std::move(place));
}

absl::Status AttributePart(const AttributionRules& rules, const std::string& host,
                           const DeviceReading& device, DevicePart& part) {
  if (part.holders.empty() && part.knows_holders == Holders::kUnknown) {
    AttributePlace(rules, host, device, part);
    return absl::OkStatus();
  }
  for (Holder& holder : part.holders) {
    AddPlace(host, device, holder.attributes);
    if (absl::Status status = AttributeOne(rules, holder); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AttributeHolders(const AttributionRules& rules, HostReading& host) {
  for (DeviceReading& device : host.devices) {
    for (DevicePart& part : device.parts) {
      absl::Status status = AttributePart(rules, host.host, device, part);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status AttributeDemand(const AttributionRules& rules, std::vector<DemandReading>& demand) {
  for (DemandReading& waiting : demand) {
    waiting.holder.attributes.Set("chip", waiting.kind);
    if (absl::Status status = AttributeOne(rules, waiting.holder); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AttributeServed(const AttributionRules& rules, ServedReading& served) {
  for (ServedThing& thing : served.things) {
    if (absl::Status status = AttributeOne(rules, thing.holder); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AttributeQuotas(const AttributionRules& rules, std::vector<QuotaReading>& quotas) {
  for (QuotaReading& quota : quotas) {
    quota.holder.attributes.Set("chip", quota.kind);
    if (absl::Status status = AttributeOne(rules, quota.holder); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::collector
