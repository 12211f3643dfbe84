-- Records, and parts of records, that could not be decoded. Their bytes are in
-- the topic whence.rejects. A record that is read twice is one row.
CREATE TABLE IF NOT EXISTS {{table "rejects"}} (
	source      LowCardinality(String),
	reason      LowCardinality(String),
	detail      String CODEC(ZSTD(1)),
	topic       LowCardinality(String),
	`partition` Int32,
	`offset`    Int64 CODEC(Delta, ZSTD(1)),
	time        DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	sha256      String CODEC(ZSTD(1)),
	bytes       UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = {{replacing ""}}
PARTITION BY toDate(time)
ORDER BY (source, topic, `partition`, `offset`, sha256)
{{ttl .Keep.Rejects ""}}
SETTINGS ttl_only_drop_parts = 1;

{{distributed "rejects" "sipHash64(sha256)"}}
