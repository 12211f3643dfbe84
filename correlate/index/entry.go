package index

import (
	"encoding/binary"

	"whence/correlate"
)

// An entry is a cached session: all facts of one key whose origin is not before
// floor, as bytes. Bytes cost the collector nothing, a million sessions made of
// pointers cost it a third of a core; a look-up pays three allocations for it.
//
//	key floor[8] count bodies
func appendEntry(b []byte, s correlate.Session, floor int64) []byte {
	b = appendKey(b, s.Key)
	b = binary.BigEndian.AppendUint64(b, uint64(floor))
	b = binary.AppendUvarint(b, uint64(len(s.Facts)))
	for i := range s.Facts {
		b = appendBody(b, &s.Facts[i])
	}
	return b
}

// readEntry decodes an entry if it is about k and reaches back to floor.
func readEntry(b []byte, k correlate.Key, floor int64) (s correlate.Session, from int64, ok bool) {
	head, ok := afterKey(b, k)
	if !ok || len(head) < 8 {
		return correlate.Session{}, 0, false
	}
	if from = int64(binary.BigEndian.Uint64(head)); from > floor {
		return correlate.Session{}, 0, false
	}
	r := reader{s: string(head[8:])} // the one copy that all strings share
	s = correlate.Session{Key: k, Facts: make([]correlate.Fact, r.count(maxEntryBytes))}
	for i := range s.Facts {
		s.Facts[i].Key = k
		r.body(&s.Facts[i])
	}
	if r.end("entry") != nil {
		panic("index: a cached session must always decode")
	}
	return s, from, true
}

// afterKey returns what follows the key at the beginning of b, if that is k.
func afterKey(b []byte, k correlate.Key) ([]byte, bool) {
	for _, want := range [...]string{string(k.Kind), k.Value} {
		n, w := binary.Uvarint(b)
		if w <= 0 || n != uint64(len(want)) || uint64(len(b)-w) < n || string(b[w:w+len(want)]) != want {
			return nil, false
		}
		b = b[w+len(want):]
	}
	return b, true
}
