#include "tests/unit/ledger/fault_vfs.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

#include "fmt/format.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

constexpr int kSectorBytes = 512;

sqlite3_vfs* SystemVfs() { return sqlite3_vfs_find(nullptr); }

}  // namespace

// What SQLite holds of an open file. It begins with SQLite's own part.
struct FaultDisk::Open {
  sqlite3_file base;
  FaultDisk* disk;
  std::shared_ptr<Content> content;
  std::string delete_on_close;
};

// The functions that SQLite calls.
struct FaultDisk::Methods {
  static Open& Of(sqlite3_file* file) { return *reinterpret_cast<Open*>(file); }
  static FaultDisk& Of(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }

  static int OpenFile(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                      int* out_flags) {
    static const sqlite3_io_methods kMethods = MakeMethods();
    FaultDisk& disk = Of(vfs);
    file->pMethods = nullptr;
    if (disk.off_) return SQLITE_CANTOPEN;
    Open* open = new (file) Open{};
    open->disk = &disk;
    if (name == nullptr) {  // a file without a name, for SQLite alone
      open->content = std::make_shared<Content>();
    } else {
      auto& content = disk.files_[name];
      if (content == nullptr) content = std::make_shared<Content>();
      open->content = content;
      if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) open->delete_on_close = name;
    }
    file->pMethods = &kMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int Close(sqlite3_file* file) {
    Open& open = Of(file);
    if (!open.delete_on_close.empty()) open.disk->files_.erase(open.delete_on_close);
    open.~Open();
    return SQLITE_OK;
  }

  static int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    Open& open = Of(file);
    if (open.disk->off_ || open.disk->Fails(Operation::kRead)) return SQLITE_IOERR_READ;
    const std::string& bytes = open.content->now;
    const auto from = std::min(static_cast<size_t>(offset), bytes.size());
    const size_t there = std::min(bytes.size() - from, static_cast<size_t>(size));
    std::memcpy(to, bytes.data() + from, there);
    std::memset(static_cast<char*>(to) + there, 0, static_cast<size_t>(size) - there);
    return there == static_cast<size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    Open& open = Of(file);
    FaultDisk& disk = *open.disk;
    Change change{static_cast<uint64_t>(offset),
                  std::string(static_cast<const char*>(from), static_cast<size_t>(size)), false};
    const bool was_on = !disk.off_;
    if (disk.CountsAndIsOff()) {
      // The write at which the power goes may still reach the platter.
      if (was_on) open.content->pending.push_back(std::move(change));
      return SQLITE_IOERR_WRITE;
    }
    if (disk.Fails(Operation::kWrite)) {
      if (disk.plan_.fault == Fault::kEio) return SQLITE_IOERR_WRITE;
      if (disk.plan_.fault == Fault::kShortWrite) {
        change.bytes.resize(change.bytes.size() / 2);
        Apply(change, open.content->now);
        open.content->pending.push_back(std::move(change));
      }
      return SQLITE_FULL;
    }
    Apply(change, open.content->now);
    open.content->pending.push_back(std::move(change));
    return SQLITE_OK;
  }

  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    Open& open = Of(file);
    if (open.disk->CountsAndIsOff()) return SQLITE_IOERR_TRUNCATE;
    const Change change{static_cast<uint64_t>(size), "", true};
    Apply(change, open.content->now);
    open.content->pending.push_back(change);
    return SQLITE_OK;
  }

  static int Sync(sqlite3_file* file, int) {
    Open& open = Of(file);
    if (open.disk->CountsAndIsOff()) return SQLITE_IOERR_FSYNC;
    if (open.disk->Fails(Operation::kSync)) return SQLITE_IOERR_FSYNC;
    open.content->synced = open.content->now;
    open.content->pending.clear();
    return SQLITE_OK;
  }

  static int FileSize(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(Of(file).content->now.size());
    return SQLITE_OK;
  }

  // One connection: its locks are always free.
  static int Lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int CheckReservedLock(sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  }
  static int ShmLock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
  static void ShmBarrier(sqlite3_file*) {}
  static int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    auto& shared = Of(file).content->shared;
    const auto index = static_cast<size_t>(region);
    *out = nullptr;
    if (shared.size() <= index && extend == 0) return SQLITE_OK;
    while (shared.size() <= index) {
      shared.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
    }
    *out = shared[index].get();
    return SQLITE_OK;
  }
  static int ShmUnmap(sqlite3_file* file, int remove) {
    if (remove != 0) Of(file).content->shared.clear();
    return SQLITE_OK;
  }

  static int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int SectorSize(sqlite3_file*) { return kSectorBytes; }
  static int Characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int Delete(sqlite3_vfs* vfs, const char* name, int) {
    FaultDisk& disk = Of(vfs);
    if (disk.off_) return SQLITE_IOERR_DELETE;
    return disk.files_.erase(name) == 1 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  }
  static int Access(sqlite3_vfs* vfs, const char* name, int, int* out) {
    const FaultDisk& disk = Of(vfs);
    const auto found = disk.files_.find(name);
    *out = found != disk.files_.end() ? 1 : 0;
    return SQLITE_OK;
  }
  static int FullPathname(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  }
  static int Randomness(sqlite3_vfs*, int size, char* out) {
    return SystemVfs()->xRandomness(SystemVfs(), size, out);
  }
  static int Sleep(sqlite3_vfs*, int) { return 0; }
  static int CurrentTime(sqlite3_vfs*, sqlite3_int64* out) {
    return SystemVfs()->xCurrentTimeInt64(SystemVfs(), out);
  }
  static int LastError(sqlite3_vfs* vfs, int, char*) { return Of(vfs).last_errno_; }

  static sqlite3_io_methods MakeMethods() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = Close;
    m.xRead = Read;
    m.xWrite = Write;
    m.xTruncate = Truncate;
    m.xSync = Sync;
    m.xFileSize = FileSize;
    m.xLock = Lock;
    m.xUnlock = Lock;
    m.xCheckReservedLock = CheckReservedLock;
    m.xFileControl = FileControl;
    m.xSectorSize = SectorSize;
    m.xDeviceCharacteristics = Characteristics;
    m.xShmMap = ShmMap;
    m.xShmLock = ShmLock;
    m.xShmBarrier = ShmBarrier;
    m.xShmUnmap = ShmUnmap;
    return m;
  }
};

FaultDisk::FaultDisk() {
  static std::atomic<int> made = 0;
  name_ = fmt::format("fault-{}", ++made);
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(Open);
  vfs_.mxPathname = 512;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Methods::OpenFile;
  vfs_.xDelete = Methods::Delete;
  vfs_.xAccess = Methods::Access;
  vfs_.xFullPathname = Methods::FullPathname;
  vfs_.xRandomness = Methods::Randomness;
  vfs_.xSleep = Methods::Sleep;
  vfs_.xGetLastError = Methods::LastError;
  vfs_.xCurrentTimeInt64 = Methods::CurrentTime;
  EXPECT_EQ(sqlite3_vfs_register(&vfs_, 0), SQLITE_OK);
}

FaultDisk::~FaultDisk() { sqlite3_vfs_unregister(&vfs_); }

void FaultDisk::FailNth(Operation operation, uint64_t nth, Fault fault, bool for_good) {
  plan_ = {.armed = true,
           .happened = false,
           .for_good = for_good,
           .operation = operation,
           .fault = fault,
           .left = nth};
}

bool FaultDisk::Fails(Operation operation) {
  if (!plan_.armed || operation != plan_.operation) return false;
  if (plan_.left > 0) --plan_.left;
  if (plan_.left > 0 || (plan_.happened && !plan_.for_good)) return false;
  plan_.happened = true;
  last_errno_ = plan_.fault == Fault::kEio ? EIO : ENOSPC;
  return true;
}

bool FaultDisk::CountsAndIsOff() {
  ++changes_;
  if (cut_at_ != 0 && changes_ >= cut_at_) off_ = true;
  if (off_) last_errno_ = EIO;
  return off_;
}

void FaultDisk::Apply(const Change& change, std::string& bytes) {
  if (change.truncates) {
    bytes.resize(std::min<size_t>(change.offset, bytes.size()));
    return;
  }
  const size_t end = change.offset + change.bytes.size();
  if (bytes.size() < end) bytes.resize(end, '\0');
  bytes.replace(change.offset, change.bytes.size(), change.bytes);
}

void FaultDisk::Reboot(std::mt19937_64& random) {
  for (auto& [name, content] : files_) {
    std::string bytes = content->synced;
    // Now and then everything had been written back just in time.
    const bool all = random() % 3 == 0;
    for (Change& change : content->pending) {
      const uint64_t fate = all ? 3 : random() % 4;
      if (fate == 0) continue;               // never left the cache
      if (fate == 1 && !change.truncates) {  // in part, by sectors
        const size_t sectors = change.bytes.size() / kSectorBytes;
        change.bytes.resize(sectors == 0 ? random() % (change.bytes.size() + 1)
                                         : random() % (sectors + 1) * kSectorBytes);
      }
      Apply(change, bytes);
    }
    content->now = content->synced = bytes;
    content->pending.clear();
    content->shared.clear();
  }
  off_ = false;
  cut_at_ = 0;
  plan_ = {};
}

std::string* FaultDisk::Bytes(const std::string& suffix) {
  for (auto& [name, content] : files_) {
    if (name.ends_with(suffix)) return &content->now;
  }
  return nullptr;
}

}  // namespace fleetmeter
