#include "collectors/join/keys.h"

#include <gtest/gtest.h>

#include "collectors/join/join_hosts.h"

namespace fleetmeter::collector {
namespace {

SourceReading ReadingOf(const std::string& source, const std::string& uuid, Micro activity) {
  SourceReading reading;
  reading.source = source;
  HostReading& host = reading.hosts.emplace_back();
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = uuid;
  if (activity > 0) device.parts[0].activity = activity;
  return reading;
}

TEST(SameUuid, TakesEveryWayToWriteOne) {
  EXPECT_TRUE(SameUuid("GPU-df6e-A", "gpu-DF6E-a"));
  EXPECT_TRUE(SameUuid("GPU-df6e-a", "df6e-a"));
  EXPECT_FALSE(SameUuid("GPU-df6e-a", "MIG-df6e-a"));
  EXPECT_FALSE(SameUuid("df6e-a", "df6e-b"));
}

// nvidia_gpu_exporter leaves out the prefix that the kubelet and the driver have.
TEST(JoinHosts, CountsAChipOnceWhoseUuidOneSourceWritesWithoutItsPrefix) {
  const JoinedHosts joined = JoinHosts(
      {ReadingOf("kubelet", "GPU-df6e-a", 0), ReadingOf("exporter", "df6e-a", 700'000)}, {});
  ASSERT_EQ(joined.hosts.size(), 1U);
  ASSERT_EQ(joined.hosts[0].devices.size(), 1U);
  EXPECT_EQ(joined.hosts[0].devices[0].parts.at(0).activity, 700'000);
  EXPECT_EQ(joined.counts.disagreements, 0);
}

}  // namespace
}  // namespace fleetmeter::collector
