// Where a stream goes on after the daemon's welcome: a decision, apart from carrying it out. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/core/outbox.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter::collector {

enum class Resumption {
  kGoOn,       // everything before the daemon's next sequence is settled
  kGoBack,     // the daemon's books are older: send again what they do not have
  kNewStream,  // leave this stream
  kRefuse,     // a person has to decide
};

struct ResumeDecision {
  Resumption what = Resumption::kGoOn;
  std::string why;  // for the log; empty with kGoOn
};

// `own_digest`: of our report before the daemon's next sequence, if it is kept. `may_go_back`: the
// operator allows sending again what was acknowledged.
ResumeDecision DecideResumption(const v1::Welcome& welcome, const OutboxPosition& own,
                                std::optional<uint64_t> own_digest, bool may_go_back);

}  // namespace fleetmeter::collector
