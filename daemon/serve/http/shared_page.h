// A page that takes long to make: made on a worker, once for all who ask for it before it is begun.
// So what is answered was made after it was asked for, and it is made by one thread at a time.
//
// Thread-safe. The workers have stopped before it goes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/mutex.h"
#include "daemon/serve/http/http_message.h"
#include "daemon/serve/http/workers.h"

namespace fleetmeter {

class SharedPage {
 public:
  // So many may wait for a page that is not begun. A connection asks for one thing at a time, and
  // their number is limited; those that ask and go do not make it more.
  static constexpr size_t kMostWaiting = 1'024;

  // `make` gives the page, without compression. `workers` outlives the object.
  SharedPage(std::function<HttpResponse()> make, Workers& workers)
      : make_(std::move(make)), workers_(workers) {}

  // Replies from a worker, compressed for who takes gzip; or at once, with 503, where kMostWaiting
  // wait already.
  void Ask(bool gzip, HttpReply reply);

 private:
  struct Waiting {
    bool gzip = false;
    HttpReply reply;
  };

  // False: too many wait.
  bool Join(bool gzip, HttpReply* reply);
  void Make();

  const std::function<HttpResponse()> make_;
  Workers& workers_;
  Mutex mutex_;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);  // for a page that is not begun
  bool made_soon_ ABSL_GUARDED_BY(mutex_) = false;        // a worker makes one, or will
};

}  // namespace fleetmeter
