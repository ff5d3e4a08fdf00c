#include "daemon/accounting/divide_submission.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace fleetmeter {
namespace {

// Of the parts that are not answered yet.
struct JointAnswer {
  SubmitResult sum;
  size_t left = 0;
  std::function<void(const SubmitResult&)> done;

  void Add(const SubmitResult& result) {
    if (sum.status.ok()) sum.status = result.status;
    sum.acknowledged_through = std::max(sum.acknowledged_through, result.acknowledged_through);
    sum.dispositions.insert(sum.dispositions.end(), result.dispositions.begin(),
                            result.dispositions.end());
    if (--left > 0) return;
    if (!sum.status.ok()) sum.dispositions.clear();
    done(sum);
  }
};

// Reports from `begin` to `end`, which are moved from.
Submission PartOf(Submission& whole, size_t begin, size_t end) {
  Submission part;
  part.stream = whole.stream;
  part.epoch = whole.epoch;
  part.replay_speed = whole.replay_speed;
  part.sent_unix_nanos = whole.sent_unix_nanos;
  part.history = whole.history;
  part.can_defer = whole.can_defer;
  part.oldest_deferred_unix_nanos = whole.oldest_deferred_unix_nanos;
  part.weight = whole.weight * (end - begin) / whole.reports.size();
  part.claims.all = whole.claims.all;
  for (size_t i = begin; i < end; ++i) {
    part.reports.push_back(std::move(whole.reports[i]));
    if (!whole.claims.each.empty()) part.claims.each.push_back(whole.claims.Of(i));
  }
  return part;
}

}  // namespace

std::vector<Submission> DivideSubmission(Submission submission, size_t parts) {
  auto joint = std::make_shared<JointAnswer>();
  joint->left = parts;
  joint->done = std::move(submission.done);
  std::vector<Submission> all;
  all.reserve(parts);
  const size_t reports = submission.reports.size();
  for (size_t i = 0; i < parts; ++i) {
    all.push_back(PartOf(submission, reports * i / parts, reports * (i + 1) / parts));
    all.back().done = [joint](const SubmitResult& result) { joint->Add(result); };
  }
  return all;
}

}  // namespace fleetmeter
