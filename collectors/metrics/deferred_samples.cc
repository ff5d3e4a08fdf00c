#include "collectors/metrics/deferred_samples.h"

#include <map>
#include <string>
#include <vector>

#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

// Names are what sources and plans make them: these many of the largest groups, and the rest
// together.
constexpr size_t kMostDeferredGroups = 20;

void WriteGroups(const PipelineStats& stats, SeriesWriter& out) {
  std::map<std::string, uint64_t> others;  // by reason
  const std::vector<DeferredGroup>& groups = stats.outbox.deferred.groups;
  for (size_t i = 0; i < groups.size(); ++i) {
    const DeferredGroup& group = groups[i];
    if (i < kMostDeferredGroups) {
      out.Sample({stats.source, group.reason, group.subject}, static_cast<double>(group.reports));
    } else {
      others[group.reason] += group.reports;
    }
  }
  for (const auto& [reason, reports] : others) {
    out.Sample({stats.source, reason, "other"}, static_cast<double>(reports));
  }
}

}  // namespace

void WriteDeferred(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) WriteGroups(stats, out);
}

void WriteDeferredBytes(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    out.Sample({stats.source}, static_cast<double>(stats.outbox.deferred.bytes));
  }
}

void WriteDeferredWait(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    out.Sample({stats.source}, ToSeconds(stats.outbox.deferred.oldest_wait_nanos));
  }
}

void WriteDeferredLost(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    for (const auto& [reason, count] : stats.outbox.deferred.lost) {
      out.Sample({stats.source, reason}, static_cast<double>(count));
    }
  }
}

}  // namespace fleetmeter::collector
