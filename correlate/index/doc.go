// Package index is the session table: every fact that any instance bound, kept
// close enough to be looked up for every event.
//
// The truth is in two compacted Kafka topics that every instance reads whole.
// Behind one Lookup there are, nearest first:
//
//	hot     newest sessions   exact, sharded, pointer-free, bounded in bytes
//	cold    older sessions    ristretto, which may forget
//	Store   everything        Pebble on local disk, or Memory; disposable
//	topics  everything        whence.sessions and whence.registry
//
// A fact moves one way: it is published, acked, stored and only then visible.
// The package resolves nothing and decides nothing; it never commits offsets and
// joins no consumer group.
package index
