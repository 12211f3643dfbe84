package sinks

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"whence/correlate"
)

// A storedFact is a fact with its JSON, which is what is read back: the flat
// columns are for people to query. Its digest is part of the row's identity, so
// two tellings of one fact (by two versions of a decoder) are both kept, and
// correlate.Session.Merge chooses between them as it does everywhere else.
type storedFact struct {
	correlate.Fact
	text   string
	digest uint64
}

func storeFacts(fs []correlate.Fact) ([]storedFact, error) {
	out := make([]storedFact, len(fs))
	for i, f := range fs {
		b, err := json.Marshal(&f)
		if err != nil {
			return nil, fmt.Errorf("encode a fact of event %s: %w", f.Origin, err)
		}
		h := fnv.New64a()
		h.Write(b)
		out[i] = storedFact{f, string(b), h.Sum64()}
	}
	return out, nil
}

func factTable() table[storedFact] {
	type fact = storedFact
	return table[fact]{"sessions", append([]column[fact]{
		scalar("fact", func(f *fact) (string, error) { return f.Kind.String(), nil },
			func(f *fact, s string) error { return f.Kind.UnmarshalText([]byte(s)) }),
		key("key", func(f *fact) *correlate.Key { return &f.Key }),
		key("target", func(f *fact) *correlate.Key { return &f.Target }),
		ident("origin", func(f *fact) *correlate.ID { return &f.Origin }),
		field("digest", func(f *fact) *uint64 { return &f.digest }),
		text("source", func(f *fact) *string { return &f.Source }),
		text("event_id", func(f *fact) *string { return &f.EventID }),
		instant("time", func(f *fact) *time.Time { return &f.Time }),
		proof("proof", func(f *fact) *correlate.Proof { return &f.Proof }),
		text("method", func(f *fact) *string { return &f.Method }),
		instant("start", func(f *fact) *time.Time { return &f.Start }),
		instant("end", func(f *fact) *time.Time { return &f.End }),
		field("standing", func(f *fact) *bool { return &f.Standing }),
		text("reason", func(f *fact) *string { return &f.Reason }),
		text("json", func(f *fact) *string { return &f.text }),
	}, factPeople()...)}
}

func factPeople() []column[storedFact] {
	type link = correlate.Link
	parents := func(f *storedFact) *[]link { return &f.Parents }
	return append(
		principal("principal", func(f *storedFact) *correlate.Principal { return &f.Principal }),
		list("parents.role", parents, func(l *link) string { return l.Role.String() },
			func(l *link, s string) error { return l.Role.UnmarshalText([]byte(s)) }),
		listedKey("parents.key", parents, func(l *link) *correlate.Key { return &l.Key }),
		texts("parents.type", parents, func(l *link) *correlate.PrincipalType { return &l.Principal.Type }),
		texts("parents.id", parents, func(l *link) *string { return &l.Principal.ID }),
		listedProof("parents.proof", parents, func(l *link) *correlate.Proof { return &l.Proof }),
		texts("parents.method", parents, func(l *link) *string { return &l.Method }),
	)
}
