// Why a report is not counted. The set is closed, since the names are label values:
// reject_reasons.list is the one place where a reason is written down.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fleetmeter {

enum class RejectReason : uint8_t {
#define REASON(enumerator, name, mended, meaning) enumerator,
#include "daemon/domain/report/reject_reasons.list"
#undef REASON
};

inline constexpr std::array kRejectReasons = {
#define REASON(enumerator, name, mended, meaning) RejectReason::enumerator,
#include "daemon/domain/report/reject_reasons.list"
#undef REASON
};

// Where a reason stands in kRejectReasons: for arrays with an element for each.
constexpr size_t IndexOf(RejectReason reason) { return static_cast<size_t>(reason); }

// "window_overlap".
std::string_view Name(RejectReason reason);

// Some sentences: what it means, and what the sender can do.
std::string_view Meaning(RejectReason reason);

// Whether somebody else can mend it: whoever keeps the plan, the catalog or a clock. A sender that
// can defer reports is to keep such a report, and offer it again.
bool CanBeMended(RejectReason reason);

// Nothing for a name that this version does not know: books may hold those of others.
std::optional<RejectReason> FindRejectReason(std::string_view name);

// dashboards/REASONS.md.
std::string RejectReasonsPage();

}  // namespace fleetmeter
