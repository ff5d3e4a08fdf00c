// What the exports of history share: which times they speak of, and pages of some families.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "daemon/serve/metrics/metric_group.h"
#include "daemon/serve/metrics/text_format.h"

namespace fleetmeter::ctl {

// The times from, from + step, ... to; seconds since 1970.
struct ExportTimes {
  int64_t from = 0;
  int64_t to = 0;
  int64_t step = 0;
};

// The families of the group with these names, as /metrics writes them.
template <class Figures>
void WriteFamilies(const MetricGroup<Figures>& group, std::initializer_list<std::string_view> names,
                   const Figures& figures, std::string* page) {
  TextWriter writer(*page);
  for (const Family<Figures>& family : group.families) {
    if (std::find(names.begin(), names.end(), family.metric.name) == names.end()) continue;
    writer.Begin(family.metric);
    family.write_series(figures, writer);
  }
}

}  // namespace fleetmeter::ctl
