// Version 11 of the ledger's tables: what the versions of price books and benchmark suites stand
// for.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV11[] = R"sql(
-- The one content of each version of a price book and of a benchmark suite, as ContentDigest
-- (outcomes_identity.h) tells it. kind: "price book", which has no name, or "benchmark suite".
-- Those from before this version of the tables are not listed until they are taken again.
CREATE TABLE outcome_rule_contents (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  known_since_unix_nanos INTEGER NOT NULL,
  PRIMARY KEY (kind, name, version)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace fleetmeter
