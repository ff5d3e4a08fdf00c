// What waits for chips of a pool, in words. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// "45 s", "12 min", "3 h 12 min", "5 d 2 h"; "-" for nothing.
std::string WaitText(std::optional<int64_t> seconds);

// "96.0", or "96.0 + 8 chips" if the worth of some chips is not known; "-" if nobody tells.
std::string DemandAmount(const v1::Pool& pool);

// "-" if nobody tells, or nothing waits.
std::string OldestWaitText(const v1::Pool& pool);

// "96.0 H100e in 12 requests, the oldest for 3 h 12 min, half of them for 40 min or longer".
std::string DemandSentence(const v1::Pool& pool);

// What of it could start: "64.0 H100e within the headroom, 16.0 H100e by borrowing".
std::string ServableText(const v1::Pool& pool);

}  // namespace fleetmeter::ctl
