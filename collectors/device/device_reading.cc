#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

ObservationCounts& ObservationCounts::operator+=(const ObservationCounts& other) {
  readings += other.readings;
  bad_lines += other.bad_lines;
  duplicate_devices += other.duplicate_devices;
  unknown_kinds += other.unknown_kinds;
  unattributed_chips += other.unattributed_chips;
  disagreements += other.disagreements;
  guessed_devices += other.guessed_devices;
  alike_hosts += other.alike_hosts;
  left_out_hosts += other.left_out_hosts;
  unheard_hosts += other.unheard_hosts;
  withheld_chips += other.withheld_chips;
  unattributed_requests += other.unattributed_requests;
  unusable_requests += other.unusable_requests;
  return *this;
}

std::string DeviceLabel(const DeviceReading& device) {
  if (!device.uuid.empty()) return device.uuid;
  return device.index ? std::to_string(*device.index) : "";
}

}  // namespace fleetmeter::collector
