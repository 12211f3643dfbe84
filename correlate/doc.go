// Package correlate is the vocabulary of whence and the algorithm at its heart:
// it walks an event back from whoever executed it to whoever asked for it.
//
// The words, one per thing:
//
//   - An event is one decoded log line.
//   - A principal is who acted or asked.
//   - A key names one credential or session at one issuer and is never reused.
//   - An alias names something that can be reused; it leads to every key that carried it.
//   - A fact is what a minting line tells: an account of a key, an alias binding, an
//     end, an approval. Facts are added and never withdrawn, so they merge in any order.
//   - A session is everything known of one key: the set of its facts.
//   - A hop is one step of the walk; a chain is an event with its hops.
//   - The rank of a chain is how many facts it could be built from; it only grows.
//   - The window holds the chains that may still improve.
//
// The package uses the standard library only. It never reads the wall clock
// (clock.go apart), the network or the disk: the same events, facts and
// directory give the same chains.
package correlate
