// Package simulate is a made-up estate: people, services, pipelines and agents
// whose stories are written as native log lines, late, out of order, twice or not
// at all, with the truth about every line apart.
//
// It is written from the log formats' documentation and real samples, not from
// the decoders, and does not import them: a reader and a writer that share code
// share mistakes. All names, addresses and keys are made up. Equal Configs give
// equal bytes.
package simulate
