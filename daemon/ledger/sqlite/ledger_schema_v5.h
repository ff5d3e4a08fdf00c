// Version 5 of the ledger's tables: what the versions of plans stand for.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV5[] = R"sql(
-- The one content of each version of a plan, as ContentDigest (plan_identity.h) tells it: of the
-- document, whatever the catalog makes of it. Plans that were in force before this version of the
-- tables are not listed until they are taken again.
CREATE TABLE plan_contents (
  plan TEXT NOT NULL,
  plan_version INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  known_since_unix_nanos INTEGER NOT NULL,
  PRIMARY KEY (plan, plan_version)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace fleetmeter
