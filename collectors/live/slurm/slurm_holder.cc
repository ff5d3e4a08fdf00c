#include "collectors/live/slurm/slurm_holder.h"

namespace fleetmeter::collector {

Vocabulary SlurmVocabulary() {
  return {{{"job_id"},
           {"job_name"},
           {"array_job_id"},
           {"user"},
           {"account"},
           {"partition"},
           {"partitions", AttributeKind::kTexts},
           {"qos"},
           {"reservation"},
           {"wckey"},
           {"comment"},
           {"cluster"},
           {"gpus", AttributeKind::kInteger},
           {"nodes", AttributeKind::kInteger}}};
}

Holder SlurmHolder(const SlurmJob* job, int64_t gpus) {
  Holder holder;
  if (job == nullptr) {
    holder.name = "a job that Slurm does not list";
    return holder;
  }
  holder.name = "job " + job->id;
  Attributes& attributes = holder.attributes;
  attributes.Set("job_id", job->id);
  attributes.Set("job_name", job->name);
  attributes.Set("array_job_id", job->array_job_id);
  attributes.Set("user", job->user);
  attributes.Set("account", job->account);
  if (!job->partitions.empty()) attributes.Set("partition", job->partitions.front());
  attributes.Set("partitions", job->partitions);
  attributes.Set("qos", job->qos);
  attributes.Set("reservation", job->reservation);
  attributes.Set("wckey", job->wckey);
  attributes.Set("comment", job->comment);
  attributes.Set("cluster", job->cluster);
  attributes.Set("gpus", gpus);
  if (job->node_count > 0) attributes.Set("nodes", job->node_count);
  return holder;
}

}  // namespace fleetmeter::collector
