package sinks

import (
	"encoding/binary"
	"strings"
	"time"

	"whence/correlate"
)

// The columns in this file hold the types of package correlate.

func ident[T any](name string, of func(*T) *correlate.ID) column[T] {
	c := scalar(name, wireText, nil, func(t *T, s string) (err error) { *of(t), err = correlate.ParseID(s); return err })
	c.encode = idCells(offset(name, of))
	return c
}

func key[T any](name string, of func(*T) *correlate.Key) column[T] {
	c := scalar(name, wireText, nil, func(t *T, s string) error { *of(t) = parseKey(s); return nil })
	c.encode = keyCells(offset(name, of))
	return c
}

func listedKey[T, E any](name string, of func(*T) *[]E, ref func(*E) *correlate.Key) column[T] {
	return list(name, wireText, of, listed(keyCells(offset(name, ref))),
		func(e *E, s string) error { *ref(e) = parseKey(s); return nil })
}

// parseKey reads what Key.String wrote. Unlike correlate.ParseKey it takes keys
// that lack a part: a missing principal whose issuer nobody knows has no kind.
func parseKey(s string) correlate.Key {
	kind, value, _ := strings.Cut(s, ":")
	return correlate.Key{Kind: correlate.Kind(kind), Value: value}
}

func proof[T any](name string, of func(*T) *correlate.Proof) column[T] {
	c := term(name, nil, func(t *T, s string) (err error) { *of(t), err = correlate.ParseProof(s); return err })
	c.encode = proofCells(offset(name, of))
	return c
}

func listedProof[T, E any](name string, of func(*T) *[]E, ref func(*E) *correlate.Proof) column[T] {
	c := terms(name, of, nil, func(e *E, s string) (err error) { *ref(e), err = correlate.ParseProof(s); return err })
	c.encode = proofCells(offset(name, ref))
	return c
}

// ClickHouse's functions on times are sure from the epoch to 2106; a year is left
// for the TTL to be added. Times outside are moved to the edge in the flat
// columns; the exact ones are kept beside them.
var (
	earliest = time.Unix(0, 0).UTC()
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// columnTime is t as the flat columns hold it: zero becomes the epoch.
func columnTime(t time.Time) time.Time {
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return t.UTC()
}

// exact reports whether t comes back from a column as it was.
func exact(t time.Time) bool {
	if s := t.Unix(); 0 < s && s < latest.Unix() { // nearly every time of every row
		return true
	}
	return t.IsZero() || t.After(earliest) && !t.After(latest)
}

// rowTime is what columnTime made a column from.
func rowTime(t time.Time) time.Time {
	if t.Equal(earliest) {
		return time.Time{}
	}
	return t.UTC()
}

func instant[T any](name string, of func(*T) *time.Time) column[T] {
	c := scalar(name, wireTime, nil, func(t *T, v time.Time) error { *of(t) = rowTime(v); return nil })
	c.encode = timeCells(offset(name, of))
	return c
}

func instants[T, E any](name string, of func(*T) *[]E, ref func(*E) *time.Time) column[T] {
	return list(name, wireTime, of, listed(timeCells(offset(name, ref))),
		func(e *E, v time.Time) error { *ref(e) = rowTime(v); return nil })
}

// appendTime appends columnTime(*t).
func appendTime(b []byte, t *time.Time) []byte {
	return binary.LittleEndian.AppendUint64(b, columnNanos(t))
}

// columnNanos is columnTime(*t) as the protocol has it.
func columnNanos(t *time.Time) uint64 {
	switch s := t.Unix(); {
	case s >= latest.Unix():
		return uint64(latest.UnixNano())
	case s >= 0:
		return uint64(t.UnixNano())
	}
	return 0
}

// principal is the columns of one principal. Names are kept elsewhere.
func principal[T any](prefix string, of func(*T) *correlate.Principal) []column[T] {
	return []column[T]{
		word(prefix+"_type", func(t *T) *correlate.PrincipalType { return &of(t).Type }),
		text(prefix+"_id", func(t *T) *string { return &of(t).ID }),
		text(prefix+"_name", func(t *T) *string { return &of(t).Name }),
		word(prefix+"_issuer", func(t *T) *string { return &of(t).Issuer }),
		word(prefix+"_unit", func(t *T) *string { return &of(t).Unit }),
		word(prefix+"_owner", func(t *T) *string { return &of(t).Owner }),
	}
}

// principals is the columns of the principals of a list.
func principals[T, E any](prefix string, of func(*T) *[]E, ref func(*E) *correlate.Principal) []column[T] {
	return []column[T]{
		wordList(prefix+".type", of, func(e *E) *correlate.PrincipalType { return &ref(e).Type }),
		texts(prefix+".id", of, func(e *E) *string { return &ref(e).ID }),
		texts(prefix+".name", of, func(e *E) *string { return &ref(e).Name }),
		wordList(prefix+".issuer", of, func(e *E) *string { return &ref(e).Issuer }),
		wordList(prefix+".unit", of, func(e *E) *string { return &ref(e).Unit }),
		wordList(prefix+".owner", of, func(e *E) *string { return &ref(e).Owner }),
	}
}

// putBack gives the elements of a list what rest holds of them by place. Places
// that the list lacks are left out.
func putBack[E, V any](es []E, m map[int]V, set func(*E, V)) {
	for i, v := range m {
		if i >= 0 && i < len(es) {
			set(&es[i], v)
		}
	}
}
