// Whether a request fits, from when on, what it would displace, and who could lend.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/check_form.h"
#include "daemon/domain/capacity/commitment_walk.h"
#include "daemon/domain/capacity/commitments.h"
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

// What a pool has room for during a stage.
struct Room {
  Hours hours;
  int64_t allocated = 0;
  absl::int128 within = 0;
  absl::int128 beyond = 0;
  // The most that may be committed of it: its allocation, or what the others leave of its
  // category's share and of the supply.
  absl::int128 ceiling = 0;
  int64_t tolerance = 0;

  absl::int128 Left(bool is_beyond) const {
    const absl::int128 left = ceiling - within - beyond;
    return is_beyond ? left : std::min(left, allocated - within);
  }
  void Give(bool is_beyond, absl::int128 amount) { (is_beyond ? beyond : within) += amount; }
};

absl::int128 CeilingOf(const CommitmentWalk& walk, const PoolLoad& load) {
  if (load.planned == nullptr) return load.allocated;  // no pool of the plan
  const absl::int128 own = NeedOf(load).now;
  absl::int128 left = walk.limits().all - (walk.need().now - own);
  const Category category = load.planned->category;
  const auto& share = walk.limits().categories[static_cast<size_t>(category)];
  if (share) left = std::min(left, *share - (walk.need(category).now - own));
  return std::max<absl::int128>(load.allocated, left);
}

Room RoomAt(const CommitmentWalk& walk, const std::string& pool) {
  const PoolLoad* load = walk.Find(pool);
  const PoolLoad nothing;
  if (load == nullptr) load = &nothing;
  return {.hours = {walk.from_unix_seconds(), walk.to_unix_seconds()},
          .allocated = load->allocated,
          .within = load->within,
          .beyond = load->beyond,
          .ceiling = CeilingOf(walk, *load),
          .tolerance = walk.limits().tolerance};
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

  static bool HasRoomFor(const Room& room, bool beyond, int64_t micro_h100e) {
    return room.Left(beyond) + room.tolerance >= micro_h100e;
  }
  bool HasRoom(const Room& room) const {
    return HasRoomFor(room, form_.beyond_allocation, worth_.micro_h100e);
  }

  void FindRoom() {
    absl::int128 least = std::numeric_limits<int64_t>::max();
    fit_.fits = true;
    for (const Room& room : rooms_) {
      if (!room.hours.Overlap(hours_)) continue;
      least = std::min(least, room.Left(form_.beyond_allocation));
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
           request.form.pool == form_.pool &&
           request.form.beyond_allocation == form_.beyond_allocation &&
           HoursOf(request.form).Overlap(hours_);
  }

  // Those that fit as they were asked, and would not any more.
  void FindDisplaced(const std::vector<const CapacityRequest*>& lower) {
    for (const CapacityRequest* request : lower) {
      const Hours hours = HoursOf(request->form);
      bool fits_now = true;
      bool fits_then = true;
      for (Room room : rooms_) {
        if (!room.hours.Overlap(hours)) continue;
        const bool beyond = form_.beyond_allocation;
        fits_now = fits_now && HasRoomFor(room, beyond, request->worth.micro_h100e);
        if (room.hours.Overlap(hours_)) room.Give(beyond, worth_.micro_h100e);
        fits_then = fits_then && HasRoomFor(room, beyond, request->worth.micro_h100e);
      }
      if (fits_now && !fits_then) fit_.displaces.push_back({request->form.request_id, false});
    }
  }

  // Grants of a lower nature for the same place, those first that would give way first.
  std::vector<const CapacityRequest*> GrantsOfLowerNature() const {
    std::vector<const CapacityRequest*> grants;
    for (const auto& [id, request] : book_.requests()) {
      if (!request->grant || request->form.pool != form_.pool) continue;
      if (request->form.beyond_allocation != form_.beyond_allocation) continue;
      if (request->form.nature > form_.nature) grants.push_back(request.get());
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

  void FindGrantsToDisplace() {
    std::vector<Room> asked;
    for (const Room& room : rooms_) {
      if (room.hours.Overlap(hours_)) asked.push_back(room);
    }
    std::vector<Displaced> given_up;
    for (const CapacityRequest* request : GrantsOfLowerNature()) {
      if (AllHaveRoom(asked)) break;
      const Hours hours = {request->grant->start_unix_seconds, request->grant->end_unix_seconds};
      bool helps = false;
      for (Room& room : asked) {
        if (!room.hours.Overlap(hours)) continue;
        helps = helps || !HasRoom(room);
        room.Give(form_.beyond_allocation, -absl::int128(request->grant->worth.micro_h100e));
      }
      if (helps) given_up.push_back({request->form.request_id, true});
    }
    // What does not make room is not given up.
    if (!AllHaveRoom(asked)) return;
    fit_.displaces.insert(fit_.displaces.end(), given_up.begin(), given_up.end());
  }

  // By the policy of the plan in force, and rounded down.
  static int64_t LentBy(const PoolLoad& load) {
    if (load.planned == nullptr) return 0;
    const absl::int128 free = std::max<absl::int128>(load.allocated - load.committed(), 0);
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

  const CapacityBook& book_;
  const ReferenceData& reference_;
  const CapacityForm& form_;
  const Worth& worth_;
  const int64_t now_;
  const Hours hours_;
  std::vector<Room> rooms_;
  Fit fit_;
};

}  // namespace

Fit DoesItFit(const CapacityBook& book, const ReferenceData& reference, const CapacityForm& form,
              const Worth& worth, int64_t now_unix_seconds) {
  if (!HasUsableTime(form)) {
    Fit nowhere;
    nowhere.missing_micro_h100e = worth.micro_h100e;
    return nowhere;
  }
  return FitCheck(book, reference, form, worth, now_unix_seconds).Run();
}

}  // namespace fleetmeter::capacity
