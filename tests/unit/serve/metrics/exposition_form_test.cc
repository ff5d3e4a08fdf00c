#include "daemon/serve/metrics/exposition_form.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

TEST(ExpositionForm, IsOpenMetricsForAPrometheusThatPrefersIt) {
  const char* const prefer[] = {
      // Prometheus 2.42, 2.53 and 3.
      "application/openmetrics-text;version=1.0.0,application/"
      "openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;"
      "q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version="
      "1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
      "application/openmetrics-text",
      "application/openmetrics-text; version=\"1.0.0\", */*",
      " Application/OpenMetrics-Text ; Version=1.0.0 ; Q=0.9 , text/plain;q=0.8",
  };
  for (const char* accept : prefer) {
    EXPECT_EQ(PreferredForm(accept), ExpositionForm::kOpenMetrics) << accept;
  }
}

TEST(ExpositionForm, IsTextForAllOthers) {
  const char* const prefer[] = {
      "",
      "*/*",
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "text/plain;version=0.0.4;q=1,*/*;q=0.1",
      "text/plain, application/openmetrics-text",
      "text/plain;q=0.5, application/openmetrics-text;q=0.4",
      "application/openmetrics-text;q=0",
      "application/openmetrics-text;q=high",
      "application/openmetrics-text;q=2",
      "application/openmetrics-text;version=0.0.1",  // another form
      "application/openmetrics-text;version=2.0.0",
      "application/openmetrics-texts",
      "text/plain;note=\"a, application/openmetrics-text\"",
      ";;;,,,=;q=,\"",
  };
  for (const char* accept : prefer) {
    EXPECT_EQ(PreferredForm(accept), ExpositionForm::kText) << accept;
  }
}

}  // namespace
}  // namespace fleetmeter
