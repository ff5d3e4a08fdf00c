// What `fleetmeter-collector try` prints of a round of looks. Pure.
#pragma once

#include <string>
#include <string_view>

#include "collectors/live/live_group.h"
#include "collectors/try/served_output.h"

namespace fleetmeter::collector {

// A table of chips, then what is worth knowing beside it.
std::string RoundAsTable(const LiveRound& round, const ServedViews& served = {});

// An object with sources, hosts, left_out_hosts, demand, schedulers, served, counts and remarks.
// What is not known is absent.
std::string RoundAsJson(const LiveRound& round, const ServedViews& served = {});

// For a device by its number, UUID, part or holder ("pod ml/train-0"), for all of a host by its
// name, or for who waits by its name: why it went where it went, a paragraph for each of its parts,
// with the remarks that name it. Empty: there is none of that name.
std::string Explain(const LiveRound& round, std::string_view device);

}  // namespace fleetmeter::collector
