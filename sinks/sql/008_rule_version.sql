-- Which wording of a rule an alert is of: a hash of what it asked.
ALTER TABLE {{table "alerts"}} ADD COLUMN IF NOT EXISTS rule_version LowCardinality(String) AFTER severity;
{{if .Cluster}}
ALTER TABLE {{view "alerts"}} ADD COLUMN IF NOT EXISTS rule_version LowCardinality(String) AFTER severity;
{{end}}
-- A view keeps the columns that were there when it was made.
CREATE OR REPLACE VIEW {{view "alerts_now"}} AS
SELECT * FROM {{name "alerts"}} FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
