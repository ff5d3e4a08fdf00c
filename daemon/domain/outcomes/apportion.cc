#include "daemon/domain/outcomes/apportion.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>

namespace fleetmeter::outcomes {
namespace {

struct Quotient {
  absl::int128 whole = 0;
  absl::int128 remainder = 0;
};

// Of a value that is not negative.
int BitsOf(absl::int128 value) {
  const auto high = static_cast<uint64_t>(absl::Int128High64(value));
  return high != 0 ? 64 + static_cast<int>(std::bit_width(high))
                   : static_cast<int>(std::bit_width(absl::Int128Low64(value)));
}

// value x weight / sum, for 0 <= weight <= sum < 2^125. The product may need 256 bits; then it is
// made and divided bit by bit of the value: whole and remainder stay what they were times two, and
// the weight where the bit is set.
Quotient ScaleDown(absl::int128 value, absl::int128 weight, absl::int128 sum) {
  const int bits = BitsOf(value);
  if (bits + BitsOf(weight) < 127) return {value * weight / sum, value * weight % sum};
  Quotient out;
  for (int bit = bits - 1; bit >= 0; --bit) {
    out.whole *= 2;
    out.remainder *= 2;
    if (((value >> bit) & 1) != 0) out.remainder += weight;
    while (out.remainder >= sum) {
      out.remainder -= sum;
      out.whole += 1;
    }
  }
  return out;
}

// Down, of a negative value too: remainders are at least 0.
Quotient Scale(absl::int128 value, absl::int128 weight, absl::int128 sum) {
  if (value >= 0) return ScaleDown(value, weight, sum);
  Quotient out = ScaleDown(-value, weight, sum);
  out.whole = -out.whole;
  if (out.remainder > 0) {
    out.whole -= 1;
    out.remainder = sum - out.remainder;
  }
  return out;
}

std::vector<absl::int128> Parts(absl::int128 total, const std::vector<absl::int128>& weights,
                                absl::int128 sum) {
  std::vector<absl::int128> parts;
  std::vector<absl::int128> remainders;
  absl::int128 given = 0;
  for (const absl::int128 weight : weights) {
    const Quotient part = Scale(total, weight, sum);
    parts.push_back(part.whole);
    remainders.push_back(part.remainder);
    given += part.whole;
  }
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  for (size_t i = 0; given < total; ++i, given += 1) parts[order[i]] += 1;
  return parts;
}

std::vector<int64_t> Narrow(const std::vector<absl::int128>& parts) {
  std::vector<int64_t> out;
  out.reserve(parts.size());
  for (const absl::int128 part : parts) out.push_back(static_cast<int64_t>(part));
  return out;
}

}  // namespace

absl::StatusOr<std::vector<absl::int128>> ApportionWide(absl::int128 total,
                                                        const std::vector<absl::int128>& weights) {
  const absl::int128 most = absl::int128(1) << 125;
  absl::int128 sum = 0;
  for (const absl::int128 weight : weights) {
    if (weight >= most - sum) {
      return absl::OutOfRangeError("weights add up to 2^125 or more; expected less");
    }
    sum += weight;
  }
  if (total >= most || total <= -most) {
    return absl::OutOfRangeError("what is to be apportioned is 2^125 or more; expected less");
  }
  if (sum <= 0) return std::vector<absl::int128>();
  return Parts(total, weights, sum);
}

std::vector<int64_t> Apportion(int64_t total, const std::vector<int64_t>& weights) {
  // 64 bits leave room for more weights than there is memory.
  return *ApportionBy(total, {weights.begin(), weights.end()});
}

absl::StatusOr<std::vector<int64_t>> ApportionBy(int64_t total,
                                                 const std::vector<absl::int128>& weights) {
  const auto parts = ApportionWide(total, weights);
  if (!parts.ok()) return parts.status();
  return Narrow(*parts);
}

}  // namespace fleetmeter::outcomes
