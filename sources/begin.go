package sources

import (
	"whence/correlate"
	"whence/sources/scan"
)

// What decoders of lines have in common, whichever log the lines are of.

// each calls one with raw, or with every element of it if it is a list. What is
// not JSON throughout is rejected before that.
func (b *Batch) each(raw scan.Raw, one func(raw scan.Raw)) {
	if !raw.IsList() {
		one(raw)
		return
	}
	if err := scan.Valid(raw); err != nil {
		b.refuse(raw, err)
		return
	}
	for element := range raw.Elements() {
		one(element)
	}
}

// begin appends an event of raw that goes by the log's own id within scope, and by
// the hash of its bytes where the log gives none. Where lines share an id, more of
// them tells them apart. The event stays where it is until the next one is appended.
// Callers fill in the rest.
func (b *Batch) begin(source, scope, id string, raw scan.Raw, more ...string) *correlate.Event {
	e := b.event()
	e.EventID, e.Line = id, raw
	switch {
	case id == "":
		e.Evidence.SHA256, e.ID = b.hashNamed(raw, source, scope)
		e.EventID = e.Evidence.SHA256
	case len(more) == 0:
		e.Evidence.SHA256, e.ID = b.hashBoth(raw, source, scope, id)
	default:
		var room [8]string
		e.Evidence.SHA256, e.ID = b.hashBoth(raw, append(append(room[:0], source, scope, id), more...)...)
	}
	e.ActionID, e.Primary, e.Source = e.ID, true, source
	e.Outcome = correlate.UnknownOutcome
	return e
}

// event appends an empty event, and is where it is written: events are large.
func (b *Batch) event() *correlate.Event {
	if n := len(b.Events); n < cap(b.Events) {
		b.Events = b.Events[:n+1]
		e := &b.Events[n]
		*e = correlate.Event{}
		return e
	}
	b.Events = append(b.Events, correlate.Event{})
	return &b.Events[len(b.Events)-1]
}

// dated gives e the time at, or, where the log has none, when it arrived. It
// reports whether the log has one: e must mint nothing without.
func (in Input) dated(e *correlate.Event, at eventTime) bool {
	if e.Time = at.Time; !at.ok {
		e.Time = in.arrival()
	}
	return at.ok
}

// tell completes a fact with what it shares with the event that tells it, and adds
// it. A fact about no key is left out. A start that is not set is the event's time.
func (b *Batch) tell(e *correlate.Event, f *correlate.Fact) {
	if f.Key.IsZero() {
		return
	}
	var told *correlate.Fact
	e.Mints, told = b.facts.Grow(e.Mints)
	*told = *f
	told.Origin, told.Source, told.EventID, told.Time = e.ID, e.Source, e.EventID, e.Time
	if f.Start.IsZero() {
		told.Start = e.Time
	}
}

// fact adds an empty fact of that kind about a key, with what it shares with the event
// that tells it, to be filled in where it is: facts are large. The key must not be zero.
func (b *Batch) fact(e *correlate.Event, kind correlate.FactKind, k correlate.Key, proof correlate.Proof, method string) (f *correlate.Fact) {
	e.Mints, f = b.facts.Grow(e.Mints)
	f.Kind, f.Key, f.Proof, f.Method = kind, k, proof, method
	f.Origin, f.Source, f.EventID, f.Time, f.Start = e.ID, e.Source, e.EventID, e.Time, e.Time
	return f
}

// acted adds the credential that e was executed with, unless there is none.
func (b *Batch) acted(e *correlate.Event, k correlate.Key, method string) {
	if k.IsZero() {
		return
	}
	l := b.link(e)
	l.Role, l.Key, l.Proof, l.Method = correlate.Acting, k, correlate.Attested, method
}

// asked adds whoever asked for e, by the word of somebody of that proof.
func (b *Batch) asked(e *correlate.Event, p *correlate.Principal, proof correlate.Proof, method string) {
	if p.IsZero() {
		return
	}
	l := b.link(e)
	l.Role, l.Principal, l.Proof, l.Method = requestorOf(p), *p, proof, method
}

// link adds an empty link to what e uses, and is where it is written.
func (b *Batch) link(e *correlate.Event) (l *correlate.Link) {
	e.Uses, l = b.links.Grow(e.Uses)
	return l
}

// requestorOf is the part that p plays if it is named as having asked: an agent
// acts for somebody else.
func requestorOf(p *correlate.Principal) correlate.Role {
	if p.Type == correlate.Agent {
		return correlate.AgentRole
	}
	return correlate.Requestor
}

// touched adds something that e touched, unless it has no name.
func (b *Batch) touched(e *correlate.Event, kind, id string) {
	if id != "" { // most of what could be touched is not: this much is worth no call
		b.touch(e, kind, id)
	}
}

// touch is touched of what has a name. It is no part of touched, which would be a call
// with it.
//
//go:noinline
func (b *Batch) touch(e *correlate.Event, kind, id string) {
	var r *correlate.Resource
	e.Resources, r = b.resources.Grow(e.Resources)
	r.Type, r.ID = kind, id
}

// email returns s in lower case if it is a person's e-mail address by its form.
func (b *Batch) email(s string) (string, bool) { return cloudtrailEmail(s, &b.text) }

// named is a principal with names that the directory may list it under; empty ones
// are left out.
func (b *Batch) named(p correlate.Principal, names ...string) correlate.Principal {
	for _, n := range names {
		if n != "" {
			var last *string
			p.Names, last = b.names.Grow(p.Names)
			*last = n
		}
	}
	return p
}

// name gives p a name that the directory may list it under, unless it is empty: named
// where p is already where it stays.
func (b *Batch) name(p *correlate.Principal, name string) {
	if name != "" {
		var last *string
		p.Names, last = b.names.Grow(p.Names)
		*last = name
	}
}

// join is the text of its parts, or nothing if the last one is empty: a name with
// its scope before it.
func (b *Batch) join(parts ...string) string {
	if parts[len(parts)-1] == "" {
		return ""
	}
	return b.text.Join(parts...)
}

// within is the name of what is inside of a scope, or nothing if it has none.
func (b *Batch) within(scope, name string) string {
	if name == "" {
		return ""
	}
	return b.text.Join(scope, "/", name)
}

// or is a, or b where a is empty: cmp.Or of two, without a list of them.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// given reports whether a member came and is not null.
func given(raw scan.Raw) bool { return len(raw) > 0 && string(raw) != "null" }

// statusOutcome is what a status code says of how a request ended.
func statusOutcome(status int64) (correlate.Outcome, string) {
	switch {
	case status == 401, status == 403, status == 429:
		return correlate.Denied, httpReason(status, "")
	case status >= 400:
		return correlate.Failure, httpReason(status, "")
	case status >= 100:
		return correlate.Success, ""
	}
	return correlate.UnknownOutcome, ""
}

// isDigits reports whether s is a whole number as it is written.
func isDigits(s string) bool { return vaultIsNumber(s) }
