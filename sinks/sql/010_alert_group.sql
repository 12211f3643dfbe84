-- What the rule of an alert groups by, as the alert's chain has it. Alerts that were
-- written before have it in rest.
ALTER TABLE {{table "alerts"}} ADD COLUMN IF NOT EXISTS `group` Array(String) CODEC(ZSTD(1)) AFTER reason;
{{if .Cluster}}
ALTER TABLE {{view "alerts"}} ADD COLUMN IF NOT EXISTS `group` Array(String) AFTER reason;
{{end}}
-- A view keeps the columns that were there when it was made.
CREATE OR REPLACE VIEW {{view "alerts_now"}} AS
SELECT * FROM {{name "alerts"}} FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
