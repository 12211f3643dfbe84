// Package ledger keeps evidence whole: it can tell whether the rows of the table
// chains are those that whence wrote.
//
// Every version of a chain that is written has an entry: what the row hashes to,
// and a hash that covers this entry and all before it. The entries that one write
// adds are stated by a checkpoint, which is signed with the operator's key. A run is
// what one owner of a lane writes, from taking the lane over to letting it go; its
// first checkpoint says where the lane stood then.
//
// # What is durable when
//
// A write stores its checkpoint, then its entries, then its rows, each acknowledged
// before the next begins; only then may the offsets of its records be committed,
// with the lane's head (run, sequence, hash) in the commit's metadata. So at any
// time, however often anything crashed or was sent again:
//
//  1. A row has its entry, and an entry its checkpoint. A row without a signed entry
//     was inserted by hand.
//  2. Entries up to the confirmed one have their rows, or rows of higher versions,
//     which replace them. Confirmed is what a later checkpoint of the run states as
//     stored, and what the next owner of the lane found committed and states in its
//     first checkpoint. A confirmed entry that is missing, and one without its row,
//     was removed by hand.
//  3. Beyond the confirmed entry a run may end anywhere: with a checkpoint without
//     its entries, some of the entries, or entries without rows. Nothing is lost by
//     that: their records were not committed, so the next owner read them again, and
//     wrote them with entries of its own. Nothing can be added there either: what is
//     not signed does not count, and a batch of entries that is not whole proves no
//     row.
//  4. An insert that is repeated adds equal rows. What differs under one sequence
//     number was not written by whence.
//
// Versions of one chain that were replaced by higher ones leave the table when
// ClickHouse merges; the ledger alone knows them then. Equal versions may come from
// records that hold the same line, and differ in the record's place: either row
// will do.
package ledger
