#include "daemon/ledger/sqlite/stream_position_table.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using Slots = std::array<uint64_t, RecentDigests::kKept>;

std::string SlotBytes(const Slots& slots) {
  std::string bytes;
  for (uint64_t slot : slots) {
    for (int i = 0; i < 8; ++i, slot >>= 8) bytes += static_cast<char>(slot & 0xff);
  }
  return bytes;
}

absl::StatusOr<Slots> ParseSlots(const std::string& bytes) {
  Slots slots{};
  if (bytes.size() != slots.size() * 8) {
    return absl::DataLossError(fmt::format("the digests of a stream are {} bytes; expected {}",
                                           bytes.size(), slots.size() * 8));
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    slots[i / 8] |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 8));
  }
  return slots;
}

}  // namespace

absl::Status StreamPositionTable::Prepare() {
  return database_.PrepareAll({{"UPDATE streams SET sequence = ?3, epoch = ?4, digests = ?5 "
                                "WHERE identity = ?1 AND stream_id = ?2",
                                &update_stream_},
                               {"INSERT INTO streams (identity, stream_id, sequence, epoch, "
                                "digests) VALUES (?1, ?2, ?3, ?4, ?5)",
                                &insert_stream_}});
}

absl::Status StreamPositionTable::Restore(RestoredBooks* books) {
  Statement streams;
  absl::Status status = database_.Prepare(
      "SELECT identity, stream_id, sequence, epoch, digests FROM streams", &streams);
  if (!status.ok()) return status;
  const auto count = database_.Integer("SELECT count(*) FROM streams");
  if (!count.ok()) return count.status();
  books->streams.reserve(static_cast<size_t>(*count));
  return streams.ForEach([&](const Statement& row) -> absl::Status {
    const auto slots = ParseSlots(row.Text(4));
    if (!slots.ok()) return slots.status();
    StreamPosition& stream = books->streams.emplace_back();
    stream.stream = {row.Text(0), row.Text(1)};
    stream.sequence = static_cast<uint64_t>(row.Integer(2));
    stream.epoch = static_cast<uint64_t>(row.Integer(3));
    stream.digests.set_slots(*slots);
    return absl::OkStatus();
  });
}

absl::Status StreamPositionTable::Stage(const LedgerTransaction& transaction) {
  for (const StreamPosition& position : transaction.streams) {
    if (absl::Status status = Write(position); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status StreamPositionTable::Write(const StreamPosition& position) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (position.sequence > kMost || position.epoch > kMost) {
    return absl::InvalidArgumentError(
        fmt::format("a stream is at sequence {} of epoch {}; expected at most {}",
                    position.sequence, position.epoch, kMost));
  }
  const std::string digests = SlotBytes(position.digests.slots());
  const auto run = [&](Statement& statement) {
    return statement.Run(position.stream.identity, Blob{position.stream.id},
                         static_cast<int64_t>(position.sequence),
                         static_cast<int64_t>(position.epoch), Blob{digests});
  };
  absl::Status status = run(update_stream_);
  if (!status.ok() || database_.Changes() == 1) return status;
  return run(insert_stream_);
}

}  // namespace fleetmeter
