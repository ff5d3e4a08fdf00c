// Pools, for people and programs. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/output_format.h"
#include "daemon/ctl/print/table.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// All pools. Of the table, the columns that matter most and fit into `width`; 0: all of them. JSON:
// {"basis": {...}, "pools": [...], "orphaned": [...]}. CSV: one record a pool, without chips and
// teams.
std::string FormatPools(const v1::ListPoolsResponse& response, OutputFormat format,
                        size_t width = kUsualColumns);

// Every field of the proto, and assigned_chip_seconds; its chips also have
// {assigned,busy,productive}_chip_seconds. All exact decimal strings. Idle chips are null where no
// chip is read by itself.
Json PoolJson(const v1::Pool& pool);

std::string PoolCsvHeader();
std::vector<std::string> PoolCsvCells(const v1::Pool& pool);
std::string PoolCsvRecord(const v1::Pool& pool);

// Optional fields of a pool as optionals.
std::optional<double> KnownHeadroom(const v1::Pool& pool);
std::optional<double> Busy(const v1::Pool& pool);
std::optional<double> Idle(const v1::Pool& pool);
std::optional<double> IdleChips(const v1::Pool& pool);  // known with per-chip readings only
std::optional<double> Utilization(const v1::Pool& pool);

// "plan openb version 1 (replay), catalog version 1, 2026-01-01 08:00:00Z".
std::string BasisLine(const v1::Basis& basis);

}  // namespace fleetmeter::ctl
