// Whether a request fits, from when on, what it would displace, and who could lend.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/check_form.h"
#include "daemon/domain/capacity/commitment_walk.h"
#include "daemon/domain/capacity/commitments.h"
#include "daemon/domain/capacity/people_text.h"
#include "daemon/domain/capacity/plan_grants.h"
#include "daemon/domain/capacity/rank_key.h"

namespace fleetmeter::capacity {
namespace {

struct Hours {
  int64_t from = 0;
  int64_t to = 0;  // half-open

  bool Overlap(const Hours& other) const { return from < other.to && other.from < to; }
};

Hours HoursOf(const CapacityForm& form) {
  return {form.start_unix_seconds, form.end_unix_seconds()};
}

// Of a form that nobody has checked: sums of its times must have room.
bool HasUsableTime(const CapacityForm& form) {
  constexpr int64_t kLatest = int64_t{1} << 40;
  return form.hours >= 1 && form.hours <= kMostHours && form.start_unix_seconds >= 0 &&
         form.start_unix_seconds <= kLatest;
}

// Where something would be taken from during a stage: the allocation of a pool, or what is left
// beyond allocations in the category, the tier and the supply.
struct Place {
  std::string_view pool;
  bool on_top = false;  // beyond the allocation, and not in the plan
};

// What there is room for during a stage.
struct Room {
  Hours hours;
  const Plan* plan = nullptr;
  int64_t tolerance = 0;
  absl::int128 own = 0;  // left of the allocation of the pool that is asked about
  // Left beyond allocations; nothing: there is no such limit.
  std::array<std::optional<absl::int128>, kTiers.size()> tiers = {};
  std::array<std::optional<absl::int128>, kCategories.size()> categories = {};
  absl::int128 all = 0;

  absl::int128 Left(const Place& place) const;
  void Take(const Place& place, absl::int128 amount);
};

absl::int128 Room::Left(const Place& place) const {
  if (!place.on_top) return own;
  const Pool* pool = plan->FindPool(place.pool);
  if (pool == nullptr) return 0;
  absl::int128 left = all;
  if (const auto& tier = tiers[static_cast<size_t>(pool->tier)]) left = std::min(left, *tier);
  const auto& category = categories[static_cast<size_t>(pool->category)];
  return category ? std::min(left, *category) : left;
}

// What is within an allocation is the pool's that is asked about.
void Room::Take(const Place& place, absl::int128 amount) {
  if (!place.on_top) {
    own -= amount;
    return;
  }
  const Pool* pool = plan->FindPool(place.pool);
  if (pool == nullptr) return;
  all -= amount;
  if (auto& tier = tiers[static_cast<size_t>(pool->tier)]) *tier -= amount;
  if (auto& category = categories[static_cast<size_t>(pool->category)]) *category -= amount;
}

template <size_t n, class Kinds>
std::array<std::optional<absl::int128>, n> LeftOf(
    const CommitmentWalk& walk, const std::array<std::optional<int64_t>, n>& limits,
    const Kinds& kinds) {
  std::array<std::optional<absl::int128>, n> left = {};
  for (const auto kind : kinds) {
    const auto& limit = limits[static_cast<size_t>(kind)];
    if (limit) left[static_cast<size_t>(kind)] = *limit - walk.need(kind).now;
  }
  return left;
}

Room RoomAt(const CommitmentWalk& walk, const std::string& pool) {
  const PoolLoad* load = walk.Find(pool);
  const StageLimits& limits = walk.limits();
  return {.hours = {walk.from_unix_seconds(), walk.to_unix_seconds()},
          .plan = &walk.plan(),
          .tolerance = limits.tolerance,
          .own = load == nullptr ? absl::int128(0) : load->uncommitted(),
          .tiers = LeftOf(walk, limits.tiers, kTiers),
          .categories = LeftOf(walk, limits.categories, kCategories),
          .all = limits.all - walk.need().now};
}

// Answers one DoesItFit.
class FitCheck {
 public:
  FitCheck(const CapacityBook& book, const ReferenceData& reference, const CapacityForm& form,
           const Worth& worth, int64_t now_unix_seconds)
      : book_(book),
        reference_(reference),
        form_(form),
        worth_(worth),
        now_(now_unix_seconds),
        hours_(HoursOf(form)) {}

  Fit Run() {
    const std::vector<const CapacityRequest*> lower = LowerOnes();
    Walk(lower);
    FindRoom();
    FindTime();
    FindDisplaced(lower);
    if (fit_.missing_micro_h100e > 0) FindGrantsToDisplace();
    FindLenders();
    SayWhoDecides();
    return std::move(fit_);
  }

 private:
  // Nothing is decided any more about hours that are over.
  int64_t present_hour() const { return HourOf(now_); }
  // By when an end without a break is of no more interest.
  int64_t horizon() const { return hours_.to + kLookAheadHours * kSecondsPerHour; }

  void Walk(const std::vector<const CapacityRequest*>& lower) {
    int64_t end = horizon();
    for (const CapacityRequest* each : lower) end = std::max(end, each->form.end_unix_seconds());
    CommitmentWalk walk(CommitmentsOf(book_), reference_, present_hour(), end);
    while (walk.Next()) rooms_.push_back(RoomAt(walk, form_.pool));
  }

  // Where a request that is not decided would be taken from.
  Place PlaceOf(const Room& room, const CapacityForm& form) const {
    const bool in_plan = PlanHasGrant(*room.plan, form.request_id, UnixNanos(now_));
    return {.pool = form.pool, .on_top = form.beyond_allocation && !in_plan};
  }
  static bool HasRoomFor(const Room& room, const Place& place, int64_t micro_h100e) {
    return room.Left(place) + room.tolerance >= micro_h100e;
  }
  bool HasRoom(const Room& room) const {
    return HasRoomFor(room, PlaceOf(room, form_), worth_.micro_h100e);
  }

  void FindRoom() {
    absl::int128 least = std::numeric_limits<int64_t>::max();
    fit_.fits = true;
    for (const Room& room : rooms_) {
      if (!room.hours.Overlap(hours_)) continue;
      least = std::min(least, room.Left(PlaceOf(room, form_)));
      fit_.fits = fit_.fits && HasRoom(room);
    }
    fit_.fits_micro_h100e = Saturated(std::max<absl::int128>(least, 0));
    if (fit_.fits) return;
    fit_.missing_micro_h100e = worth_.micro_h100e - fit_.fits_micro_h100e;
  }

  void FindTime() {
    const int64_t duration = hours_.to - hours_.from;
    const int64_t last_start = hours_.from + kLookAheadHours * kSecondsPerHour;
    int64_t start = hours_.from;
    for (const Room& room : rooms_) {
      if (room.hours.from >= horizon()) break;
      if (room.hours.to <= start || HasRoom(room)) continue;
      if (room.hours.from >= start + duration) {
        fit_.from_unix_seconds = start;
        fit_.until_unix_seconds = room.hours.from;
        return;
      }
      start = room.hours.to;
      if (start > last_start) return;
    }
    fit_.from_unix_seconds = start;
  }

  // As it would be if it were submitted now; a request that is known keeps its age.
  CapacityRequest Self() const {
    const CapacityRequest* known = book_.Find(form_.request_id);
    CapacityRequest self;
    self.form = form_;
    self.worth = worth_;
    self.asked_unix_nanos = known != nullptr ? known->asked_unix_nanos : UnixNanos(now_);
    return self;
  }

  RankKey KeyIn(const CapacityRequest& request) const {
    return KeyOf(request, form_.beyond_allocation ? nullptr : OrderFor(book_, request));
  }

  // Undecided requests for the same place that would be served after this one, best first.
  std::vector<const CapacityRequest*> LowerOnes() const {
    const RankKey key = KeyIn(Self());
    std::vector<std::pair<RankKey, const CapacityRequest*>> lower;
    for (const auto& [id, request] : book_.requests()) {
      if (id == form_.request_id || !CompetesWith(*request)) continue;
      RankKey other = KeyIn(*request);
      if (ComesBefore(key, other)) lower.emplace_back(std::move(other), request.get());
    }
    std::sort(lower.begin(), lower.end(),
              [](const auto& a, const auto& b) { return ComesBefore(a.first, b.first); });
    std::vector<const CapacityRequest*> requests;
    for (const auto& [other, request] : lower) requests.push_back(request);
    return requests;
  }

  bool CompetesWith(const CapacityRequest& request) const {
    return !request.decided() && request.StateAt(now_) != State::kExpired &&
           SharesPlace(request.form) && HoursOf(request.form).Overlap(hours_);
  }

  // What is beyond allocations is decided between pools.
  bool SharesPlace(const CapacityForm& form) const {
    return form.beyond_allocation == form_.beyond_allocation &&
           (form.beyond_allocation || form.pool == form_.pool);
  }

  // Those that fit as they were asked, and would not any more.
  void FindDisplaced(const std::vector<const CapacityRequest*>& lower) {
    for (const CapacityRequest* request : lower) {
      const Hours hours = HoursOf(request->form);
      bool fits_now = true;
      bool fits_then = true;
      for (const Room& room : rooms_) {
        if (!room.hours.Overlap(hours)) continue;
        const Place place = PlaceOf(room, request->form);
        // Of another pool's allocation nothing is known here, and nothing is taken.
        const bool is_known = place.on_top || place.pool == form_.pool;
        fits_now = fits_now && is_known && HasRoomFor(room, place, request->worth.micro_h100e);
        if (!fits_now) break;
        if (!room.hours.Overlap(hours_)) continue;
        Room then = room;
        then.Take(PlaceOf(room, form_), worth_.micro_h100e);
        fits_then = fits_then && HasRoomFor(then, place, request->worth.micro_h100e);
      }
      if (fits_now && !fits_then) fit_.displaces.push_back({request->form.request_id, false});
    }
  }

  // Grants of a lower nature, those first that would give way first.
  std::vector<const CapacityRequest*> GrantsOfLowerNature() const {
    std::vector<const CapacityRequest*> grants;
    for (const auto& [id, request] : book_.requests()) {
      if (!request->grant || request->form.nature <= form_.nature) continue;
      const bool may_share = request->form.pool == form_.pool || request->form.beyond_allocation;
      if (may_share) grants.push_back(request.get());
    }
    std::stable_sort(grants.begin(), grants.end(),
                     [](const CapacityRequest* a, const CapacityRequest* b) {
                       if (a->form.nature != b->form.nature) return a->form.nature > b->form.nature;
                       return a->grant->at_unix_nanos > b->grant->at_unix_nanos;
                     });
    return grants;
  }

  bool AllHaveRoom(const std::vector<Room>& rooms) const {
    return std::all_of(rooms.begin(), rooms.end(), [&](const Room& room) { return HasRoom(room); });
  }

  // Whether the end of a grant helps.
  bool EndGrant(const CapacityRequest& request, std::vector<Room>* asked) const {
    const Hours hours = {request.grant->start_unix_seconds, request.grant->end_unix_seconds};
    bool helps = false;
    for (Room& room : *asked) {
      if (!room.hours.Overlap(hours)) continue;
      const Place place = {.pool = request.form.pool, .on_top = IsOnTop(*room.plan, request)};
      if (!place.on_top && place.pool != form_.pool) continue;
      const Place own = PlaceOf(room, form_);
      const absl::int128 before = room.Left(own);
      const bool lacked = !HasRoom(room);
      room.Take(place, -absl::int128(request.grant->worth.micro_h100e));
      helps = helps || (lacked && room.Left(own) > before);
    }
    return helps;
  }

  void FindGrantsToDisplace() {
    std::vector<Room> asked;
    for (const Room& room : rooms_) {
      if (room.hours.Overlap(hours_)) asked.push_back(room);
    }
    std::vector<Displaced> given_up;
    for (const CapacityRequest* request : GrantsOfLowerNature()) {
      if (AllHaveRoom(asked)) break;
      if (EndGrant(*request, &asked)) given_up.push_back({request->form.request_id, true});
    }
    // What does not make room is not given up.
    if (!AllHaveRoom(asked)) return;
    fit_.displaces.insert(fit_.displaces.end(), given_up.begin(), given_up.end());
  }

  // By the policy of the plan in force, and rounded down.
  static int64_t LentBy(const PoolLoad& load) {
    if (load.planned == nullptr) return 0;
    const absl::int128 free = std::max<absl::int128>(load.uncommitted(), 0);
    return static_cast<int64_t>(
        std::floor(load.planned->policy.lendable_ratio * static_cast<double>(free)));
  }

  int64_t BorrowableAt(const CommitmentWalk& walk) const {
    const PoolLoad* own = walk.Find(form_.pool);
    if (own == nullptr || own->planned == nullptr) return 0;
    const auto& limit = own->planned->policy.borrowing_limit_h100e;
    return limit ? MicroH100e(*limit) : std::numeric_limits<int64_t>::max();
  }

  void FindLenders() {
    std::map<std::string_view, int64_t> least;
    bool first = true;
    CommitmentWalk walk(CommitmentsOf(book_), reference_, std::max(hours_.from, present_hour()),
                        hours_.to);
    while (walk.Next()) {
      const int64_t most = BorrowableAt(walk);
      for (const auto& [pool, load] : walk.pools()) {
        const int64_t lent = std::min(most, LentBy(load));
        int64_t& known = least.try_emplace(pool, first ? lent : 0).first->second;
        known = std::min(known, lent);
      }
      first = false;
    }
    for (const auto& [pool, lent] : least) {
      if (lent > 0 && pool != form_.pool) fit_.lenders.push_back({std::string(pool), lent});
    }
    std::stable_sort(
        fit_.lenders.begin(), fit_.lenders.end(),
        [](const Lender& a, const Lender& b) { return a.micro_h100e > b.micro_h100e; });
  }

  void SayWhoDecides() {
    fit_.is_beyond = form_.beyond_allocation;
    if (!form_.beyond_allocation && fit_.fits) return;
    if (!form_.roi) fit_.needs.emplace_back("roi");
    if (IsBlank(form_.trade_off)) fit_.needs.emplace_back("trade_off");
  }

  const CapacityBook& book_;
  const ReferenceData& reference_;
  const CapacityForm& form_;
  const Worth& worth_;
  const int64_t now_;
  const Hours hours_;
  std::vector<Room> rooms_;
  Fit fit_;
};

// The same form, beyond the allocation of its pool.
BeyondFit FitBeyond(const CapacityBook& book, const ReferenceData& reference, CapacityForm form,
                    const Worth& worth, int64_t now_unix_seconds) {
  form.beyond_allocation = true;
  Fit fit = FitCheck(book, reference, form, worth, now_unix_seconds).Run();
  return {.fits = fit.fits,
          .fits_micro_h100e = fit.fits_micro_h100e,
          .missing_micro_h100e = fit.missing_micro_h100e,
          .displaces = std::move(fit.displaces)};
}

}  // namespace

Fit DoesItFit(const CapacityBook& book, const ReferenceData& reference, const CapacityForm& form,
              const Worth& worth, int64_t now_unix_seconds) {
  if (!HasUsableTime(form)) {
    Fit nowhere;
    nowhere.missing_micro_h100e = worth.micro_h100e;
    nowhere.is_beyond = form.beyond_allocation;
    return nowhere;
  }
  Fit fit = FitCheck(book, reference, form, worth, now_unix_seconds).Run();
  if (!fit.fits && !form.beyond_allocation) {
    fit.beyond = FitBeyond(book, reference, form, worth, now_unix_seconds);
  }
  return fit;
}

}  // namespace fleetmeter::capacity
