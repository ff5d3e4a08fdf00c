// A scenario, and what an allocation is good for, for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/print/table.h"
#include "fleetmeter/v1/plan.pb.h"

namespace fleetmeter::ctl {

// "framework allocation-framework version 1, compared with recommendation; set training.growth=3".
std::string FrameworkLine(const v1::FrameworkBasis& basis);

// Tiers, the breakout of P1 and P2, and the outcome; with line ends.
std::string ScenarioText(const v1::ScenarioResult& scenario);

// A row of the table `outcomes` for each figure: its name, and its value in each of them.
void AddOutcomeRows(const std::vector<const v1::OutcomeResult*>& outcomes, Table* table);

// Hours of a category; 0 if the list does not have it.
double HoursOf(const google::protobuf::RepeatedPtrField<v1::CategoryResult>& categories,
               std::string_view category);
double ShareOf(const google::protobuf::RepeatedPtrField<v1::CategoryResult>& categories,
               std::string_view category);

}  // namespace fleetmeter::ctl
