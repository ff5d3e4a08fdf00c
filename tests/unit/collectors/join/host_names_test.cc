#include "collectors/join/host_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SourceReading Named(const std::string& source,
                    const std::vector<std::pair<std::string, std::string>>& uuids_by_host) {
  SourceReading reading;
  reading.source = source;
  for (const auto& [name, uuid] : uuids_by_host) {
    HostReading& host = reading.hosts.emplace_back();
    host.host = name;
    host.devices.emplace_back().uuid = uuid;
  }
  return reading;
}

TEST(DifferByDomain, TakesOneNameWithADomainAndOneWithout) {
  EXPECT_TRUE(DifferByDomain("node1", "node1.cluster.example"));
  EXPECT_TRUE(DifferByDomain("node1.cluster.example", "node1"));
  EXPECT_FALSE(DifferByDomain("node1", "node1"));
  EXPECT_FALSE(DifferByDomain("node1.a.example", "node1.b.example"));
  EXPECT_FALSE(DifferByDomain("10", "10.0.0.1")) << "an address has no domain";
}

TEST(LearnAliases, JoinsTwoNamesWhoseChipsHaveOneUuidAndKeepsThat) {
  JoinOptions options;
  const std::vector<SourceReading> readings = {Named("dcgm", {{"node1.cluster.example", "GPU-a"}}),
                                               Named("kubelet", {{"node1", "gpu-A"}})};
  EXPECT_THAT(LearnAliases(readings, options), IsEmpty());
  EXPECT_EQ(ReportedHostName("node1.cluster.example", options), "node1");
  EXPECT_THAT(JoinHosts(readings, options).hosts, SizeIs(1));
  // Also in a look in which the one source is silent.
  EXPECT_THAT(LearnAliases({readings[0]}, options), IsEmpty());
  EXPECT_EQ(JoinHosts({readings[0]}, options).hosts.at(0).host, "node1");
}

TEST(LearnAliases, SaysWhatToSetWhereNoUuidShowsThatTheyAreOne) {
  JoinOptions options;
  const auto left = LearnAliases(
      {Named("dcgm", {{"node1.cluster.example", "GPU-a"}}), Named("slurm", {{"node1", ""}})},
      options);
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_THAT(left[0].Remark(), HasSubstr("node1 and node1.cluster.example (of slurm and dcgm)"));
  EXPECT_THAT(left[0].Remark(), HasSubstr("strip_domain: true"));
  EXPECT_THAT(options.aliases, IsEmpty());
}

TEST(LearnAliases, JoinsNothingWhereTwoDomainsFitOneName) {
  JoinOptions options;
  const auto left = LearnAliases(
      {Named("dcgm", {{"node1.a.example", "GPU-a"}}), Named("nvml", {{"node1.b.example", "GPU-b"}}),
       Named("kubelet", {{"node1", "GPU-a"}})},
      options);
  EXPECT_THAT(left, SizeIs(2));
  EXPECT_THAT(options.aliases, IsEmpty());
}

TEST(LearnAliases, TakesTheWordOfASourceThatHasBothNames) {
  JoinOptions options;
  const SourceReading both = Named("promql", {{"node1", "GPU-a"}, {"node1.b.example", "GPU-b"}});
  EXPECT_THAT(LearnAliases({both}, options), IsEmpty());
  EXPECT_THAT(options.aliases, IsEmpty());
}

TEST(LearnAliases, HasNothingToSayWhereDomainsAreStripped) {
  JoinOptions options{.strip_domain = true, .aliases = {}};
  EXPECT_THAT(
      LearnAliases({Named("dcgm", {{"node1.a", ""}}), Named("slurm", {{"node1", ""}})}, options),
      IsEmpty());
}

}  // namespace
}  // namespace fleetmeter::collector
