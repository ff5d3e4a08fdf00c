#include "collectors/mappings/chip_finder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxMappedHostBytes = 128;

// "node-1:9400" without its port; an IPv6 address stays as it is.
std::string WithoutPort(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::string(host);
  const std::string_view port = host.substr(colon + 1);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  const bool one_colon = host.find(':') == colon || host[colon - 1] == ']';
  return std::string(digits && one_colon ? host.substr(0, colon) : host);
}

bool IsUsableText(std::string_view text, size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && !FindInvalidUtf8(text) &&
         !HasControlCharacter(text);
}

}  // namespace

void ChipFinder::Add(const MappedRow& row) {
  const bool lists = Lists(row);
  if (!lists && !Speaks(row)) return;
  const auto host = HostOf(row);
  const auto identity = row.AnyLabel(mapping_.devices.identity);
  if (!host || !identity || !IsUsableText(*identity, kMaxMappedIdBytes)) {
    if (nameless_++ == 0) example_ = &row;
    return;
  }
  MappedChip* chip = ChipOf(*host, std::string(*identity));
  if (chip == nullptr) return;
  chip->rows.push_back(&row);
  chip->listed = chip->listed || lists;
}

// Of the first row that names no chip.
std::string ChipFinder::Complaint() const {
  const bool without_host = !HostOf(*example_);
  const MappedDevices& devices = mapping_.devices;
  return fmt::format("{}: {} names no {}; expected one of the labels {}", example_->place,
                     example_->Describe(), without_host ? "host" : "chip",
                     fmt::join(without_host ? devices.host : devices.identity, ", "));
}

bool ChipFinder::Lists(const MappedRow& row) const {
  return mapping_.devices.series.Takes(row) ||
         std::any_of(mapping_.activity.begin(), mapping_.activity.end(),
                     [&](const MappedSignal& signal) { return signal.series.Takes(row); });
}

// Of a chip that another row lists.
bool ChipFinder::Speaks(const MappedRow& row) const {
  const auto takes = [&](const auto& item) { return item.series.Takes(row); };
  const auto& more = mapping_.holder_series;
  return std::any_of(mapping_.productive.begin(), mapping_.productive.end(), takes) ||
         std::any_of(mapping_.health.begin(), mapping_.health.end(), takes) ||
         mapping_.devices.index_series.Takes(row) ||
         std::find(more.begin(), more.end(), row.name) != more.end();
}

std::optional<std::string> ChipFinder::HostOf(const MappedRow& row) const {
  const auto label = row.AnyLabel(mapping_.devices.host);
  std::string host = label ? WithoutPort(*label) : options_.host;
  if (!IsUsableText(host, kMaxMappedHostBytes)) return std::nullopt;
  return host;
}

MappedChip* ChipFinder::ChipOf(const std::string& name, const std::string& identity) {
  const auto [place, is_new] = by_name_.emplace(name, hosts_.size());
  if (is_new) hosts_.emplace_back().host = name;
  MappedHost& host = hosts_[place->second];
  const auto [found, is_new_chip] = host.by_identity.emplace(identity, host.chips.size());
  if (!is_new_chip) return &host.chips[found->second];
  if (++chips_ > options_.max_chips) {
    too_many_ = true;
    host.by_identity.erase(found);
    return nullptr;
  }
  host.chips.emplace_back().identity = identity;
  return &host.chips.back();
}

}  // namespace fleetmeter::collector
