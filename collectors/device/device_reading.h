// What a live source saw at one instant, in one form for every kind of source: hosts, their chips,
// and who holds them. Plain values; nothing here reads anything.
//
// A source fills what it knows and leaves out the rest. A device exporter knows activity and
// health; a scheduler knows holders and withdrawn nodes. JoinHosts (collectors/join) makes one
// reading of several of one host, and MakeHostReport (host_report.h) makes the report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/device/demand.h"
#include "collectors/device/holder.h"
#include "collectors/device/quota.h"
#include "collectors/device/readings.h"
#include "collectors/device/served.h"

namespace fleetmeter::collector {

// Whether a source would know of a holder if there were one.
enum class Holders {
  kUnknown,  // it does not see holders, so that no holder does not mean free
  kKnown,    // no holder means free
};

// A part of a chip that is measured or held by itself: a MIG instance, a NeuronCore, a shard. Most
// chips are one part.
struct DevicePart {
  // What the exporter calls it: "MIG-<uuid>", or the number of the GPU instance. Empty for a chip
  // of one part. Joining goes by it.
  std::string id;
  // What sources call it that cannot name its chip, and that were taken to speak of this part.
  std::vector<std::string> also_called = {};
  // A share of the chip's time (a shard), and no piece of its hardware. The activity of the chip is
  // then that of its shares that are held.
  bool of_time = false;
  // Of the physical chip. The parts of a chip must not add up to more than kOne; what they leave is
  // free.
  Micro share = kOne;

  // Of this part: a MIG instance that is fully busy has kOne, whatever its share. Nothing: not
  // measured.
  std::optional<Micro> activity;
  // What measured it, by its name on the wire: "gr_engine_active". Never empty beside an activity.
  std::string signal;
  std::optional<Micro> productive;  // tensor activity, MFU; only beside an activity
  std::optional<Micro> memory;      // used, of this part's memory

  Holders knows_holders = Holders::kUnknown;
  // Several: the part is shared by time, and its chip-time is divided evenly among them.
  std::vector<Holder> holders;
};

// Whether the chip can be handed out.
enum class Fitness {
  kUnknown,  // the source does not say; taken for fit where no other source says more
  kFit,
  kReserved,  // withheld: what is held of it stays assigned, the rest is reserved
  kDrained,   // takes no new work: what is held of it stays assigned, the rest is unhealthy
  kBroken,    // unhealthy, whoever holds it
};

// One physical chip.
struct DeviceReading {
  std::string uuid;               // "GPU-..."; empty: the source does not name one
  std::optional<uint32_t> index;  // on its host; nothing: unknown
  // Neither is known to be right: the source counts chips and does not tell them apart (a Slurm
  // node without IDX). Such a chip joins any chip of the host's that no other one claims.
  bool anonymous = false;
  // It is a part of a chip that the source cannot name: a MIG instance, as the kubelet knows it.
  // `uuid` is the part's, and its one part has its share of the chip, or 0 if that is not known.
  // Joining finds the chip; parts that no source names a chip for are put together to whole chips.
  bool part_of_unknown_chip = false;

  std::string model;  // as the exporter names it: "NVIDIA H100 80GB HBM3"; may be empty
  // A kind of the daemon's catalog. Empty: unknown; ChipKinds (chip_kinds.h) finds it by the model.
  std::string kind;

  Fitness fitness = Fitness::kUnknown;
  std::string fitness_reason;  // for people: "XID 79", "drained: bad cable"

  // At least one.
  std::vector<DevicePart> parts = {DevicePart{}};
};

// What rules and messages call a chip: its UUID, or its index, or nothing.
std::string DeviceLabel(const DeviceReading& device);

// Which of a host's chips a source lists.
enum class Listing {
  kAll,   // a chip that is not listed is a disagreement with the source that lists it
  kHeld,  // a chip that is not listed is free (the kubelet's list of pods)
  kSome,  // of a chip that is not listed nothing is known
};

struct HostReading {
  std::string host;
  std::vector<DeviceReading> devices;
  Listing listing = Listing::kAll;
  // The source that decides who holds the chips and has never answered: what nobody else calls held
  // is not known to be free. Empty: there is none.
  std::string unheard = {};
};

// What went wrong in an observation without ending it; names are a closed list, so that metrics can
// carry them.
struct ObservationCounts {
  ReadingCounts readings;
  int64_t bad_lines = 0;              // that the parser could not read
  int64_t duplicate_devices = 0;      // a UUID that came for several devices of a host
  int64_t unknown_kinds = 0;          // chips whose kind nobody knows
  int64_t unattributed_chips = 0;     // held, and no rule takes the holder
  int64_t disagreements = 0;          // between joined sources
  int64_t guessed_devices = 0;        // anonymous chips that were given a place
  int64_t alike_hosts = 0;            // pairs of hosts that differ by a domain alone
  int64_t left_out_hosts = 0;         // silent, as the source that decides does not answer
  int64_t unheard_hosts = 0;          // reported, though the source that decides never answered
  int64_t withheld_chips = 0;         // not reported as free after a reload; also parts of chips
  int64_t unattributed_requests = 0;  // that wait, and no rule takes who waits
  int64_t unusable_requests = 0;      // that wait for no chips, or for more than there can be

  ObservationCounts& operator+=(const ObservationCounts& other);
};

// One look at one place.
struct Observation {
  std::vector<HostReading> hosts;
  // What waits for chips, if the source knows of all that waits. Without `tells_demand` the list
  // means nothing; with it an empty list says that nothing waits.
  bool tells_demand = false;
  std::vector<DemandReading> demand;
  // The name of the scheduler whose queue this is, "slurm/cluster-1": what several sources, or
  // several collectors, say of one scheduler is counted once. Empty: the name of the source.
  std::string scheduler;
  // What was served so far, if the source counts requests.
  std::optional<ServedReading> served;
  // What queues are granted, if the source knows.
  std::vector<QuotaReading> quotas;
  ObservationCounts counts;
  // For people, at most a few: lines such as "line 12: ...; expected ...".
  std::vector<std::string> remarks;
};

}  // namespace fleetmeter::collector
