// What takes part in a transaction with state that it keeps in memory.
//
// A change takes two steps. A Stage function (each part has its own, since what is staged differs)
// adds to what the transaction under way would change. Then exactly one of two things happens:
// Commit, when the transaction is in the ledger for good, makes what was staged part of the state;
// Rollback, when it is not, forgets what was staged. Afterwards nothing is staged, and the next
// transaction may begin.
//
// Neither step can fail: whatever may go wrong goes wrong in Stage, whose error rolls the whole
// transaction back. Both may be called when nothing is staged, and then do nothing. Unless a part
// says otherwise, questions to it see what is staged.
#pragma once

namespace fleetmeter {

class TransactionPart {
 public:
  virtual ~TransactionPart() = default;
  virtual void Commit() = 0;
  virtual void Rollback() = 0;
};

}  // namespace fleetmeter
