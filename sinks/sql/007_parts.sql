-- What a row costs the server. A part of its own file for each column is some four
-- hundred files, and to make and remove them cost an insert more than its rows do:
-- what inserts make is one file for all columns, and parts get files of their own
-- when merges have made them large, column after column.
ALTER TABLE {{table "chains"}} MODIFY SETTING
	min_bytes_for_wide_part = 134217728, vertical_merge_algorithm_min_rows_to_activate = 32768;

-- Whatever key a chain shows, it has looked up: walked_index serves for all of them.
ALTER TABLE {{table "chains"}}
	DROP INDEX IF EXISTS missing_index, DROP INDEX IF EXISTS executor_key_index,
	DROP INDEX IF EXISTS hops_key_index, DROP INDEX IF EXISTS candidates_key_index
SETTINGS alter_sync = 0;

-- Everything that descends from a credential or a principal: chains that it is a
-- hop of, at any depth. The inner queries find the ids by index, over all
-- versions; the outer one judges the current version. A key has been walked
-- wherever it is shown, and that is what has an index.
CREATE OR REPLACE VIEW {{view "blast"}} AS
SELECT * FROM {{name "chains"}} FINAL
WHERE (source, toStartOfHour(time), id) GLOBAL IN (
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE has(walked, {key:String})
		AND (has(`hops.key`, {key:String}) OR executor_key = {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE has(`hops.id`, {key:String})
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE executor_id = {key:String}
	UNION ALL
	SELECT source, toStartOfHour(time), id FROM {{name "chains"}} WHERE requestor_id = {key:String}
) AND (has(`hops.key`, {key:String}) OR has(`hops.id`, {key:String})
	OR {key:String} IN (executor_key, executor_id, requestor_id))
SETTINGS do_not_merge_across_partitions_select_final = 1;
