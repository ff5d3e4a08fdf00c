// When sources told of their chips, as spans of time. For the readers of this folder.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

using Spans = std::vector<TimeSpan>;  // ascending, apart

// What was counted of a source, as far as its gaps are remembered.
Spans KnownSpans(const WindowSet& windows);

// Spans in any order, which may overlap, as one.
Spans Merged(Spans spans);

// The time that is in both.
Spans Common(const Spans& a, const Spans& b);

// [from, to) in seconds since 1970; nothing where it is empty.
Spans SpanOf(int64_t from_seconds, int64_t to_seconds);

// What `spans` leave of a span.
Spans LeftOf(TimeSpan span, const Spans& spans);

absl::int128 NanosOf(const Spans& spans);

// When any source told of its chips, also one that has left the books since.
absl::StatusOr<Spans> ReadToldSpans(Database& ledger);

}  // namespace fleetmeter
