INSERT INTO `whence`.`sessions` (`origin`, `digest`, `start`, `json`) FORMAT Native;

INSERT INTO `whence`.`rejects` (`bytes`) FORMAT Native;

INSERT INTO `whence`.`chains` (`id`, `action_id`, `time`, `source`) FORMAT Native;

INSERT INTO `whence`.`alerts` (`id`, `chain_id`, `action_id`) FORMAT Native;
