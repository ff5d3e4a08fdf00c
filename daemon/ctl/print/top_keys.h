// What keys do to the live table. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "daemon/ctl/print/pool_order.h"

namespace fleetmeter::ctl {

// "s sort  r reverse  / filter  q quit".
inline constexpr char kTopKeysHelp[] = "s sort  r reverse  / filter  q quit";

// Belongs to one thread.
class TopKeys {
 public:
  explicit TopKeys(PoolOrder order) : order_(std::move(order)) {}

  // False: it is time to end. Keys after that are left.
  bool Press(std::string_view typed);

  // What the filter is while it is typed, too.
  const PoolOrder& order() const { return order_; }
  bool types_filter() const { return types_filter_; }

 private:
  bool PressOne(char key);
  void TypeFilter(char key);
  void SortByNext();

  PoolOrder order_;
  bool types_filter_ = false;
};

}  // namespace fleetmeter::ctl
