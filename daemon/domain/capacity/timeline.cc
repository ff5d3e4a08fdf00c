// What a pool has allocated and committed over time.
#include <algorithm>

#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/commitment_walk.h"
#include "daemon/domain/capacity/commitments.h"

namespace fleetmeter::capacity {
namespace {

PoolSpan SpanOf(const CommitmentWalk& walk, const std::string& pool) {
  const PoolLoad* load = walk.Find(pool);
  const PoolLoad nothing;
  if (load == nullptr) load = &nothing;
  return {.from_unix_seconds = walk.from_unix_seconds(),
          .to_unix_seconds = walk.to_unix_seconds(),
          .allocated_micro_h100e = load->allocated,
          .committed_micro_h100e = Saturated(load->committed()),
          .beyond_micro_h100e = Saturated(load->beyond),
          .uncommitted_micro_h100e = Saturated(load->uncommitted())};
}

bool SaysTheSame(const PoolSpan& a, const PoolSpan& b) {
  return a.allocated_micro_h100e == b.allocated_micro_h100e &&
         a.committed_micro_h100e == b.committed_micro_h100e &&
         a.beyond_micro_h100e == b.beyond_micro_h100e;
}

}  // namespace

std::vector<PoolSpan> PoolTimeline(const CapacityBook& book, const ReferenceData& reference,
                                   const std::string& pool, int64_t from_unix_seconds,
                                   int64_t to_unix_seconds) {
  std::vector<Commitment> commitments = CommitmentsOf(book);
  std::erase_if(commitments, [&](const Commitment& each) { return each.pool != pool; });
  std::vector<PoolSpan> spans;
  CommitmentWalk walk(std::move(commitments), reference, from_unix_seconds, to_unix_seconds);
  while (walk.Next()) {
    const PoolSpan span = SpanOf(walk, pool);
    if (spans.empty() || !SaysTheSame(spans.back(), span)) {
      spans.push_back(span);
    } else {
      spans.back().to_unix_seconds = span.to_unix_seconds;
    }
  }
  return spans;
}

}  // namespace fleetmeter::capacity
