// One picture of the live table. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "daemon/ctl/print/pool_order.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

struct TopLook {
  // Lines are cut to the terminal's size; nullopt: not a terminal, nothing is cut.
  struct Size {
    size_t columns = 80;
    size_t rows = 24;
  };
  std::optional<Size> size;
  bool colors = false;
  bool unicode = false;  // bars of blocks, not of ASCII
};

struct TopState {
  std::string address;
  // The latest answer, which stays when the daemon is away.
  std::optional<v1::ListPoolsResponse> pools;
  // Why there is no newer answer.
  std::string trouble;
  PoolOrder order = {};
  bool types_filter = false;  // somebody is typing it
  std::string keys = {};      // what keys do; empty: nobody can press any
};

// Lines, each with its line end.
std::string TopPicture(const TopState& state, const TopLook& look);

// "underused" (utilization known and below 50%), "nearly full" (headroom below 5% of the
// allocation), both, or nothing.
std::string PoolMark(const v1::Pool& pool);

// "[#####-----]" for 0.5; more than 1 fills the bar, unknown gives spaces.
std::string UtilizationBar(std::optional<double> ratio, bool unicode);

}  // namespace fleetmeter::ctl
