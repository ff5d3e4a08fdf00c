// What /proc/PID/cgroup says about who runs a process. Pure.
//
//   Slurm, v1            /slurm/uid_1000/job_123/step_0/task_0
//   Slurm, v2            /system.slice/slurmstepd.scope/job_123/step_0/user/task_0
//   Kubernetes, cgroupfs /kubepods/burstable/pod<uid>/<container id>
//   Kubernetes, systemd
//   /kubepods.slice/.../kubepods-burstable-pod<uid>.slice/cri-containerd-<id>.scope containers
//   /docker/<id>, /machine.slice/libpod-<id>.scope services /system.slice/serving.service
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fleetmeter::collector {

struct CgroupFacts {
  std::string path;            // the longest one, as it stands
  std::string slurm_job;       // "123"
  std::string slurm_step;      // "0", "batch", "extern", "interactive"
  std::string kubernetes_pod;  // its UID, with hyphens: "0b2f..."; of a static pod 32 digits
  std::string container;       // its id, 64 hexadecimal digits
  std::string unit;  // "serving.service": the innermost service, if nothing above is known
};

// Of the whole text, with a line for each hierarchy. What several lines say differently is taken
// from the first one.
CgroupFacts ParseCgroup(std::string_view text);

}  // namespace fleetmeter::collector
