INSERT INTO `whence`.`sessions` (`origin`, `digest`, `time`, `start`, `end`, `json`);

INSERT INTO `whence`.`rejects` (`time`);

INSERT INTO `whence`.`chains` (`id`, `action_id`, `time`, `source`, `rest`);

INSERT INTO `whence`.`alerts` (`id`, `chain_id`, `action_id`, `time`, `rest`);
