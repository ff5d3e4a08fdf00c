// A page of metrics in both of its forms. Each is made on a worker, once for all who ask for it
// before it is begun, so the thread that serves connections answers everything else meanwhile.
//
// Thread-safe. The workers have stopped before it goes.
#pragma once

#include <functional>

#include "daemon/base/workers.h"
#include "daemon/serve/http/http_message.h"
#include "daemon/serve/http/shared_page.h"
#include "daemon/serve/metrics/exposition_form.h"

namespace fleetmeter {

class ExpositionPages {
 public:
  // `make` gives the page in a form: its body, and what is done when it was sent. Workers call it,
  // for both forms at the same time if there are two of them. `workers` outlives the object.
  using MakePage = std::function<HttpResponse(ExpositionForm form)>;
  ExpositionPages(MakePage make, Workers& workers);

  // Replies on a worker, in the form that the request prefers, with a page begun after the call.
  void Answer(const HttpRequest& request, HttpReply reply);

 private:
  // With what both forms say of themselves.
  HttpResponse Make(ExpositionForm form) const;

  const MakePage make_;
  SharedPage text_;
  SharedPage open_metrics_;
};

}  // namespace fleetmeter
