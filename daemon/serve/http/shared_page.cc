#include "daemon/serve/http/shared_page.h"

#include <memory>
#include <utility>

#include "daemon/serve/http/gzip.h"

namespace fleetmeter {
namespace {

using Bytes = std::shared_ptr<const std::string>;

// A page as it goes out, in both of its forms: bytes that all answers have in common.
class SharedBytes {
 public:
  explicit SharedBytes(HttpResponse page)
      : plain_(std::make_shared<const std::string>(std::move(page.body))), head_(std::move(page)) {
    head_.body.clear();
  }

  HttpResponse For(bool gzip) {
    HttpResponse answer = head_;
    answer.shared_body = plain_;
    if (!gzip || plain_->size() < kSmallestGzip) return answer;
    if (zipped_ == nullptr) zipped_ = std::make_shared<const std::string>(Gzip(*plain_));
    answer.shared_body = zipped_;
    answer.headers.emplace_back("Content-Encoding", "gzip");
    return answer;
  }

 private:
  const Bytes plain_;
  Bytes zipped_;
  HttpResponse head_;
};

}  // namespace

void SharedPage::Ask(bool gzip, HttpReply reply) {
  if (Join(gzip, &reply)) return;
  reply({.status = 503,
         .body = "Too many wait for this page. Ask again in a second.\n",
         .headers = {{"Retry-After", "1"}}});
}

bool SharedPage::Join(bool gzip, HttpReply* reply) {
  MutexLock lock(mutex_);
  if (waiting_.size() >= kMostWaiting) return false;
  waiting_.push_back({gzip, std::move(*reply)});
  if (!std::exchange(made_soon_, true)) workers_.Add([this] { Make(); });
  return true;
}

void SharedPage::Make() {
  std::vector<Waiting> asked;
  {
    MutexLock lock(mutex_);
    asked.swap(waiting_);
  }
  SharedBytes page(make_());
  for (Waiting& one : asked) one.reply(page.For(one.gzip));
  MutexLock lock(mutex_);
  made_soon_ = !waiting_.empty();
  if (made_soon_) workers_.Add([this] { Make(); });
}

}  // namespace fleetmeter
