CREATE DATABASE IF NOT EXISTS `whence` ON CLUSTER 'main';

CREATE TABLE IF NOT EXISTS `whence`.`schema_version` ON CLUSTER 'main' (version UInt32, name String, applied DateTime DEFAULT now())
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')
ORDER BY version;

-- One row for each version of a chain; the highest version of an id is the
-- current one: FINAL or the view chains_now gives it. The columns are the JSON's,
-- flat. Only columns that never change for an id are in the sorting key, and the
-- time decides the partition, so all versions of a chain meet in one. Dictionaries
-- (LowCardinality) are for what people group by; in arrays they made an insert cost
-- the server twice as much, and saved no disk.
CREATE TABLE IF NOT EXISTS `whence`.`chains_local` ON CLUSTER 'main' (
	id                  String CODEC(ZSTD(1)),
	version             UInt64 CODEC(ZSTD(1)),
	rank                UInt32 CODEC(T64, ZSTD(1)),
	settled             Bool,
	action_id           String CODEC(ZSTD(1)),
	`primary`           Bool,
	time                DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	source              LowCardinality(String),
	event_id            String CODEC(ZSTD(1)),
	status              LowCardinality(String),
	proof               LowCardinality(String),
	missing             String CODEC(ZSTD(1)),
	reason              String CODEC(ZSTD(1)),
	tenant              String CODEC(ZSTD(1)),
	requestor_type      String CODEC(ZSTD(1)),
	requestor_id        String CODEC(ZSTD(1)),
	requestor_name      String CODEC(ZSTD(1)),
	requestor_issuer    String CODEC(ZSTD(1)),
	requestor_unit      LowCardinality(String),
	requestor_owner     String CODEC(ZSTD(1)),
	`approvers.type`     Array(String) CODEC(ZSTD(1)),
	`approvers.id`       Array(String) CODEC(ZSTD(1)),
	`approvers.name`     Array(String) CODEC(ZSTD(1)),
	`approvers.issuer`   Array(String) CODEC(ZSTD(1)),
	`approvers.unit`     Array(String) CODEC(ZSTD(1)),
	`approvers.owner`    Array(String) CODEC(ZSTD(1)),
	`approvers.time`     Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
	`approvers.via`      Array(String) CODEC(ZSTD(1)),
	`approvers.event_id` Array(String) CODEC(ZSTD(1)),
	executor_type       String CODEC(ZSTD(1)),
	executor_id         String CODEC(ZSTD(1)),
	executor_name       String CODEC(ZSTD(1)),
	executor_issuer     String CODEC(ZSTD(1)),
	executor_unit       String CODEC(ZSTD(1)),
	executor_owner      String CODEC(ZSTD(1)),
	executor_key        String CODEC(ZSTD(1)),
	`hops.key`           Array(String) CODEC(ZSTD(1)),
	`hops.type`          Array(String) CODEC(ZSTD(1)),
	`hops.id`            Array(String) CODEC(ZSTD(1)),
	`hops.name`          Array(String) CODEC(ZSTD(1)),
	`hops.issuer`        Array(String) CODEC(ZSTD(1)),
	`hops.unit`          Array(String) CODEC(ZSTD(1)),
	`hops.owner`         Array(String) CODEC(ZSTD(1)),
	`hops.proof`         Array(String) CODEC(ZSTD(1)),
	`hops.method`        Array(String) CODEC(ZSTD(1)),
	`hops.event_id`      Array(String) CODEC(ZSTD(1)),
	`hops.source`        Array(String) CODEC(ZSTD(1)),
	`hops.time`          Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)), -- the epoch: not known
	`hops.state`         Array(String) CODEC(ZSTD(1)),
	`candidates.key`      Array(String) CODEC(ZSTD(1)),
	`candidates.type`     Array(String) CODEC(ZSTD(1)),
	`candidates.id`       Array(String) CODEC(ZSTD(1)),
	`candidates.name`     Array(String) CODEC(ZSTD(1)),
	`candidates.issuer`   Array(String) CODEC(ZSTD(1)),
	`candidates.unit`     Array(String) CODEC(ZSTD(1)),
	`candidates.owner`    Array(String) CODEC(ZSTD(1)),
	`candidates.proof`    Array(String) CODEC(ZSTD(1)),
	`candidates.method`   Array(String) CODEC(ZSTD(1)),
	`candidates.event_id` Array(String) CODEC(ZSTD(1)),
	`candidates.why`      Array(String) CODEC(ZSTD(1)),
	action              LowCardinality(String),
	class               LowCardinality(String),
	outcome             LowCardinality(String),
	error               String CODEC(ZSTD(1)),
	`resources.type`     Array(String) CODEC(ZSTD(1)),
	`resources.id`       Array(String) CODEC(ZSTD(1)),
	usage_model         LowCardinality(String),
	usage_input_tokens  Int64 CODEC(T64, ZSTD(1)),
	usage_output_tokens Int64 CODEC(T64, ZSTD(1)),
	usage_cost_usd      Float64 CODEC(ZSTD(1)), -- means nothing unless usage_cost_known
	usage_cost_known    Bool,
	evidence_topic      String CODEC(ZSTD(1)),
	evidence_partition  Int32 CODEC(T64, ZSTD(1)),
	evidence_offset     Int64 CODEC(Delta, ZSTD(1)),
	evidence_sha256     String CODEC(ZSTD(1)),
	context_ip          String CODEC(ZSTD(1)),
	context_agent       String CODEC(ZSTD(1)),
	context_account     LowCardinality(String),
	context_region      String CODEC(ZSTD(1)),
	context_session     String CODEC(ZSTD(1)),
	context_trace       String CODEC(ZSTD(1)),
	context_ticket      String CODEC(ZSTD(1)),
	context_app         String CODEC(ZSTD(1)),
	context_unit        String CODEC(ZSTD(1)),
	walked              Array(String) CODEC(ZSTD(1)), -- every key and alias that was looked up
	waits               Array(String) CODEC(ZSTD(1)),
	rest                String CODEC(ZSTD(1)), -- JSON: what a second walk needs and no column above holds
	INDEX id_index             id               TYPE bloom_filter(0.01),
	INDEX missing_index        missing          TYPE bloom_filter(0.01),
	INDEX requestor_id_index   requestor_id     TYPE bloom_filter(0.01),
	INDEX executor_id_index    executor_id      TYPE bloom_filter(0.01),
	INDEX executor_key_index   executor_key     TYPE bloom_filter(0.01),
	INDEX hops_key_index       `hops.key`       TYPE bloom_filter(0.01),
	INDEX hops_id_index        `hops.id`        TYPE bloom_filter(0.01),
	INDEX candidates_key_index `candidates.key` TYPE bloom_filter(0.01),
	INDEX resources_id_index   `resources.id`   TYPE bloom_filter(0.01),
	INDEX walked_index         walked           TYPE bloom_filter(0.01),
	INDEX settled_index        settled          TYPE set(2)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY toDate(time)
ORDER BY (source, toStartOfHour(time), id)
TTL toDateTime(time) + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `whence`.`chains` ON CLUSTER 'main' AS `whence`.`chains_local`
ENGINE = Distributed('main', 'whence', 'chains_local', sipHash64(id));

INSERT INTO `whence`.`schema_version` (version, name) VALUES (1, '001_chains');

-- Facts, as they are on the sessions topic, and longer. A row is one telling of
-- one fact: the digest keeps two tellings of it apart, by two versions of a decoder.
CREATE TABLE IF NOT EXISTS `whence`.`sessions_local` ON CLUSTER 'main' (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (key, fact, target, origin, digest)
TTL toDateTime(time) + toIntervalDay(400) WHERE NOT standing;

CREATE TABLE IF NOT EXISTS `whence`.`sessions` ON CLUSTER 'main' AS `whence`.`sessions_local`
ENGINE = Distributed('main', 'whence', 'sessions_local', sipHash64(key));

INSERT INTO `whence`.`schema_version` (version, name) VALUES (2, '002_sessions');

-- One row for each version of an alert; the highest version of an id is current.
CREATE TABLE IF NOT EXISTS `whence`.`alerts_local` ON CLUSTER 'main' (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', version)
PARTITION BY toYYYYMM(time)
ORDER BY (rule, toStartOfHour(time), id)
TTL toDateTime(time) + toIntervalDay(400);

CREATE TABLE IF NOT EXISTS `whence`.`alerts` ON CLUSTER 'main' AS `whence`.`alerts_local`
ENGINE = Distributed('main', 'whence', 'alerts_local', sipHash64(chain_id));

INSERT INTO `whence`.`schema_version` (version, name) VALUES (3, '003_alerts');

-- Records, and parts of records, that could not be decoded. Their bytes are in
-- the topic whence.rejects. A record that is read twice is one row.
CREATE TABLE IF NOT EXISTS `whence`.`rejects_local` ON CLUSTER 'main' (
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
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(time)
ORDER BY (source, topic, `partition`, `offset`, sha256)
TTL toDateTime(time) + toIntervalDay(90)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `whence`.`rejects` ON CLUSTER 'main' AS `whence`.`rejects_local`
ENGINE = Distributed('main', 'whence', 'rejects_local', sipHash64(sha256));

INSERT INTO `whence`.`schema_version` (version, name) VALUES (4, '004_rejects');

-- Everything below reads the highest version of each id (FINAL). All versions of
-- an id are in one partition, so partitions are merged one by one, in parallel.

-- The current version of each chain.
CREATE VIEW IF NOT EXISTS `whence`.`chains_now` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`chains` FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The current state of each alert.
CREATE VIEW IF NOT EXISTS `whence`.`alerts_now` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`alerts` FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- What nobody can be held to yet, with what is missing. Rows that are not settled
-- may still improve by themselves.
CREATE VIEW IF NOT EXISTS `whence`.`unattributed` ON CLUSTER 'main' AS
SELECT time, source, status, settled, action, class, outcome,
	executor_type, executor_id, executor_key, context_account AS account, context_ip AS ip,
	`resources.id` AS resources, missing, reason, id, action_id, `primary`
FROM `whence`.`chains` FINAL
WHERE status NOT IN ('attributed', 'automated')
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- How much is accounted for. The events of all rows add up to all events. A row
-- is proven when the walk reached a person or an owned automation without
-- resting on a string that the caller chose.
CREATE VIEW IF NOT EXISTS `whence`.`coverage` ON CLUSTER 'main' AS
SELECT day, source, account, executor_type, executor_id, status, proven, events, actions,
	events / sum(events) OVER (PARTITION BY day, source, account, executor_type, executor_id) AS share
FROM (
	SELECT toDate(time) AS day, source, context_account AS account, executor_type, executor_id, status,
		(status IN ('attributed', 'automated') AND NOT has(`hops.proof`, 'claimed'))::Bool AS proven,
		count() AS events, countIf(`primary`) AS actions
	FROM `whence`.`chains` FINAL
	GROUP BY day, source, account, executor_type, executor_id, status, proven
)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- What models were used, by whom and for how much. Primary lines only, so a call
-- that three logs tell of counts once. Calls whose cost no log tells are counted
-- apart and are not in cost_usd. unit is the directory's; stated_unit is what the
-- caller's own log line said.
CREATE VIEW IF NOT EXISTS `whence`.`model_spend` ON CLUSTER 'main' AS
SELECT toDate(time) AS day, requestor_unit AS unit, context_unit AS stated_unit, context_app AS app,
	requestor_id AS requestor, requestor_type, status, usage_model AS model,
	count() AS calls, sum(usage_input_tokens) AS input_tokens, sum(usage_output_tokens) AS output_tokens,
	sumIf(usage_cost_usd, usage_cost_known) AS cost_usd,
	countIf(NOT usage_cost_known) AS calls_of_unknown_cost,
	sumIf(usage_input_tokens, NOT usage_cost_known) AS input_tokens_of_unknown_cost,
	sumIf(usage_output_tokens, NOT usage_cost_known) AS output_tokens_of_unknown_cost
FROM `whence`.`chains` FINAL
WHERE `primary` AND (usage_model != '' OR usage_input_tokens != 0 OR usage_output_tokens != 0 OR usage_cost_known)
GROUP BY day, unit, stated_unit, app, requestor, requestor_type, status, model
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Everything that descends from a credential or a principal: chains that it is a
-- hop of, at any depth. The inner queries find the ids by index, over all
-- versions; the outer one judges the current version.
CREATE VIEW IF NOT EXISTS `whence`.`blast` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`chains` FINAL
WHERE (source, toStartOfHour(time), id) GLOBAL IN (
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE has(`hops.key`, {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE has(`hops.id`, {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE executor_key = {key:String}
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE executor_id = {key:String}
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE requestor_id = {key:String}
) AND (has(`hops.key`, {key:String}) OR has(`hops.id`, {key:String})
	OR {key:String} IN (executor_key, executor_id, requestor_id))
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Everything that a person or an owned automation asked for.
CREATE VIEW IF NOT EXISTS `whence`.`by_requestor` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`chains` FINAL
WHERE (source, toStartOfHour(time), id) GLOBAL IN (
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE requestor_id = {id:String}
) AND requestor_id = {id:String}
SETTINGS do_not_merge_across_partitions_select_final = 1;

INSERT INTO `whence`.`schema_version` (version, name) VALUES (5, '005_views');

-- One row for each version of a chain that was written, of a run of a lane in
-- order: what the row hashes to, and a hash that covers this entry and all before
-- it. Nothing is replaced here: an insert that is repeated leaves equal rows, and
-- two that differ under one sequence number are evidence of their own. time is when
-- it was written, chain_time the time of the row.
CREATE TABLE IF NOT EXISTS `whence`.`ledger_local` ON CLUSTER 'main' (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(time)
ORDER BY (lane, run, seq)
TTL toDateTime(time) + toIntervalDay(430)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `whence`.`ledger` ON CLUSTER 'main' AS `whence`.`ledger_local`
ENGINE = Distributed('main', 'whence', 'ledger_local', sipHash64(run));

-- What is signed: which entries a write added to a run, the hash they lead to, and
-- how many of the run's rows are stored. after_* is where the lane stood when the
-- run began.
CREATE TABLE IF NOT EXISTS `whence`.`ledger_checkpoints_local` ON CLUSTER 'main' (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(time)
ORDER BY (lane, run, number)
TTL toDateTime(time) + toIntervalDay(430)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS `whence`.`ledger_checkpoints` ON CLUSTER 'main' AS `whence`.`ledger_checkpoints_local`
ENGINE = Distributed('main', 'whence', 'ledger_checkpoints_local', sipHash64(run));

INSERT INTO `whence`.`schema_version` (version, name) VALUES (6, '006_ledger');

-- What a row costs the server. A part of its own file for each column is some four
-- hundred files, and to make and remove them cost an insert more than its rows do:
-- what inserts make is one file for all columns, and parts get files of their own
-- when merges have made them large, column after column.
ALTER TABLE `whence`.`chains_local` ON CLUSTER 'main' MODIFY SETTING
	min_bytes_for_wide_part = 134217728, vertical_merge_algorithm_min_rows_to_activate = 32768;

-- Whatever key a chain shows, it has looked up: walked_index serves for all of them.
ALTER TABLE `whence`.`chains_local` ON CLUSTER 'main'
	DROP INDEX IF EXISTS missing_index, DROP INDEX IF EXISTS executor_key_index,
	DROP INDEX IF EXISTS hops_key_index, DROP INDEX IF EXISTS candidates_key_index
SETTINGS alter_sync = 0;

-- Everything that descends from a credential or a principal: chains that it is a
-- hop of, at any depth. The inner queries find the ids by index, over all
-- versions; the outer one judges the current version. A key has been walked
-- wherever it is shown, and that is what has an index.
CREATE OR REPLACE VIEW `whence`.`blast` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`chains` FINAL
WHERE (source, toStartOfHour(time), id) GLOBAL IN (
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE has(walked, {key:String})
		AND (has(`hops.key`, {key:String}) OR executor_key = {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE has(`hops.id`, {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE executor_id = {key:String}
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM `whence`.`chains` WHERE requestor_id = {key:String}
) AND (has(`hops.key`, {key:String}) OR has(`hops.id`, {key:String})
	OR {key:String} IN (executor_key, executor_id, requestor_id))
SETTINGS do_not_merge_across_partitions_select_final = 1;

INSERT INTO `whence`.`schema_version` (version, name) VALUES (7, '007_parts');

-- Which wording of a rule an alert is of: a hash of what it asked.
ALTER TABLE `whence`.`alerts_local` ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS rule_version LowCardinality(String) AFTER severity;

ALTER TABLE `whence`.`alerts` ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS rule_version LowCardinality(String) AFTER severity;

-- A view keeps the columns that were there when it was made.
CREATE OR REPLACE VIEW `whence`.`alerts_now` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`alerts` FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

INSERT INTO `whence`.`schema_version` (version, name) VALUES (8, '008_rule_version');

-- Which windows of which rules over time have been computed, and from what: the sum of
-- the versions of their chains, as they were then. If it differs they are computed again.
CREATE TABLE IF NOT EXISTS `whence`.`windows_local` ON CLUSTER 'main' (
	rule         LowCardinality(String),
	rule_version LowCardinality(String),
	start        DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
	sum          UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toYYYYMM(start)
ORDER BY (rule, rule_version, start)
TTL toDateTime(start) + INTERVAL 100 DAY;

CREATE TABLE IF NOT EXISTS `whence`.`windows` ON CLUSTER 'main' AS `whence`.`windows_local`
ENGINE = Distributed('main', 'whence', 'windows_local', sipHash64(rule));

INSERT INTO `whence`.`schema_version` (version, name) VALUES (9, '009_windows');

-- What the rule of an alert groups by, as the alert's chain has it. Alerts that were
-- written before have it in rest.
ALTER TABLE `whence`.`alerts_local` ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS `group` Array(String) CODEC(ZSTD(1)) AFTER reason;

ALTER TABLE `whence`.`alerts` ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS `group` Array(String) AFTER reason;

-- A view keeps the columns that were there when it was made.
CREATE OR REPLACE VIEW `whence`.`alerts_now` ON CLUSTER 'main' AS
SELECT * FROM `whence`.`alerts` FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

INSERT INTO `whence`.`schema_version` (version, name) VALUES (10, '010_alert_group');
