// Readings of chips and hosts for tests of joining.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collectors/join/join_hosts.h"

namespace fleetmeter::collector {

// A chip whose activity (in millionths) a signal measures. Nobody says who holds it.
inline DeviceReading Measured(uint32_t index, const std::string& uuid, Micro activity) {
  DeviceReading device;
  device.index = index;
  device.uuid = uuid;
  device.kind = "h100";
  device.parts[0].activity = activity;
  device.parts[0].signal = "gr_engine_active";
  return device;
}

// A chip that a pool holds. Nothing measures it.
inline DeviceReading HeldBy(const std::string& uuid, const std::string& pool) {
  DeviceReading device;
  device.uuid = uuid;
  DevicePart& part = device.parts[0];
  part.knows_holders = Holders::kKnown;
  Holder& holder = part.holders.emplace_back();
  holder.name = pool;
  holder.assignment.emplace();
  holder.assignment->pool = pool;
  return device;
}

// What a source says of one host. The lower precedence comes first.
inline SourceReading Reading(const std::string& source, int64_t holders, int64_t activity,
                             std::vector<DeviceReading> devices, Listing listing = Listing::kAll,
                             const std::string& host = "node-1") {
  SourceReading reading;
  reading.source = source;
  reading.precedence_of_holders = holders;
  reading.precedence_of_activity = activity;
  HostReading& only = reading.hosts.emplace_back();
  only.host = host;
  only.devices = std::move(devices);
  only.listing = listing;
  return reading;
}

}  // namespace fleetmeter::collector
