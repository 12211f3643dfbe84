-- One row for each version of a chain that was written, of a run of a lane in
-- order: what the row hashes to, and a hash that covers this entry and all before
-- it. Nothing is replaced here: an insert that is repeated leaves equal rows, and
-- two that differ under one sequence number are evidence of their own. time is when
-- it was written, chain_time the time of the row.
CREATE TABLE IF NOT EXISTS {{table "ledger"}} (
	lane       LowCardinality(String),
	run        LowCardinality(String),
	seq        UInt64 CODEC(Delta, ZSTD(1)),
	chain_id   String CODEC(ZSTD(1)),
	version    UInt64 CODEC(ZSTD(1)),
	chain_time DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	content    FixedString(32) CODEC(NONE),
	hash       FixedString(32) CODEC(NONE),
	time       DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	INDEX chain_time_index chain_time TYPE minmax
)
ENGINE = {{appending}}
PARTITION BY toDate(time)
ORDER BY (lane, run, seq)
{{ttl .Keep.Ledger ""}}
SETTINGS ttl_only_drop_parts = 1;

{{distributed "ledger" "sipHash64(run)"}}
-- What is signed: which entries a write added to a run, the hash they lead to, and
-- how many of the run's rows are stored. after_* is where the lane stood when the
-- run began.
CREATE TABLE IF NOT EXISTS {{table "ledger_checkpoints"}} (
	lane       LowCardinality(String),
	run        LowCardinality(String),
	number     UInt64 CODEC(Delta, ZSTD(1)),
	first      UInt64 CODEC(Delta, ZSTD(1)),
	last       UInt64 CODEC(Delta, ZSTD(1)),
	before     FixedString(32) CODEC(NONE),
	hash       FixedString(32) CODEC(NONE),
	stored     UInt64 CODEC(Delta, ZSTD(1)),
	time       DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	former     FixedString(32) CODEC(NONE),
	after_run  String CODEC(ZSTD(1)),
	after_seq  UInt64 CODEC(ZSTD(1)),
	after_hash FixedString(32) CODEC(ZSTD(1)),
	after_time DateTime64(9, 'UTC') CODEC(ZSTD(1)),
	key        FixedString(8) CODEC(ZSTD(1)),
	signature  FixedString(64) CODEC(NONE)
)
ENGINE = {{appending}}
PARTITION BY toDate(time)
ORDER BY (lane, run, number)
{{ttl .Keep.Ledger ""}}
SETTINGS ttl_only_drop_parts = 1;

{{distributed "ledger_checkpoints" "sipHash64(run)"}}
