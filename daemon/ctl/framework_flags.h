// Flags that several of the commands about the allocation framework and its plans have.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace fleetmeter::ctl {

// --plan: the file of a framework, or of a plan.
CLI::Option* AddPlanFile(CLI::App& app, const std::string& help, std::string* path);

// --set KEY=VALUE, any number of times.
CLI::Option* AddSet(CLI::App& app, std::vector<std::string>* set);

CLI::Option* AddScenario(CLI::App& app, const std::string& help, std::string* scenario);

// --catalog: what a plan is checked against.
CLI::Option* AddCatalog(CLI::App& app, std::string* path);

}  // namespace fleetmeter::ctl
