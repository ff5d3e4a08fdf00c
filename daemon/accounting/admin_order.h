// What a person asks the writer to decide about the books, and what became of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/accounting/source_claim.h"
#include "daemon/accounting/usage_correction.h"
#include "daemon/ledger/admin_entry.h"

namespace fleetmeter {

struct AdminOrder {
  AdminAction action = AdminAction::kForget;
  std::string identity;    // from the transport, never from the payload
  std::string reason;      // not empty
  std::string source;      // all but reprice
  std::string new_source;  // rename
  std::string new_owner;   // move
  int64_t from_day = 0;    // reprice: seconds since 1970, half-open
  int64_t to_day = 0;
  bool dry_run = false;  // say what it would be, and change nothing
  UsageTold told;        // correct_usage; its source is the one above
  // correct_usage: what the rules say of who asks and the source.
  SourceClaim claim = SourceClaim::kUnchecked;
  // reprice, correct_usage: the digest of the preview that was agreed to; 0: of none. What it would
  // be by now must be the same.
  uint64_t agreed_digest = 0;
};

// InvalidArgument: the reason is missing, too long or no text.
absl::Status CheckReason(const AdminOrder& order);

// What stays as it was although its price may have changed.
struct NotRepriced {
  std::string model;
  std::string customer_tier;
  std::string why;  // a sentence without its end
  int64_t requests = 0;
};

struct AdminAnswer {
  // NotFound: no such source. FailedPrecondition: it cannot be decided so; the message says why.
  // Unavailable, ResourceExhausted: nothing has changed; try again.
  absl::Status status;
  // Nothing was left to do: it was decided before, or there is no difference. `entry` is the entry
  // of then, if there is one.
  bool nothing_to_do = false;
  AdminEntry entry;
  std::vector<NotRepriced> not_repriced;
  uint64_t digest = 0;  // reprice, correct_usage: of what it books
  // correct_usage: of the reports that were told, and of what differs.
  std::vector<UsageStanding> standings;
  std::vector<UsageChange> usage_changes;
};

using AdminDone = std::function<void(const AdminAnswer&)>;

}  // namespace fleetmeter
