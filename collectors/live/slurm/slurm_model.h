// Nodes and jobs as Slurm tells them, in one form for all its versions and for text. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/live/slurm/slurm_gres.h"

namespace fleetmeter::collector {

struct SlurmNode {
  std::string name;
  // Upper case, base state and flags together: {"IDLE", "DRAIN"}.
  std::vector<std::string> states;
  std::vector<SlurmGres> gres;          // what it has
  std::vector<SlurmGres> gres_used;     // what of it is allocated, if `tells_used`
  std::vector<SlurmGres> gres_drained;  // what of it takes no new work
  bool tells_used = false;
  std::vector<std::string> features;
  std::string reason;
};

struct SlurmJob {
  std::string id;  // "62377", or "8_3" for a task of an array
  std::string name;
  std::string user;
  std::string account;
  std::vector<std::string> partitions;  // that it runs in, or may run in
  std::string qos;
  std::string reservation;
  std::string wckey;
  std::string comment;
  std::string cluster;
  // Upper case: {"RUNNING", "COMPLETING"}.
  std::vector<std::string> states;

  std::string nodes;       // a host list
  int64_t node_count = 0;  // that it has or asks for; 0: not told
  int64_t tasks = 0;       // likewise
  // What it holds on each of its nodes, in their order. Empty: not told.
  std::vector<std::vector<SlurmGres>> detail;
  std::vector<SlurmGres> allocated;  // in all
  std::vector<SlurmGres> requested;  // in all
  std::vector<SlurmGres> per_job;
  std::vector<SlurmGres> per_node;
  std::vector<SlurmGres> per_task;

  std::string reason;  // why it waits
  // -1: not told. 0: held.
  int64_t priority = -1;
  int64_t submitted_unix_seconds = 0;  // 0: not told
  int64_t eligible_unix_seconds = 0;   // 0: not told, or not eligible yet
  std::string array_job_id;            // empty: no array
  std::string array_tasks;             // "0-9%2": tasks that wait, in one record
};

// What one answer held.
struct SlurmNodes {
  std::vector<SlurmNode> nodes;
  int64_t bad_lines = 0;  // entries that could not be understood
  std::vector<std::string> remarks;
};
struct SlurmJobs {
  std::vector<SlurmJob> jobs;
  int64_t bad_lines = 0;
  std::vector<std::string> remarks;
};

// How many remarks an answer keeps at most.
inline constexpr size_t kMostSlurmRemarks = 5;

}  // namespace fleetmeter::collector
