-- One row for each version of an alert; the highest version of an id is current.
CREATE TABLE IF NOT EXISTS {{table "alerts"}} (
	id               String CODEC(ZSTD(1)),
	version          UInt64 CODEC(ZSTD(1)),
	state            LowCardinality(String),
	rule             LowCardinality(String),
	title            LowCardinality(String),
	severity         LowCardinality(String),
	chain_id         String CODEC(ZSTD(1)),
	action_id        String CODEC(ZSTD(1)),
	time             DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	source           LowCardinality(String),
	action           LowCardinality(String),
	status           LowCardinality(String),
	reason           String CODEC(ZSTD(1)),
	requestor_type   LowCardinality(String),
	requestor_id     String CODEC(ZSTD(1)),
	requestor_name   String CODEC(ZSTD(1)),
	requestor_issuer LowCardinality(String),
	requestor_unit   LowCardinality(String),
	requestor_owner  String CODEC(ZSTD(1)),
	executor_type    LowCardinality(String),
	executor_id      String CODEC(ZSTD(1)),
	executor_name    String CODEC(ZSTD(1)),
	executor_issuer  LowCardinality(String),
	executor_unit    LowCardinality(String),
	executor_owner   String CODEC(ZSTD(1)),
	`resources.type`  Array(String) CODEC(ZSTD(1)),
	`resources.id`    Array(String) CODEC(ZSTD(1)),
	rest             String CODEC(ZSTD(1)),
	INDEX id_index           id             TYPE bloom_filter(0.01),
	INDEX chain_id_index     chain_id       TYPE bloom_filter(0.01),
	INDEX requestor_id_index requestor_id   TYPE bloom_filter(0.01)
)
ENGINE = {{replacing "version"}}
PARTITION BY toYYYYMM(time)
ORDER BY (rule, toStartOfHour(time), id)
{{ttl .Keep.Alerts ""}};

{{distributed "alerts" "sipHash64(chain_id)"}}
