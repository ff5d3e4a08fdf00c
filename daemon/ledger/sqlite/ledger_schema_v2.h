// Version 2 of the ledger's tables: outcomes, and chip-time by what it served.
#pragma once

namespace fleetmeter {

// Names as in version 1. Money is in micro-USD, training in H100e-seconds. day_start: the UTC day
// that an amount belongs to (a window's amounts are shared by time over its days);
// booked_day_start: the day it was booked. correction_row: 0 for what was reported, else the
// correction that the (signed) amount is part of.
inline constexpr char kLedgerSchemaV2[] = R"sql(
-- 1: brought as history. What was counted of it is never forgotten, and it holds nothing.
ALTER TABLE sources ADD COLUMN history INTEGER NOT NULL DEFAULT 0 CHECK (history IN (0, 1));

-- Which time of each source of outcomes was counted, as in sources. Both 0 where nothing was, as
-- for benchmarks, which have no windows.
CREATE TABLE outcome_sources (
  source_row INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('inference', 'training', 'benchmarks')),
  source TEXT NOT NULL,
  counted_from_unix_nanos INTEGER NOT NULL,
  counted_to_unix_nanos INTEGER NOT NULL,
  gaps TEXT NOT NULL DEFAULT '[]',
  UNIQUE (kind, source)
) STRICT;

-- What corrected the books: which report it was, and which window of its source it names (both 0
-- for benchmarks).
CREATE TABLE outcome_corrections (
  correction_row INTEGER PRIMARY KEY,
  source_row INTEGER NOT NULL REFERENCES outcome_sources,
  correction TEXT NOT NULL,
  reason TEXT NOT NULL,
  window_start_unix_nanos INTEGER NOT NULL,
  window_length_nanos INTEGER NOT NULL,
  booked_unix_nanos INTEGER NOT NULL,
  identity TEXT NOT NULL,
  stream_id BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  UNIQUE (source_row, correction)
) STRICT;

-- All that was ever served to a segment: as it was reported, and the sum of all corrections.
-- unpriced_requests: those of requests whose revenue nobody knows.
CREATE TABLE segment_totals (
  segment_id INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  customer_tier TEXT NOT NULL,
  requests INTEGER NOT NULL CHECK (requests >= 0),
  unpriced_requests INTEGER NOT NULL CHECK (unpriced_requests >= 0),
  input_tokens INTEGER NOT NULL CHECK (input_tokens >= 0),
  cached_input_tokens INTEGER NOT NULL CHECK (cached_input_tokens >= 0),
  output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
  revenue_micro_usd INTEGER NOT NULL CHECK (revenue_micro_usd >= 0),
  corrected_requests INTEGER NOT NULL,
  corrected_unpriced_requests INTEGER NOT NULL,
  corrected_input_tokens INTEGER NOT NULL,
  corrected_cached_input_tokens INTEGER NOT NULL,
  corrected_output_tokens INTEGER NOT NULL,
  corrected_revenue_micro_usd INTEGER NOT NULL,
  UNIQUE (model, customer_tier)
) STRICT;

-- Which chips reports said that it was served by; both may be empty.
CREATE TABLE inference_servers (
  server_id INTEGER PRIMARY KEY,
  pool TEXT NOT NULL,
  workload TEXT NOT NULL,
  UNIQUE (pool, workload)
) STRICT;

-- What was served, kept for ever. price_book_version: of the price book that gave the revenue; 0:
-- the report brought it, or nobody knows it.
CREATE TABLE inference_days (
  day_start INTEGER NOT NULL CHECK (day_start % 86400 = 0),
  segment_id INTEGER NOT NULL REFERENCES segment_totals,
  server_id INTEGER NOT NULL REFERENCES inference_servers,
  price_book_version INTEGER NOT NULL,
  source_row INTEGER NOT NULL REFERENCES outcome_sources,
  correction_row INTEGER NOT NULL,
  booked_day_start INTEGER NOT NULL CHECK (booked_day_start % 86400 = 0),
  requests INTEGER NOT NULL,
  unpriced_requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  revenue_micro_usd INTEGER NOT NULL,
  PRIMARY KEY (day_start, segment_id, server_id, price_book_version, source_row, correction_row,
    booked_day_start)
) STRICT, WITHOUT ROWID;

-- All that training reports ever said of a run: as it was reported, and the sum of all corrections.
CREATE TABLE training_totals (
  training_id INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('pre', 'post')),
  h100e_seconds INTEGER NOT NULL CHECK (h100e_seconds >= 0),
  corrected_h100e_seconds INTEGER NOT NULL,
  UNIQUE (model, run, phase)
) STRICT;
CREATE INDEX training_runs ON training_totals (run);

-- The same by day, kept for ever.
CREATE TABLE training_days (
  day_start INTEGER NOT NULL CHECK (day_start % 86400 = 0),
  training_id INTEGER NOT NULL REFERENCES training_totals,
  family TEXT NOT NULL,
  pool TEXT NOT NULL,
  source_row INTEGER NOT NULL REFERENCES outcome_sources,
  correction_row INTEGER NOT NULL,
  booked_day_start INTEGER NOT NULL CHECK (booked_day_start % 86400 = 0),
  h100e_seconds INTEGER NOT NULL,
  PRIMARY KEY (day_start, training_id, family, pool, source_row, correction_row, booked_day_start)
) STRICT, WITHOUT ROWID;

-- Results of benchmarks. Rows are only ever added: of those with the same model, benchmark, version,
-- date and measured_by the last one stands, and without a score there is no such result any more.
CREATE TABLE benchmark_results (
  result_row INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  family TEXT NOT NULL,
  benchmark TEXT NOT NULL,
  version TEXT NOT NULL,
  date_start INTEGER NOT NULL,
  measured_by TEXT NOT NULL,
  score REAL,
  source_row INTEGER NOT NULL REFERENCES outcome_sources,
  correction_row INTEGER NOT NULL,
  booked_unix_nanos INTEGER NOT NULL
) STRICT;
CREATE INDEX benchmark_keys
  ON benchmark_results (model, benchmark, version, date_start, measured_by, result_row);

-- All assigned chip-time of pools of the category inference, and such of others as names a model or
-- a run, by what it served, since the ledger has this table. category: of the pool, in
-- the plan that was in force; empty where no plan knew the pool. workload: only where category is
-- inference and model is empty; empty too where there were too many to tell apart. workload_type and
-- run: only outside inference. micro_usd_per_chip_hour: as the catalog said when it was booked; -1:
-- it named no price. Beyond a pool's names of a day, model is empty and run is 'overflow' (empty for
-- inference).
CREATE TABLE model_usage_totals (
  cell_id INTEGER PRIMARY KEY,
  category TEXT NOT NULL,
  pool TEXT NOT NULL,
  workload TEXT NOT NULL,
  workload_type TEXT NOT NULL,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  conversion_id INTEGER NOT NULL REFERENCES conversions,
  micro_usd_per_chip_hour INTEGER NOT NULL CHECK (micro_usd_per_chip_hour >= -1),
  {amounts},
  UNIQUE (category, pool, workload, workload_type, model, run, conversion_id,
    micro_usd_per_chip_hour)
) STRICT;

-- The same by day, kept for ever. A window that crosses midnight is cut as for usage_hours.
CREATE TABLE model_usage_days (
  day_start INTEGER NOT NULL CHECK (day_start % 86400 = 0),
  cell_id INTEGER NOT NULL REFERENCES model_usage_totals,
  booked_day_start INTEGER NOT NULL CHECK (booked_day_start % 86400 = 0),
  {amounts},
  PRIMARY KEY (day_start, cell_id, booked_day_start)
) STRICT, WITHOUT ROWID;

-- The same with names. correction: '' for what was reported.
CREATE VIEW inference AS
  SELECT day_start, s.model AS model, s.customer_tier AS customer_tier, pool, workload,
    price_book_version, source, coalesce(correction, '') AS correction, booked_day_start,
    i.requests AS requests, i.unpriced_requests AS unpriced_requests,
    i.input_tokens AS input_tokens, i.cached_input_tokens AS cached_input_tokens,
    i.output_tokens AS output_tokens, i.revenue_micro_usd AS revenue_micro_usd
  FROM inference_days i JOIN segment_totals s USING (segment_id)
    JOIN inference_servers USING (server_id) JOIN outcome_sources o USING (source_row)
    LEFT JOIN outcome_corrections c USING (correction_row);
CREATE VIEW training AS
  SELECT day_start, model, family, run, phase, pool, source, coalesce(correction, '') AS correction,
    booked_day_start, d.h100e_seconds AS h100e_seconds
  FROM training_days d JOIN training_totals USING (training_id)
    JOIN outcome_sources o USING (source_row) LEFT JOIN outcome_corrections c USING (correction_row);
CREATE VIEW model_usage AS
  SELECT day_start, booked_day_start, category, pool, workload, workload_type, model, run, chip,
    numerator, denominator, catalog_version,
    nullif(micro_usd_per_chip_hour, -1) AS micro_usd_per_chip_hour, {columns}
  FROM model_usage_days u JOIN model_usage_totals USING (cell_id) JOIN conversions USING (conversion_id);
CREATE VIEW corrections AS
  SELECT kind, source, correction, reason, window_start_unix_nanos, window_length_nanos,
    booked_unix_nanos, identity, stream_id, sequence
  FROM outcome_corrections JOIN outcome_sources USING (source_row);
-- Results as they stand.
CREATE VIEW benchmarks AS
  SELECT model, family, benchmark, version, date_start, measured_by, score, source,
    coalesce(correction, '') AS correction, r.booked_unix_nanos AS booked_unix_nanos
  FROM benchmark_results r JOIN outcome_sources o USING (source_row)
    LEFT JOIN outcome_corrections c USING (correction_row)
  WHERE score IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM benchmark_results n WHERE n.model = r.model AND n.benchmark = r.benchmark
      AND n.version = r.version AND n.date_start = r.date_start
      AND n.measured_by = r.measured_by AND n.result_row > r.result_row);
)sql";

}  // namespace fleetmeter
