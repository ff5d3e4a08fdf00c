#include "collectors/live/kubernetes/slices.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace fleetmeter::collector {
namespace {

using nlohmann::json;

const json& MemberOf(const json& object, const char* key) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

std::string SliceText(const json& object, const char* key) {
  const json& value = MemberOf(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

// An attribute's value is {"string": "..."}.
std::string AttributeText(const json& attributes, const char* name) {
  return SliceText(MemberOf(attributes, name), "string");
}

SliceDevice DeviceOf(const json& device, const std::string& node) {
  // The betas before v1beta2 have a level more.
  const json& basic = MemberOf(device, "basic");
  const json& attributes = MemberOf(basic.is_object() ? basic : device, "attributes");
  SliceDevice read;
  read.node = node;
  read.uuid = AttributeText(attributes, "uuid");
  read.parent_uuid = AttributeText(attributes, "parentUUID");
  read.profile = AttributeText(attributes, "profile");
  read.model = AttributeText(attributes, "productName");
  return read;
}

void AddSlice(const json& slice, ResourceSlices& slices) {
  const json& spec = MemberOf(slice, "spec");
  const std::string driver = SliceText(spec, "driver");
  const std::string pool = SliceText(MemberOf(spec, "pool"), "name");
  const std::string node = SliceText(spec, "nodeName");
  const json& devices = MemberOf(spec, "devices");
  if (driver.empty() || !devices.is_array()) return;
  for (const json& device : devices) {
    const std::string name = SliceText(device, "name");
    if (!name.empty()) slices.try_emplace({driver, pool, name}, DeviceOf(device, node));
  }
}

}  // namespace

absl::StatusOr<ResourceSlices> ReadResourceSlices(std::string_view text) {
  const json list = json::parse(text, nullptr, false);
  const json& items = MemberOf(list, "items");
  if (!items.is_array() && !(items.is_null() && list.is_object() && list.contains("items"))) {
    return absl::InvalidArgumentError(
        "is no list of resource slices; expected JSON with a list \"items\"");
  }
  ResourceSlices slices;
  if (items.is_array()) {
    for (const json& slice : items) AddSlice(slice, slices);
  }
  return slices;
}

}  // namespace fleetmeter::collector
