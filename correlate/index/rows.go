package index

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"whence/correlate"
)

// The rows of the Pebble store, one per fact:
//
//	'f' key | origin time[8] fact kind target origin[16]  ->  the fact's body
//	'k'                                                   ->  which file the keys are kept in
//	'm' partition[4] mark's group, topic and partition    ->  the mark, as on the topic
//	'p' topic partition[4]                                ->  next offset[8]
//
// Everything up to the bar is the prefix that bloom filters are built on: a
// session is one prefix, and an alias is read from a time on. Lengths come before
// strings, so no prefix begins another one.
const (
	factRows     = 'f'
	keepsakeRow  = 'k'
	markRows     = 'm'
	positionRows = 'p'
)

var errRow = errors.New("has a key that this program did not write")

func appendPrefix(b []byte, k correlate.Key) []byte {
	return appendKey(append(b, factRows), k)
}

// appendMoment appends an origin time so that rows sort by it.
func appendMoment(b []byte, nanos int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(nanos)^1<<63)
}

func appendRow(b []byte, f *correlate.Fact) []byte {
	b = appendMoment(appendPrefix(b, f.Key), nanos(f.Time))
	b = appendKey(append(b, byte(f.Kind)), f.Target)
	return append(b, f.Origin[:]...)
}

// rowKey reads the key a fact row is about.
func rowKey(row []byte) (correlate.Key, error) {
	n := prefixLen(row)
	if n == len(row) {
		return correlate.Key{}, errRow
	}
	r := reader{s: string(row[1:n])}
	k := r.key()
	return k, r.end("row")
}

// prefixLen is where the prefix of a row ends. Whatever is not a fact row is
// prefix to its end.
func prefixLen(row []byte) int {
	if len(row) == 0 || row[0] != factRows {
		return len(row)
	}
	at := 1
	for range 2 {
		n, w := binary.Uvarint(row[at:])
		if w <= 0 || n > uint64(len(row)-at-w) {
			return len(row)
		}
		at += w + int(n)
	}
	return at
}

func positionRow(tp TopicPartition) []byte {
	return binary.BigEndian.AppendUint32(appendString([]byte{positionRows}, tp.Topic), uint32(tp.Partition))
}

func readPosition(row, value []byte) (TopicPartition, int64, error) {
	r := reader{s: string(row[1:])}
	tp := TopicPartition{Topic: r.string(), Partition: r.int32()}
	if err := r.end("position"); err != nil {
		return tp, 0, err
	}
	if len(value) != 8 {
		return tp, 0, errRow
	}
	return tp, int64(binary.BigEndian.Uint64(value)), nil
}

// comparer orders rows bytewise and tells Pebble where their prefix ends.
// Separators are not shortened: a shortened key would not split where rows do.
func comparer() *pebble.Comparer {
	return &pebble.Comparer{
		Name:                 "whence.rows",
		Compare:              bytes.Compare,
		Equal:                bytes.Equal,
		ComparePointSuffixes: bytes.Compare,
		CompareRangeSuffixes: bytes.Compare,
		Split:                prefixLen,
		AbbreviatedKey:       pebble.DefaultComparer.AbbreviatedKey,
		FormatKey:            pebble.DefaultComparer.FormatKey,
		Separator:            func(dst, a, _ []byte) []byte { return append(dst, a...) },
		Successor:            func(dst, a []byte) []byte { return append(dst, a...) },
		ImmediateSuccessor:   func(dst, a []byte) []byte { return append(append(dst, a...), 0) },
	}
}

// span is the bounds of all rows of one sort.
func span(rows byte) (lower, upper []byte) { return []byte{rows}, []byte{rows + 1} }
