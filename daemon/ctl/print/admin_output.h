// Sources, and what people decided about the books. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter::ctl {

// `entries`: of which those about sources are shown.
std::string FormatSources(const v1::ListSourcesResponse& response,
                          const v1::ListEntriesResponse& entries, OutputFormat format);

// All entries.
std::string FormatEntries(const v1::ListEntriesResponse& response, OutputFormat format);

// One source, without entries about it.
Json SourceJson(const v1::Source& source);

// A sentence: what was decided, or that nothing was left to do. JSON: {"entry", "nothing_to_do"}.
std::string FormatDecision(const v1::DecisionResponse& response, OutputFormat format);
Json DecisionJson(const v1::DecisionResponse& response);

// What a reprice books, or would book: by segment, and what stays as it was.
std::string FormatReprice(const v1::DecisionResponse& response);
// The same, of which each difference.
Json RepriceJson(const v1::DecisionResponse& response);

}  // namespace fleetmeter::ctl
