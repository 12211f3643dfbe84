-- Which windows of which rules over time have been computed, and from what: the sum of
-- the versions of their chains, as they were then. If it differs they are computed again.
CREATE TABLE IF NOT EXISTS {{table "windows"}} (
	rule         LowCardinality(String),
	rule_version LowCardinality(String),
	start        DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	sum          UInt64 CODEC(ZSTD(1))
)
ENGINE = {{replacing ""}}
PARTITION BY toYYYYMM(start)
ORDER BY (rule, rule_version, start)
TTL toDateTime(start) + INTERVAL 100 DAY;
{{distributed "windows" "sipHash64(rule)"}}
