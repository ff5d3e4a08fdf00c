// The two forms that /metrics comes in, and which of them a scraper prefers. Pure.
#pragma once

#include <string_view>

namespace fleetmeter {

enum class ExpositionForm {
  kText,         // the Prometheus text format, version 0.0.4
  kOpenMetrics,  // OpenMetrics, version 1.0.0
};

// "text/plain; version=0.0.4; charset=utf-8"
std::string_view ContentType(ExpositionForm form);

// What `accept`, the header of a request, prefers (RFC 9110, section 12.5.1): OpenMetrics where it
// is named, in a version that we write, with a higher quality than text/plain has. A range such as
// */* names neither. So whoever says nothing gets the text format.
ExpositionForm PreferredForm(std::string_view accept);

}  // namespace fleetmeter
