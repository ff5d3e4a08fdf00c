// Processes of this machine, as /proc shows them: whose they are, for rules of attribution.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/attribution/attributes.h"
#include "collectors/process/cgroup.h"

namespace fleetmeter::collector {

struct ProcessFacts {
  int64_t pid = 0;
  bool found = false;   // /proc has it; else it has ended, or is another machine's
  CgroupFacts cgroup;   // empty if it may not be read
  std::string user;     // the name of its owner, or the number of it
  std::string command;  // its short name: "python3"
  // Of those that were asked for: names and values.
  std::vector<std::pair<std::string, std::string>> environment;
};

// Reads on demand and remembers nothing. Any thread.
class ProcessTable {
 public:
  // `environment` are the variables to look for, such as SLURM_JOB_ACCOUNT; no other is kept.
  // `root` is where /proc is: a container may have the machine's elsewhere.
  explicit ProcessTable(std::string root = "/proc", std::vector<std::string> environment = {});

  ProcessFacts Look(int64_t pid) const;

 private:
  std::string root_;
  std::vector<std::string> environment_;
};

// The attributes that AddProcessAttributes sets, for the vocabulary of a source:
//   pid (an integer), user, command, cgroup, unit, job, step, pod_uid, container_id, env.NAME
std::vector<AttributeSpec> ProcessAttributes();
void AddProcessAttributes(const ProcessFacts& process, Attributes& attributes);

// "job 123", "pod 0b2f...", "container 4f1c...", "serving.service", "python3 (4711)": processes of
// one name are one holder.
std::string HolderNameOf(const ProcessFacts& process);

}  // namespace fleetmeter::collector
