#include "daemon/serve/metrics/exposition_pages.h"

#include <string>
#include <utility>

namespace fleetmeter {

ExpositionPages::ExpositionPages(MakePage make, Workers& workers)
    : make_(std::move(make)),
      text_([this] { return Make(ExpositionForm::kText); }, workers),
      open_metrics_([this] { return Make(ExpositionForm::kOpenMetrics); }, workers) {}

void ExpositionPages::Answer(const HttpRequest& request, HttpReply reply) {
  const bool open = PreferredForm(request.Header("accept")) == ExpositionForm::kOpenMetrics;
  (open ? open_metrics_ : text_).Ask(request.AcceptsGzip(), std::move(reply));
}

HttpResponse ExpositionPages::Make(ExpositionForm form) const {
  HttpResponse page = make_(form);
  page.content_type = std::string(ContentType(form));
  page.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  return page;
}

}  // namespace fleetmeter
