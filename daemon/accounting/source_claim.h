// What the rules of access say of a sender and the source that it reports for. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fleetmeter {

enum class SourceClaim : uint8_t {
  kUnchecked,  // senders cannot be told apart: a source belongs to nobody
  kFirstUse,   // no rule speaks of it: it belongs to whoever registered it first
  kByRule,     // a rule gives it to the sender, whoever had it before
  kForbidden,  // a rule keeps it from the sender
};

// Of the reports of a submission.
struct SourceClaims {
  SourceClaim all = SourceClaim::kUnchecked;
  std::vector<SourceClaim> each = {};  // one a report; empty: all have the same

  SourceClaim Of(size_t report) const { return report < each.size() ? each[report] : all; }
};

}  // namespace fleetmeter
