-- Everything below reads the highest version of each id (FINAL). All versions of
-- an id are in one partition, so partitions are merged one by one, in parallel.

-- The current version of each chain.
CREATE VIEW IF NOT EXISTS {{view "chains_now"}} AS
SELECT * FROM {{name "chains"}} FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The current state of each alert.
CREATE VIEW IF NOT EXISTS {{view "alerts_now"}} AS
SELECT * FROM {{name "alerts"}} FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- What nobody can be held to yet, with what is missing. Rows that are not settled
-- may still improve by themselves.
CREATE VIEW IF NOT EXISTS {{view "unattributed"}} AS
SELECT time, source, status, settled, action, class, outcome,
	executor_type, executor_id, executor_key, context_account AS account, context_ip AS ip,
	`resources.id` AS resources, missing, reason, id, action_id, `primary`
FROM {{name "chains"}} FINAL
WHERE status NOT IN ('attributed', 'automated')
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- How much is accounted for. The events of all rows add up to all events. A row
-- is proven when the walk reached a person or an owned automation without
-- resting on a string that the caller chose.
CREATE VIEW IF NOT EXISTS {{view "coverage"}} AS
SELECT day, source, account, executor_type, executor_id, status, proven, events, actions,
	events / sum(events) OVER (PARTITION BY day, source, account, executor_type, executor_id) AS share
FROM (
	SELECT toDate(time) AS day, source, context_account AS account, executor_type, executor_id, status,
		(status IN ('attributed', 'automated') AND NOT has(`hops.proof`, 'claimed'))::Bool AS proven,
		count() AS events, countIf(`primary`) AS actions
	FROM {{name "chains"}} FINAL
	GROUP BY day, source, account, executor_type, executor_id, status, proven
)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- What models were used, by whom and for how much. Primary lines only, so a call
-- that three logs tell of counts once. Calls whose cost no log tells are counted
-- apart and are not in cost_usd. unit is the directory's; stated_unit is what the
-- caller's own log line said.
CREATE VIEW IF NOT EXISTS {{view "model_spend"}} AS
SELECT toDate(time) AS day, requestor_unit AS unit, context_unit AS stated_unit, context_app AS app,
	requestor_id AS requestor, requestor_type, status, usage_model AS model,
	count() AS calls, sum(usage_input_tokens) AS input_tokens, sum(usage_output_tokens) AS output_tokens,
	sumIf(usage_cost_usd, usage_cost_known) AS cost_usd,
	countIf(NOT usage_cost_known) AS calls_of_unknown_cost,
	sumIf(usage_input_tokens, NOT usage_cost_known) AS input_tokens_of_unknown_cost,
	sumIf(usage_output_tokens, NOT usage_cost_known) AS output_tokens_of_unknown_cost
FROM {{name "chains"}} FINAL
WHERE `primary` AND (usage_model != '' OR usage_input_tokens != 0 OR usage_output_tokens != 0 OR usage_cost_known)
GROUP BY day, unit, stated_unit, app, requestor, requestor_type, status, model
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Everything that descends from a credential or a principal: chains that it is a
-- hop of, at any depth. The inner queries find the ids by index, over all
-- versions; the outer one judges the current version.
CREATE VIEW IF NOT EXISTS {{view "blast"}} AS
SELECT * FROM {{name "chains"}} FINAL
WHERE (source, toStartOfHour(time), id) GLOBAL IN (
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE has(`hops.key`, {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE has(`hops.id`, {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE executor_key = {key:String}
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE executor_id = {key:String}
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE requestor_id = {key:String}
) AND (has(`hops.key`, {key:String}) OR has(`hops.id`, {key:String})
	OR {key:String} IN (executor_key, executor_id, requestor_id))
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Everything that a person or an owned automation asked for.
CREATE VIEW IF NOT EXISTS {{view "by_requestor"}} AS
SELECT * FROM {{name "chains"}} FINAL
WHERE (source, toStartOfHour(time), id) GLOBAL IN (
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE requestor_id = {id:String}
) AND requestor_id = {id:String}
SETTINGS do_not_merge_across_partitions_select_final = 1;
