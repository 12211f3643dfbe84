SELECT `lane`, `run`, `number`, `first`, `last`, `before`, `hash`, `stored`, `time`, `former`, `after_run`, `after_seq`, `after_hash`, `after_time`, `key`, `signature`
FROM `whence`.`ledger_checkpoints`
WHERE (lane, run, number) GLOBAL IN (
	SELECT lane, run, min(number) FROM `whence`.`ledger_checkpoints` GROUP BY lane, run
	UNION ALL
	SELECT lane, run, max(number) FROM `whence`.`ledger_checkpoints` GROUP BY lane, run
) ORDER BY lane, run, number;

SELECT `lane`, `run`, `number`, `first`, `last`, `before`, `hash`, `stored`, `time`, `former`, `after_run`, `after_seq`, `after_hash`, `after_time`, `key`, `signature`
FROM `whence`.`ledger_checkpoints`
WHERE lane = {lane:String} AND run = {run:String} AND number > {after:UInt64}
ORDER BY number LIMIT 2 WITH TIES;

SELECT lane, run, min(seq), max(seq) FROM `whence`.`ledger` WHERE chain_time >= fromUnixTimestamp64Nano(toInt64(0), 'UTC') GROUP BY lane, run;

SELECT `lane`, `run`, `seq`, `chain_id`, `version`, `chain_time`, `content`, `hash`, `time`
FROM `whence`.`ledger`
WHERE lane = {lane:String} AND run = {run:String} AND seq BETWEEN {first:UInt64} AND {last:UInt64}
ORDER BY seq;

SELECT minute, sum(n) FROM (
	SELECT toUnixTimestamp64Second(toDateTime64(toStartOfMinute(time), 0, 'UTC')) AS minute, toInt64(count()) AS n FROM `whence`.`chains` WHERE time >= fromUnixTimestamp64Nano(toInt64(0), 'UTC') GROUP BY minute
	UNION ALL
	SELECT toUnixTimestamp64Second(toDateTime64(toStartOfMinute(chain_time), 0, 'UTC')) AS minute, toInt64(count()) AS n FROM `whence`.`ledger` WHERE chain_time >= fromUnixTimestamp64Nano(toInt64(0), 'UTC') GROUP BY minute
) GROUP BY minute ORDER BY minute;

SELECT `lane`, `run`, `seq`, `chain_id`, `version`, `chain_time`, `content`, `hash`, `time`
FROM `whence`.`ledger`
WHERE chain_time >= fromUnixTimestamp64Nano(toInt64(1000000000), 'UTC') AND chain_time < fromUnixTimestamp64Nano(toInt64(2000000000), 'UTC');
