// The words in which requests for capacity are told: amounts, times, and sentences about what was
// decided and whether something fits. Pure; what comes from a daemon is made printable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

inline constexpr size_t kCapacityColumns = 80;  // of lines of text

// "48.0" of 48,000,000 millionths.
std::string H100eOfMicro(int64_t micro_h100e);

// "$1,500,000" of 1,500,000,000,000 micro-dollars; cents where there are any.
std::string UsdOfMicroUsd(int64_t micro_usd);

// "2026-12-01 09:00Z": of a full hour.
std::string HourText(int64_t unix_seconds);
// "2026-12-01".
std::string DayText(int64_t unix_seconds);

// "14 d", "36 h", "1 d 6 h".
std::string HoursText(int64_t hours);

// "16 b200", or "8 of 16 b200" of a part that was granted.
std::string ChipsText(const v1::CapacityRequest& request);

// "from 2026-12-01 09:00Z for 14 d, until 2026-12-15 09:00Z".
std::string TimeText(int64_t start_unix_seconds, int64_t end_unix_seconds);

// "revenue of $1,500,000 by 2027-03-31; with a probability of 90%, between $800,000 and
// $2,500,000".
std::string RoiText(const v1::Roi& roi);

// "asks for 16 b200 (48.0 H100e) of pool ...", "granted 8 chips (24.0 H100e) from ...": what an
// event decided, without who, when and why.
std::string EventText(const v1::CapacityEvent& event);
// The same, and which fields of the form an amendment changed. `before`: the form as it was,
// nullptr where it is not known.
std::string EventText(const v1::CapacityEvent& event, const v1::CapacityForm* before);

// Sentences: whether it fits, when it would, what it would displace and who could lend.
std::string FitText(const v1::CapacityFit& fit);

// A label, and text behind it that goes on below itself, in lines of at most 80 columns: every line
// of the text begins a line of its own. Nothing of an empty text.
std::string LabelledText(std::string_view label, std::string_view text);

// A title with a line for each request, as a decision is told: "rl-more  granted ...".
std::string RequestLine(const v1::CapacityRequest& request);

}  // namespace fleetmeter::ctl
