// The margins of the windows, as Prometheus families.
#pragma once

#include <cstddef>
#include <map>

#include "daemon/domain/outcomes/margin.h"
#include "daemon/serve/http/text_format.h"
#include "daemon/view/outcome_board.h"

namespace fleetmeter {

// `names` says by which names each segment is told. Of models and of customer tiers at most `most`
// have series of their own. `view` may be null.
void WriteMarginFamilies(const OutcomeView* view,
                         const std::map<outcomes::Segment, outcomes::Segment>& names, size_t most,
                         TextWriter& out);

}  // namespace fleetmeter
