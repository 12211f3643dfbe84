-- Which windows of which rules over time have been computed, and from what: the
-- version of what their chains were then. One that differs is computed again.
CREATE TABLE IF NOT EXISTS {{table "windows"}} (
	rule         LowCardinality(String),
	rule_version LowCardinality(String),
	start        DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	version      UInt64 CODEC(ZSTD(1))
)
ENGINE = {{replacing "version"}}
PARTITION BY toYYYYMM(start)
ORDER BY (rule, rule_version, start)
TTL toDateTime(start) + INTERVAL 100 DAY;
{{distributed "windows" "sipHash64(rule)"}}
