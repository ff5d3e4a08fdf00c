#include "daemon/serve/api/pools_feed.h"

#include <utility>

#include "daemon/serve/api/message_json.h"
#include "daemon/serve/http/gzip.h"

namespace fleetmeter {

std::string PoolsFeed::Page::Gzipped() const {
  MutexLock lock(mutex_);
  if (gzipped_.empty()) gzipped_ = Gzip(json_);
  return gzipped_;
}

std::shared_ptr<const PoolsFeed::Page> PoolsFeed::Take() {
  MutexLock lock(mutex_);
  return TakeLocked();
}

std::shared_ptr<const PoolsFeed::Page> PoolsFeed::TakeAtLeisure() {
  MutexLock lock(mutex_);
  const bool rests = page_ != nullptr && clock_.MonotonicNanos() < rests_until_monotonic_;
  return rests ? page_ : TakeLocked();
}

std::shared_ptr<const PoolsFeed::Page> PoolsFeed::TakeLocked() {
  // Read before the numbers are: what changes in between is then taken anew the next time.
  const uint64_t version = query_.version();
  if (page_ != nullptr && version == version_) return page_;
  const int64_t start = clock_.MonotonicNanos();
  Make();
  version_ = version;
  const int64_t end = clock_.MonotonicNanos();
  rests_until_monotonic_ = end + kRestFactor * (end - start);
  return page_;
}

void PoolsFeed::Make() {
  v1::ListPoolsResponse answer;
  query_.AnswerAllPools(brief_, &answer);
  std::string json = MessageJson(answer);
  std::string substance = QueryService::Substance(std::move(answer));
  const uint64_t before = page_ == nullptr ? 0 : page_->change();
  page_ = std::make_shared<const Page>(std::move(json), before + (substance == substance_ ? 0 : 1));
  substance_ = std::move(substance);
}

}  // namespace fleetmeter
