#include "daemon/serve/api/pools_feed.h"

#include <utility>

#include "daemon/serve/api/message_json.h"
#include "daemon/serve/http/gzip.h"

namespace fleetmeter {

std::shared_ptr<const PoolsFeed::Page> PoolsFeed::Take() {
  MutexLock lock(mutex_);
  // Read before the numbers are: what changes in between is then taken anew the next time.
  const uint64_t version = query_.version();
  if (page_ != nullptr && version == version_) return page_;
  v1::ListPoolsResponse answer;
  query_.AnswerAllPools(&answer);
  auto page = std::make_shared<Page>();
  page->json = MessageJson(answer);
  page->gzipped = Gzip(page->json);
  std::string substance = QueryService::Substance(std::move(answer));
  page->change = (page_ == nullptr ? 0 : page_->change) + (substance == substance_ ? 0 : 1);
  substance_ = std::move(substance);
  version_ = version;
  page_ = std::move(page);
  return page_;
}

}  // namespace fleetmeter
