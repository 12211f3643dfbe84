package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// codecVersion is the first byte of every record value and part of what a store
// on disk must match: facts in a version this program cannot read are skipped on
// the topic, so a program that can read them must read the topic anew.
const codecVersion = 1

// What a record holds: the second byte of its value, the first of its key.
const (
	isFact = 'f'
	isMark = 'm'
)

var (
	errVersion = errors.New("is of a version this program does not know")
	errType    = errors.New("is neither a fact nor a mark")
	errEmpty   = errors.New("says nothing")
)

// A press makes records, whose bytes come from one piece of memory after the other.
// The client may hold records for long, so none of it is used again.
type press struct {
	room    []byte
	records []kgo.Record
}

const (
	pressBytes   = 8 << 10
	pressRecords = 16
)

// fact is f as a record for one topic. Its key is the fact's identity: kind, key,
// target and origin. The topics are compacted, so two facts under one record key
// would be one fact; with the identity for a key a second reviewer, a stronger
// account from another log or a revocation erases nothing.
func (p *press) fact(topic string, partitions int, f *correlate.Fact) *kgo.Record {
	if cap(p.room) < pressBytes/8 {
		p.room = make([]byte, 0, pressBytes)
	}
	b := append(p.room[:0], isFact, byte(f.Kind))
	b = appendKey(b, f.Key)
	b = appendKey(b, f.Target)
	b = append(b, f.Origin[:]...)
	end := len(b)
	b = append(b, codecVersion, isFact)
	b = appendBody(appendKey(b, f.Key), f)
	key, value := b[:end:end], b[end:len(b):len(b)]
	if len(b) <= cap(p.room) {
		p.room = p.room[len(b):cap(p.room)][:0]
	}
	if len(p.records) == cap(p.records) {
		p.records = make([]kgo.Record, 0, pressRecords)
	}
	p.records = append(p.records, kgo.Record{Topic: topic, Partition: partitionOf(f.Key, partitions), Key: key, Value: value})
	return &p.records[len(p.records)-1]
}

// markRecord is m as a record for one partition of the sessions topic. A later
// mark of the same lane and generation replaces it. The generation is part of the
// record key: a process that was paused and wakes up may still write a mark of an
// old generation, and compaction would keep that one and erase the new owner's.
func markRecord(topic string, partition int32, m correlate.Mark) *kgo.Record {
	key := appendString(appendString([]byte{isMark}, m.Group), m.Topic)
	key = binary.BigEndian.AppendUint32(key, uint32(m.Partition))
	key = binary.BigEndian.AppendUint32(key, uint32(m.Generation))
	value := appendString(appendString([]byte{codecVersion, isMark}, m.Group), m.Topic)
	value = binary.BigEndian.AppendUint32(value, uint32(m.Partition))
	value = binary.BigEndian.AppendUint32(value, uint32(m.Generation))
	value = append(value, flag(!m.Time.IsZero(), 1))
	value = binary.BigEndian.AppendUint64(appendTime(value, m.Time), uint64(m.Known))
	return &kgo.Record{Topic: topic, Partition: partition, Key: key, Value: value}
}

// partitionOf spreads facts over partitions by what they are about, so that all
// facts of one key are in one partition, in the order they were bound. It is the
// same in every instance and release.
func partitionOf(k correlate.Key, partitions int) int32 {
	h := uint64(fnvBasis)
	for i := range len(k.Kind) {
		h = (h ^ uint64(k.Kind[i])) * fnvPrime
	}
	h *= fnvPrime // a zero byte
	for i := range len(k.Value) {
		h = (h ^ uint64(k.Value[i])) * fnvPrime
	}
	return int32(h % uint64(partitions))
}

// Of FNV-1a, which hash/fnv has only behind an allocation.
const (
	fnvBasis = 14695981039346656037
	fnvPrime = 1099511628211
)

// decodeRecord reads a record's value: exactly one of fact and mark is set if
// there is no error. It never panics. A fact has its texts in value, a
// mark owns its own.
func decodeRecord(value string) (fact *correlate.Fact, mark *correlate.Mark, err error) {
	if len(value) > MaxFactBytes {
		return nil, nil, fmt.Errorf("read record: it has %d bytes; at most %d are read", len(value), MaxFactBytes)
	}
	r := reader{s: value}
	version, kind := r.byte(), r.byte()
	switch {
	case len(value) == 0:
		return nil, nil, fmt.Errorf("read record: it %w", errEmpty)
	case version != codecVersion:
		return nil, nil, fmt.Errorf("read record: it %w (%d)", errVersion, version)
	case kind == isFact:
		fact = &correlate.Fact{Key: r.key()}
		r.body(fact)
		if err := r.end("fact"); err != nil {
			return nil, nil, err
		}
		if fact.Key.IsZero() || fact.Kind == 0 {
			return nil, nil, fmt.Errorf("read fact: it %w", errEmpty)
		}
		return fact, nil, nil
	case kind == isMark:
		mark = &correlate.Mark{Group: strings.Clone(r.string()), Topic: strings.Clone(r.string()), Partition: r.int32(), Generation: r.int32()}
		mark.Time = r.time(r.byte())
		if len(r.s) > 0 { // those of before had no more
			mark.Known = r.int64()
		}
		if err := r.end("mark"); err != nil {
			return nil, nil, err
		}
		return nil, mark, nil
	}
	return nil, nil, fmt.Errorf("read record: it %w", errType)
}

func (r *reader) int32() int32 {
	b := r.bytes(4)
	if len(b) < 4 {
		return 0
	}
	return int32(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
}

func (r *reader) int64() int64 {
	b := r.bytes(8)
	if len(b) < 8 {
		return 0
	}
	n := uint64(0)
	for i := range 8 {
		n = n<<8 | uint64(b[i])
	}
	return int64(n)
}

// lasting returns which facts must not expire:
//
//   - what is marked Standing;
//   - the end of a key that was deleted: only standing keys are deleted, sessions
//     are revoked, logged out or completed, and a standing key whose end expired
//     would look alive again;
//   - ends and approvals of kinds without a longest life.
//
// An end of another wording goes with the standing account it ends, if that is
// held when the end is bound: see Table.Bind.
func lasting(kinds correlate.Kinds) func(*correlate.Fact) bool {
	return func(f *correlate.Fact) bool {
		if f.Standing {
			return true
		}
		if f.Kind != correlate.Ending && f.Kind != correlate.Approval {
			return false
		}
		if f.Kind == correlate.Ending && f.Reason == "deleted" {
			return true
		}
		info, ok := kinds[f.Key.Kind]
		return ok && info.Life == 0
	}
}

// lives holds how long the bindings of each alias matter. Kinds that are not in
// it (exact keys, and aliases without limit) are always looked up whole.
func lives(kinds correlate.Kinds) map[correlate.Kind]time.Duration {
	out := map[correlate.Kind]time.Duration{}
	for k, info := range kinds {
		if info.Alias && info.Life > 0 {
			out[k] = info.Life
		}
	}
	return out
}
