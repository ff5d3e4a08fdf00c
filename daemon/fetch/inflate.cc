#include "daemon/fetch/inflate.h"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <new>

namespace fleetmeter {
namespace {

constexpr size_t kPiece = 64 << 10;
constexpr int kGzipOnly = 15 + 16;  // 16: a gzip header instead of zlib's

// Ends the stream when it goes.
struct InflateStream {
  InflateStream() {
    if (inflateInit2(&z, kGzipOnly) != Z_OK) throw std::bad_alloc();  // fails for nothing else
  }
  ~InflateStream() { inflateEnd(&z); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  z_stream z{};
};

absl::Status Damaged(std::string_view how) {
  return absl::DataLossError(fmt::format("is gzip that is {}; expected a whole gzip body", how));
}

}  // namespace

absl::StatusOr<std::string> Inflate(std::string_view compressed, int64_t max_bytes) {
  InflateStream stream;
  stream.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.z.avail_in = static_cast<uInt>(compressed.size());
  std::array<char, kPiece> piece;
  std::string out;
  for (;;) {
    stream.z.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.z.avail_out = static_cast<uInt>(piece.size());
    const int result = inflate(&stream.z, Z_NO_FLUSH);
    if (result == Z_BUF_ERROR) return Damaged("cut off");
    if (result != Z_OK && result != Z_STREAM_END) return Damaged("damaged");
    out.append(piece.data(), piece.size() - stream.z.avail_out);
    if (static_cast<int64_t>(out.size()) > max_bytes) {
      return absl::ResourceExhaustedError(fmt::format(
          "is more than {} bytes after decompression; expected at most that", max_bytes));
    }
    if (result != Z_STREAM_END) continue;
    if (stream.z.avail_in == 0) return out;
    if (inflateReset(&stream.z) != Z_OK) return Damaged("damaged");
  }
}

}  // namespace fleetmeter
