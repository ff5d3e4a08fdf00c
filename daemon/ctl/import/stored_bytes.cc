#include "daemon/ctl/import/stored_bytes.h"

#include <array>
#include <variant>

namespace fleetmeter::imports {
namespace {

constexpr int kBitsOfAByte = 7;  // the eighth says that another one follows
constexpr int kSignBit = 63;

// Every label of a group, in one order for those who write and those who read.
template <class Group>
auto LabelsOf(Group& group) {
  return std::array{&group.chip,          &group.pool,  &group.team, &group.workload,
                    &group.workload_type, &group.model, &group.run,  &group.signal};
}

}  // namespace

// Small numbers, also below 0, take one byte.
void StoredWriter::Put(int64_t value) {
  uint64_t rest = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> kSignBit);
  while (rest >= 0x80) {
    bytes_.push_back(static_cast<char>(rest | 0x80));
    rest >>= kBitsOfAByte;
  }
  bytes_.push_back(static_cast<char>(rest));
}

void StoredWriter::Put(const std::optional<int64_t>& value) {
  bytes_.push_back(value ? '\1' : '\0');
  if (value) Put(*value);
}

void StoredWriter::Put(std::string_view text) {
  Put(static_cast<int64_t>(text.size()));
  bytes_.append(text);
}

void StoredWriter::Put(const UsageGroup& group) {
  bytes_.push_back(static_cast<char>(group.state));
  for (const std::string* label : LabelsOf(group)) Put(std::string_view(*label));
  Put(group.chip_nanos);
  Put(group.busy_chip_nanos);
  Put(group.productive_chip_nanos);
}

void StoredWriter::Put(const LineSet& lines) {
  Put(static_cast<int64_t>(lines.ranges().size()));
  for (const LineSet::Range& range : lines.ranges()) {
    Put(range.first);
    Put(range.last - range.first);
  }
}

void StoredWriter::Put(const ImportReport& planned) {
  const auto& report = std::get<UsageReport>(planned.report);
  Put(planned.lines);
  Put(planned.repeated);
  Put(std::string_view(report.source));
  Put(report.window_start_unix_nanos);
  Put(report.window_length_nanos);
  Put(report.duration_nanos);
  Put(static_cast<int64_t>(report.groups.size()));
  for (const UsageGroup& group : report.groups) Put(group);
}

int64_t StoredReader::Int() {
  uint64_t bits = 0;
  for (int shift = 0; !bytes_.empty(); shift += kBitsOfAByte) {
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return static_cast<int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

std::optional<int64_t> StoredReader::OptionalInt() {
  const bool given = bytes_.starts_with('\1');
  bytes_.remove_prefix(1);
  return given ? std::optional(Int()) : std::nullopt;
}

std::string StoredReader::Text() {
  const auto size = static_cast<size_t>(Int());
  std::string text(bytes_.substr(0, size));
  bytes_.remove_prefix(size);
  return text;
}

UsageGroup StoredReader::Group() {
  UsageGroup group;
  group.state = static_cast<ChipState>(bytes_.front());
  bytes_.remove_prefix(1);
  for (std::string* label : LabelsOf(group)) *label = Text();
  group.chip_nanos = Int();
  group.busy_chip_nanos = OptionalInt();
  group.productive_chip_nanos = OptionalInt();
  return group;
}

LineSet StoredReader::Lines() {
  LineSet lines;
  for (int64_t left = Int(); left > 0; --left) {
    const int64_t first = Int();
    lines.Add(LineSet::Range{first, first + Int()});
  }
  return lines;
}

ImportReport StoredReader::Report() {
  ImportReport planned;
  planned.lines = Lines();
  planned.repeated = Int();
  UsageReport& report = planned.report.emplace<UsageReport>();
  report.source = Text();
  report.window_start_unix_nanos = Int();
  report.window_length_nanos = Int();
  report.duration_nanos = Int();
  report.groups.resize(static_cast<size_t>(Int()));
  for (UsageGroup& group : report.groups) group = Group();
  return planned;
}

void PutOrdered(int64_t value, std::string* key) {
  // As unsigned, from the smallest to the largest.
  const uint64_t bits = static_cast<uint64_t>(value) ^ (uint64_t{1} << kSignBit);
  for (int shift = 56; shift >= 0; shift -= 8) key->push_back(static_cast<char>(bits >> shift));
}

void PutOrdered(std::string_view text, std::string* key) {
  key->append(text);
  key->push_back('\0');
}

}  // namespace fleetmeter::imports
