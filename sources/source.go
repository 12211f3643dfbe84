// Package sources turns raw log records into events. One file per log format:
// its kinds, one registration, one pure decode function. It never talks to the
// network, keeps no state between records and lets no secret out.
package sources

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/prices"
	"whence/sources/scan"
)

// A Source is one kind of log: a value, not a type.
type Source struct {
	Name string
	// Kinds are the keys and aliases its lines mint, with the best proof they give.
	Kinds []correlate.KindInfo
	// Lateness is how long after the event a line may still arrive.
	Lateness time.Duration
	// Detect reports whether one JSON value looks like this log: a line, or an
	// envelope of lines. It is cheap and never true for another source's lines.
	Detect func(v Value) bool
	// Binary says that records need not be text: they are decoded as they come, with
	// whatever looks like white space around them.
	Binary bool
	// Decode appends to out the events of one record, which may be an envelope of
	// many, and a reject for every part that is not an event. Events may point into
	// in.Raw and into memory that out lends: see Batch. It never panics.
	Decode func(in Input, out *Batch)

	declared bool             // in a file of the operator's: see Declare
	names    []correlate.Kind // that lines of a declared source name beside Kinds
}

// Input is one raw record.
type Input struct {
	Raw []byte
	// Scope is the cluster and device, gateway or tenant the log comes from,
	// where the line itself does not say: configured per topic, taken from the
	// record header whence-scope, or given with --scope.
	Scope string
	// Header returns a record header by name, or "". It may be nil.
	Header func(name string) string
}

// arrival stands in for the time of a line that has none: when the collector or
// the broker got it, from the header whence-received-at, and where nothing says
// that, 1970-01-01, which nobody takes for a real time. Such a line is still an
// event; it must mint nothing, because its facts could not be placed in time.
func (in Input) arrival() time.Time {
	if in.Header != nil {
		if t, ok := rfc3339(in.Header("whence-received-at")); ok {
			return t
		}
	}
	return time.Unix(0, 0).UTC()
}

// Batch collects what decoding yields, and lends the memory for it. What an event
// says is either in the record it was decoded from or in the batch, so events are
// good until Reset, and until the record's bytes change. Whoever keeps one longer
// clones it. Rejects own their memory. A Batch is not safe for concurrent use.
type Batch struct {
	Events  []correlate.Event
	Rejects []correlate.Reject

	// Prices are what model calls cost where their line does not say; nil for
	// nothing known.
	Prices *prices.Book
	// Beside reports whether the log of that name is read here too: two logs may tell
	// of one deed, and then one of them says so and the other counts. Nil for none.
	Beside func(source string) bool

	text      arena.Text
	links     arena.Slab[correlate.Link]
	facts     arena.Slab[correlate.Fact]
	resources arena.Slab[correlate.Resource]
	names     arena.Slab[string]
	sums      correlate.Sums
	ahead     ahead
	scratch   any   // of the source that decoded last: see scratch
	scratches []any // of all that have
}

// Reset empties b and takes back all it lent.
func (b *Batch) Reset() {
	b.Events, b.Rejects = b.Events[:0], b.Rejects[:0]
	b.text.Reset()
	b.links.Reset()
	b.facts.Reset()
	b.resources.Reset()
	b.names.Reset()
	b.ahead.forget()
}

// Poison makes Reset overwrite what was lent, for tests: what was kept against the
// rules shows.
func (b *Batch) Poison() {
	b.text.Poison, b.links.Poison, b.facts.Poison, b.resources.Poison, b.names.Poison = true, true, true, true, true
}

// scratch returns what a decoder uses again for every record, such as the struct
// that a line is read into. A batch keeps one for each source that used it.
func scratch[T any](b *Batch) *T {
	if s, ok := b.scratch.(*T); ok {
		return s
	}
	for _, kept := range b.scratches {
		if s, ok := kept.(*T); ok {
			b.scratch = s
			return s
		}
	}
	s := new(T)
	b.scratch, b.scratches = s, append(b.scratches, s)
	return s
}

// MaxRecordBytes is the largest record that is decoded; larger ones are rejected.
const MaxRecordBytes = 16 << 20

var registry []Source

// register adds a source at start-up. The registry is the one package global:
// it is what makes "a new source is one file" true.
func register(s Source) struct{} {
	if _, ok := Find(s.Name); ok {
		panic("sources: two sources are named " + s.Name)
	}
	registry = append(registry, s)
	sortRegistry()
	return struct{}{}
}

func sortRegistry() {
	slices.SortFunc(registry, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
}

// Find returns the source of that name.
func Find(name string) (Source, bool) {
	i := slices.IndexFunc(registry, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return registry[i], true
}

// All returns every source, ordered by name.
func All() []Source { return slices.Clone(registry) }

// Kinds joins what the given sources mint.
func Kinds(ss ...Source) correlate.Kinds {
	var infos []correlate.KindInfo
	for _, s := range ss {
		infos = append(infos, s.Kinds...)
	}
	return correlate.NewKinds(infos...)
}

// DecodeRecord decodes one record of source s, after the checks every source shares.
func (s *Source) DecodeRecord(in Input, out *Batch) {
	firstEvent, firstReject := len(out.Events), len(out.Rejects)
	whole := in.Raw
	if !s.Binary && !bare(in.Raw) {
		in.Raw = trimmed(in.Raw)
	}
	switch {
	case len(in.Raw) == 0:
		out.reject(in.Raw, correlate.RejectEmpty, "the record is empty")
	case len(in.Raw) > MaxRecordBytes:
		out.reject(in.Raw, correlate.RejectTooLarge, fmt.Sprintf("the record has %d bytes; at most %d are decoded", len(in.Raw), MaxRecordBytes))
	default:
		s.Decode(in, out)
		if len(out.Events) == firstEvent && len(out.Rejects) == firstReject {
			out.reject(in.Raw, correlate.RejectSource, "no event of "+s.Name+" in the record")
		}
		if len(out.Events) == firstEvent {
			out.emptied(in.Raw, firstReject)
		}
	}
	for i := firstEvent; i < len(out.Events); i++ {
		out.Events[i].Source = s.Name
	}
	for i := firstReject; i < len(out.Rejects); i++ {
		r := &out.Rejects[i]
		r.Source = s.Name
		if len(r.Raw) == len(in.Raw) && len(whole) != len(in.Raw) { // all of it: as it came
			r.Raw, r.SHA256 = bytes.Clone(whole), sum(whole)
		}
	}
}

// bare reports whether raw is in braces, so that there is nothing around it.
func bare(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' && raw[len(raw)-1] == '}' }

// reject appends a reject of raw, which is copied. detail must not repeat input.
func (b *Batch) reject(raw []byte, reason, detail string) {
	b.Rejects = append(b.Rejects, correlate.Reject{Reason: reason, Detail: detail, SHA256: sum(raw), Raw: bytes.Clone(raw)})
}

// read reads raw, an object, with a table, or rejects it and reports false.
func read[T any](b *Batch, table *scan.Table[T], raw []byte, into *T) bool {
	err := table.Read(raw, into, &b.text)
	if err == nil {
		return true
	}
	b.refuse(raw, err)
	return false
}

// refuse rejects raw for an error of package scan.
func (b *Batch) refuse(raw []byte, err error) {
	switch {
	case errors.Is(err, scan.ErrDeep):
		b.reject(raw, correlate.RejectTooDeep, fmt.Sprintf("the record nests deeper than %d levels", scan.MaxDepth))
	case errors.Is(err, scan.ErrObject), errors.Is(err, scan.ErrStopped):
		b.reject(raw, correlate.RejectInvalid, "a field has another type than this log gives it")
	default:
		b.reject(raw, correlate.RejectNotJSON, "the record is not valid JSON")
	}
}

// sum is the SHA-256 of raw in lower-case hex: the evidence hash.
func sum(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:])
}
