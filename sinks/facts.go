package sinks

import (
	"fmt"
	"time"

	"whence/correlate"
)

// A storedFact is a fact with its JSON, which is what is read back: the flat
// columns are for people to query. Its digest is part of the row's identity, so
// two tellings of one fact (by two versions of a decoder) are both kept, and
// correlate.Session.Merge chooses between them as it does everywhere else.
type storedFact struct {
	correlate.Fact
	text   []byte
	digest uint64
}

// A factRoom holds the stored facts of one block while it is encoded, and is used
// again for the next.
type factRoom struct {
	facts []storedFact
	text  []byte
}

// store adds to fs what is stored with them. The result is good until clear.
func (r *factRoom) store(fs []correlate.Fact) ([]storedFact, error) {
	r.text = r.text[:0]
	for i := range fs {
		from := len(r.text)
		var err error
		if r.text, err = appendFact(r.text, &fs[i]); err != nil {
			return nil, fmt.Errorf("encode a fact of event %s: %w", fs[i].Origin, err)
		}
		// When text moves as it grows, what was written stays where it was.
		text := r.text[from:]
		r.facts = append(r.facts, storedFact{fs[i], text, digest(text)})
	}
	return r.facts, nil
}

// clear lets go of the caller's memory.
func (r *factRoom) clear() {
	clear(r.facts)
	r.facts = r.facts[:0]
}

// digest is FNV-1a.
func digest(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func factTable() table[storedFact] {
	type fact = storedFact
	return newTable("sessions", []column[fact]{
		term("fact", func(f *fact) string { return f.Kind.String() },
			func(f *fact, s string) error { return f.Kind.UnmarshalText([]byte(s)) }),
		key("key", func(f *fact) *correlate.Key { return &f.Key }),
		key("target", func(f *fact) *correlate.Key { return &f.Target }),
		ident("origin", func(f *fact) *correlate.ID { return &f.Origin }),
		field("digest", func(f *fact) *uint64 { return &f.digest }),
		word("source", func(f *fact) *string { return &f.Source }),
		text("event_id", func(f *fact) *string { return &f.EventID }),
		instant("time", func(f *fact) *time.Time { return &f.Time }),
		proof("proof", func(f *fact) *correlate.Proof { return &f.Proof }),
		word("method", func(f *fact) *string { return &f.Method }),
		instant("start", func(f *fact) *time.Time { return &f.Start }),
		instant("end", func(f *fact) *time.Time { return &f.End }),
		field("standing", func(f *fact) *bool { return &f.Standing }),
		word("reason", func(f *fact) *string { return &f.Reason }),
		scalar("json", wireText, func(b []byte, f *fact) []byte { return appendText(b, f.text) },
			func(f *fact, s string) error { f.text = []byte(s); return nil }),
	}, factPeople())
}

func factPeople() []column[storedFact] {
	type link = correlate.Link
	parents := func(f *storedFact) *[]link { return &f.Parents }
	return append(
		principal("principal", func(f *storedFact) *correlate.Principal { return &f.Principal }),
		terms("parents.role", parents, func(l *link) string { return l.Role.String() },
			func(l *link, s string) error { return l.Role.UnmarshalText([]byte(s)) }),
		listedKey("parents.key", parents, func(l *link) *correlate.Key { return &l.Key }),
		wordList("parents.type", parents, func(l *link) *correlate.PrincipalType { return &l.Principal.Type }),
		texts("parents.id", parents, func(l *link) *string { return &l.Principal.ID }),
		listedProof("parents.proof", parents, func(l *link) *correlate.Proof { return &l.Proof }),
		wordList("parents.method", parents, func(l *link) *string { return &l.Method }),
	)
}
