#include "collectors/live/kubernetes/slices.h"

#include <initializer_list>
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

std::string FirstText(const json& attributes, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string text = AttributeText(attributes, name); !text.empty()) return text;
  }
  return {};
}

// AMD's driver gives no UUIDs. A driver that makes partitions when they are claimed publishes all
// that it could make, and names their mode otherwise.
void ReadAmd(const json& attributes, SliceDevice& read) {
  const std::string type = AttributeText(attributes, "type");
  if (!type.starts_with("amdgpu")) return;
  read.amd_place = FirstText(
      attributes, {"parentPciAddr", "pciAddr", "resource.kubernetes.io/pciBusID", "pciBusID"});
  read.is_amd_partition = type == "amdgpu-partition";
  read.profile = FirstText(attributes, {"partitionProfile", "computePartition"});
  for (char& c : read.profile) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  read.may_be_made = read.is_amd_partition && AttributeText(attributes, "partitionProfile").empty();
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
  // AWS' driver names the machine, whose family has one kind of chip.
  read.model = FirstText(attributes, {"productName", "instanceType"});
  read.may_be_made = !read.parent_uuid.empty();
  ReadAmd(attributes, read);
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
