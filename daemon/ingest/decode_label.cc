#include "daemon/ingest/decode_label.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/base/text.h"

namespace fleetmeter {

std::optional<Rejection> CheckLabel(const std::string& value, const char* field) {
  const auto bad = [&](std::string detail) {
    return Rejection{RejectReason::kBadLabel, field, std::move(detail)};
  };
  if (value.size() > kMaxLabelBytes) {
    return bad(
        fmt::format("label is {} bytes long; expected at most {}", value.size(), kMaxLabelBytes));
  }
  if (const auto offset = FindInvalidUtf8(value)) {
    return bad(fmt::format("label is not UTF-8 at byte {}; expected UTF-8", *offset));
  }
  if (HasControlCharacter(value)) {
    return bad("label has a control character; expected printable text");
  }
  return std::nullopt;
}

uint64_t DigestWithoutSequence(std::string_view bytes, bool has_sequence) {
  size_t begin = 0;
  if (has_sequence) {
    // Fields are written in order of their numbers, so it comes first: a tag, and a varint that
    // ends with the first byte below 0x80.
    begin = 1;
    while (begin < bytes.size() && (static_cast<unsigned char>(bytes[begin]) & 0x80) != 0) ++begin;
    ++begin;
  }
  return Digest64(bytes.substr(std::min(begin, bytes.size())));
}

}  // namespace fleetmeter
