// /metrics: who may read it, and the page in both of its forms, which is made on threads of its
// own. While it is made, the thread that serves connections answers everything else.
//
// Owned by the App; stops after the HTTP server. Thread-safe.
#pragma once

#include "daemon/accounting/writer.h"
#include "daemon/app/health.h"
#include "daemon/app/outcomes_part.h"
#include "daemon/app/scrapes.h"
#include "daemon/base/clock.h"
#include "daemon/base/workers.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/http/http_message.h"
#include "daemon/serve/metrics/daemon_metrics.h"
#include "daemon/serve/metrics/exposition_form.h"
#include "daemon/serve/metrics/exposition_pages.h"
#include "daemon/serve/metrics/metrics_page.h"
#include "daemon/view/grant_board.h"

namespace fleetmeter {

class MetricsPages {
 public:
  // All of it outlives the object.
  struct Parts {
    const Writer& writer;
    DaemonMetrics& metrics;
    OutcomesPart& outcomes;
    const GrantBoard* grants;  // null: the ledger is in memory
    const Health& health;
    Scrapes& scrapes;
    AccessControl& access;
    bool tls = false;  // whether who asks for numbers has to say who he is
  };

  explicit MetricsPages(const Parts& parts);
  ~MetricsPages() { Stop(); }
  MetricsPages(const MetricsPages&) = delete;
  MetricsPages& operator=(const MetricsPages&) = delete;

  // Replies on another thread, with a page that was begun after the call.
  void Answer(HttpRequest request, HttpReply reply);

  // The same families and series, for who takes them in another form. On the caller's thread.
  void Write(SeriesWriter& out) const;

  // Ends what is under way. What is asked from then on is not answered.
  void Stop() { workers_.Stop(); }

 private:
  MetricsSources Sources() const;
  HttpResponse Make(ExpositionForm form) const;
  // Whoever may not read numbers is told why.
  void AnswerIfAllowed(const HttpRequest& request, const HttpReply& reply);

  const Parts parts_;
  const SystemClock clock_;
  Workers workers_;
  ExpositionPages pages_;
};

}  // namespace fleetmeter
