// Version 12 of the ledger's tables: what silent sources held when they were last heard, and since
// when pools are told of.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV12[] = R"sql(
-- What a source held when it was last heard before a silence: before each of its gaps, and before a
-- person said that it is gone. from: when the silence began. until: when that was said; NULL: the
-- silence is as long as the gap of the source. The source is named, since it may have left the
-- table sources. A source that is silent still has it in holdings.
CREATE TABLE silences (
  source TEXT NOT NULL,
  from_unix_nanos INTEGER NOT NULL,
  cell_id INTEGER NOT NULL REFERENCES totals,
  until_unix_nanos INTEGER,
  micro_chips INTEGER NOT NULL CHECK (micro_chips > 0),
  PRIMARY KEY (source, from_unix_nanos, cell_id)
) STRICT, WITHOUT ROWID;
-- What was held before a gap was not kept before this version of the tables: here what the source
-- holds now stands for it.
INSERT INTO silences
  SELECT s.source, json_extract(g.value, '$[0]'), h.cell_id, NULL, h.micro_chips
  FROM sources AS s, json_each(s.gaps) AS g JOIN holdings AS h ON h.source_row = s.source_row
  WHERE s.history = 0 AND h.micro_chips > 0;

-- Since when any source told of chips of a pool. Of a pool from before this version of the tables
-- it is the beginning of its first hour, day or quarter that is kept.
CREATE TABLE pools_told (
  pool TEXT PRIMARY KEY,
  from_unix_nanos INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO pools_told
  SELECT t.pool, min(u.start) * 1000000000 FROM (
    SELECT cell_id, min(iif(corrects_hour > 0, corrects_hour, hour_start)) AS start
      FROM usage_hours GROUP BY cell_id
    UNION ALL SELECT cell_id, min(iif(corrects_day > 0, corrects_day, day_start))
      FROM usage_days GROUP BY cell_id
    UNION ALL SELECT cell_id, min(iif(corrects_quarter > 0, corrects_quarter, quarter_start))
      FROM usage_quarters GROUP BY cell_id) AS u JOIN totals AS t USING (cell_id)
  WHERE t.pool <> '' GROUP BY t.pool;
)sql";

}  // namespace fleetmeter
