-- Facts, as they are on the sessions topic, and longer. A row is one telling of
-- one fact: the digest keeps two tellings of it apart, by two versions of a decoder.
CREATE TABLE IF NOT EXISTS {{table "sessions"}} (
	fact             LowCardinality(String),
	key              String CODEC(ZSTD(1)),
	target           String CODEC(ZSTD(1)),
	origin           String CODEC(ZSTD(1)), -- the id of the chain of the event that told
	digest           UInt64 CODEC(ZSTD(1)),
	source           LowCardinality(String),
	event_id         String CODEC(ZSTD(1)),
	time             DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	proof            LowCardinality(String),
	method           LowCardinality(String),
	start            DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	`end`            DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)), -- the epoch: the line does not say
	standing         Bool,
	reason           LowCardinality(String),
	`json`           String CODEC(ZSTD(1)), -- the whole fact
	principal_type   LowCardinality(String),
	principal_id     String CODEC(ZSTD(1)),
	principal_name   String CODEC(ZSTD(1)),
	principal_issuer LowCardinality(String),
	principal_unit   LowCardinality(String),
	principal_owner  String CODEC(ZSTD(1)),
	`parents.role`    Array(String) CODEC(ZSTD(1)),
	`parents.key`     Array(String) CODEC(ZSTD(1)),
	`parents.type`    Array(String) CODEC(ZSTD(1)),
	`parents.id`      Array(String) CODEC(ZSTD(1)),
	`parents.proof`   Array(String) CODEC(ZSTD(1)),
	`parents.method`  Array(String) CODEC(ZSTD(1)),
	INDEX target_index       target         TYPE bloom_filter(0.01),
	INDEX origin_index       origin         TYPE bloom_filter(0.01),
	INDEX principal_id_index principal_id   TYPE bloom_filter(0.01),
	INDEX parents_key_index  `parents.key`  TYPE bloom_filter(0.01)
)
ENGINE = {{replacing ""}}
PARTITION BY toYYYYMM(time)
ORDER BY (key, fact, target, origin, digest)
{{ttl .Keep.Sessions "standing"}};

{{distributed "sessions" "sipHash64(key)"}}
