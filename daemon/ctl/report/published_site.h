// The site that is published for all teams: by which method capacity is allocated, what the plan
// is, how to ask, and what was decided and why. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/ctl/report/allocation_answers.h"
#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// What a page may tell depends on who reads it.
enum class Audience : uint8_t {
  // Everybody: no number of a team or of a single request, no ROI, no identity. Pools with their
  // owners and headroom are shown, and the reasons of decisions word by word.
  kAll,
  // Those who decide: teams, requests with their H100e, ROI, and who decided.
  kCommittee,
};

struct SitePage {
  std::string file;  // "plan.html"
  Document document;
};

// The first one is index.html.
std::vector<SitePage> MakeSite(const Answers& answers, Audience audience);

// Pages by the names of their files. They link to each other only.
std::map<std::string, std::string> RenderSite(const std::vector<SitePage>& pages);

}  // namespace fleetmeter::ctl::report
