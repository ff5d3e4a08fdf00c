#include "collectors/core/resume.h"

#include <fmt/format.h>

namespace fleetmeter::collector {
namespace {

constexpr char kLeave[] = "what it has not acknowledged goes to a new stream";

ResumeDecision Behind(const v1::Welcome& welcome, const OutboxPosition& own,
                      std::optional<uint64_t> own_digest, bool may_go_back) {
  const uint64_t next = welcome.next_sequence();
  const bool other_books = welcome.ledger_id().empty() || welcome.ledger_id() != own.ledger_id;
  if (!welcome.durable_books() || (other_books && next == 1)) {
    return {Resumption::kNewStream,
            fmt::format("it expects report {} of a stream of which {} were acknowledged: its books "
                        "began anew; {}",
                        next, own.acknowledged_through, kLeave)};
  }
  const bool matches = next == 1 || (own_digest && *own_digest == welcome.last_digest());
  const bool kept = own.first_kept <= next && matches;
  if (may_go_back && kept) {
    return {Resumption::kGoBack,
            fmt::format("its books were restored from an older backup: it expects report {} of a "
                        "stream of which {} were acknowledged; reports {} to {} are sent again",
                        next, own.acknowledged_through, next, own.acknowledged_through)};
  }
  return {Resumption::kRefuse,
          fmt::format(
              "its books were restored from an older backup: it expects report {} of a stream of "
              "which {} were acknowledged, so that reports {} to {} are missing in them; {}",
              next, own.acknowledged_through, next, own.acknowledged_through,
              kept ? "all of these are kept here: start with --recover-acknowledged to send them "
                     "again, or restore newer books"
              : own.first_kept > next
                  ? fmt::format("only those from {} on are kept here: restore newer books, or move "
                                "the spool away and accept the loss",
                                own.first_kept)
                  : "the reports kept here are not those that it counted: restore newer books, or "
                    "move the spool away and accept the loss")};
}

}  // namespace

ResumeDecision DecideResumption(const v1::Welcome& welcome, const OutboxPosition& own,
                                std::optional<uint64_t> own_digest, bool may_go_back) {
  const uint64_t next = welcome.next_sequence();
  if (next == 0) {
    return {Resumption::kRefuse, "it expects report 0; expected 1 or more"};
  }
  if (welcome.stream_retired() && own.acknowledged_through > 0) {
    return {Resumption::kNewStream,
            fmt::format("it keeps the position of this stream no longer, of which {} reports were "
                        "acknowledged; {}",
                        own.acknowledged_through, kLeave)};
  }
  if (next <= own.acknowledged_through) return Behind(welcome, own, own_digest, may_go_back);
  if (next > own.last + 1) {
    return {Resumption::kNewStream,
            fmt::format("it has counted {} reports of a stream of which {} were made here: the "
                        "spool was rolled back or cloned; {}",
                        next - 1, own.last, kLeave)};
  }
  // An older daemon gives no digest.
  if (next > 1 && own_digest && welcome.last_digest() != 0 &&
      *own_digest != welcome.last_digest()) {
    return {Resumption::kNewStream,
            fmt::format("report {} is not the one that it counted: the spool was rolled back or "
                        "cloned; {}",
                        next - 1, kLeave)};
  }
  return {};
}

}  // namespace fleetmeter::collector
