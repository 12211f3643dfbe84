INSERT INTO `whence`.`sessions` (`origin`, `digest`, `start`, `json`) FORMAT Native;

INSERT INTO `whence`.`rejects` (`bytes`) FORMAT Native;

INSERT INTO `whence`.`ledger_checkpoints` (`lane`, `run`, `number`, `first`, `last`, `before`, `hash`, `time`, `key`, `signature`) FORMAT Native;

INSERT INTO `whence`.`ledger` (`lane`, `run`, `seq`, `chain_id`, `chain_time`, `content`, `hash`, `time`) FORMAT Native;

INSERT INTO `whence`.`chains` (`id`, `action_id`, `time`, `source`) FORMAT Native;

INSERT INTO `whence`.`alerts` (`id`, `chain_id`, `action_id`) FORMAT Native;
