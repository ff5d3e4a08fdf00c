#include "daemon/serve/http/gzip.h"

#include <zlib.h>

#include <stdexcept>

namespace fleetmeter {

std::string Gzip(std::string_view text) {
  constexpr int kWindowBits = 15 + 16;  // 16: a gzip header instead of zlib's
  constexpr int kMemLevel = 8;
  z_stream stream{};
  // Fails only for want of memory.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kWindowBits, kMemLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // deflateBound gave room for all of it
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace fleetmeter
