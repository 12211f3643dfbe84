SELECT `json` FROM `whence`.`sessions` WHERE key IN {keys:Array(String)};
