// The parts of the published site. Pure.
#pragma once

#include <vector>

#include "daemon/ctl/report/allocation_answers.h"
#include "daemon/ctl/report/document.h"
#include "daemon/ctl/report/published_site.h"

namespace fleetmeter::ctl::report {

// How capacity is valued: the framework's assumptions and their arithmetic.
std::vector<Section> MethodSections(const Answers& answers);
// How requests are ranked, what follows from outcomes, and what the words mean.
std::vector<Section> RuleSections();

std::vector<Section> PlanSections(const Answers& answers, Audience audience);
std::vector<Section> PoolSections(const Answers& answers, Audience audience);
std::vector<Section> AskSections();
std::vector<Section> DecisionSections(const Answers& answers, Audience audience);

}  // namespace fleetmeter::ctl::report
