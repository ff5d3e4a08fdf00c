#include "daemon/ctl/print/top_keys.h"

#include <algorithm>
#include <cstdint>

namespace fleetmeter::ctl {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kDelete = '\x7f';
constexpr size_t kLongestFilter = 64;

// Whether the byte goes on with a character of several bytes.
bool Continues(char c) { return (static_cast<uint8_t>(c) & 0xC0U) == 0x80; }

}  // namespace

bool TopKeys::Press(std::string_view typed) {
  // Arrows and the like begin with an escape, and the rest of them is no key of ours.
  if (typed.size() > 1 && typed.front() == kEscape) return true;
  return std::all_of(typed.begin(), typed.end(), [this](char key) { return PressOne(key); });
}

bool TopKeys::PressOne(char key) {
  if (types_filter_) {
    TypeFilter(key);
    return true;
  }
  switch (key) {
    case 'q':
      return false;
    case 's':
      SortByNext();
      return true;
    case 'r':
      order_.reverse = !order_.reverse;
      return true;
    case '/':
      types_filter_ = true;
      order_.filter.clear();
      return true;
    case kEscape:
      order_.filter.clear();
      return true;
    default:
      return true;
  }
}

void TopKeys::TypeFilter(char key) {
  std::string& filter = order_.filter;
  if (key == '\n' || key == '\r') {
    types_filter_ = false;
  } else if (key == kEscape) {
    types_filter_ = false;
    filter.clear();
  } else if (key == kDelete || key == '\b') {
    while (!filter.empty() && Continues(filter.back())) filter.pop_back();
    if (!filter.empty()) filter.pop_back();
  } else if (static_cast<uint8_t>(key) >= 0x20 && filter.size() < kLongestFilter) {
    filter += key;
  }
}

void TopKeys::SortByNext() {
  const auto& names = PoolSortNames();
  auto at = std::find(names.begin(), names.end(), order_.sort);
  if (at != names.end()) ++at;
  order_.sort = at == names.end() ? names.front() : *at;
}

}  // namespace fleetmeter::ctl
