package correlate

import (
	"cmp"
	"slices"
	"time"
)

// FactKind says what a fact tells about its key.
type FactKind uint8

// The kinds of fact.
const (
	// Account: the key stands for Principal and was asked for by Parents.
	Account FactKind = iota + 1
	// Binding: the alias Key was carried by Target from Start until End.
	Binding
	// Ending: the key cannot be used from Start on (revoked, logged out, deleted).
	Ending
	// Approval: Principal allowed, at Start, what is done with the key.
	Approval
)

var factNames = [...]string{"", "account", "binding", "ending", "approval"}

// String returns the kind's name.
func (k FactKind) String() string {
	if int(k) < len(factNames) {
		return factNames[k]
	}
	return "fact(?)"
}

// MarshalText implements encoding.TextMarshaler.
func (k FactKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Unknown names give zero.
func (k *FactKind) UnmarshalText(b []byte) error {
	*k = 0
	for i, n := range factNames {
		if n == string(b) {
			*k = FactKind(i)
		}
	}
	return nil
}

// A Fact is one thing that one log line tells about one key. Facts are added,
// never withdrawn; two instances that hold the same set agree on everything.
type Fact struct {
	Kind FactKind `json:"fact"`
	// Key is what the fact is about. For a Binding it is the alias.
	Key Key `json:"key"`
	// Target is the key that carried the alias; Bindings only.
	Target Key `json:"target,omitzero"`
	// Origin, Source, EventID and Time are those of the event that told.
	Origin  ID        `json:"origin"`
	Source  string    `json:"source"`
	EventID string    `json:"event_id"`
	Time    time.Time `json:"time"`
	// Proof is how well the line establishes the fact, and Method how.
	Proof  Proof  `json:"proof"`
	Method string `json:"method"`
	// Principal is who the key stands for (Account) or who allowed it (Approval). Of a
	// Binding its ID tells which part of the target carried the alias, such as one of
	// several jobs, if that part has an end of its own.
	Principal Principal `json:"principal,omitzero"`
	// Parents lead to whoever asked for the key; Accounts only. An account
	// without parents is a root: a login, or a schedule that fired.
	Parents []Link `json:"parents,omitempty"`
	// Start is from when the fact holds: the mint, the binding, the end, the
	// approval. It is never zero.
	Start time.Time `json:"start"`
	// End is until when an Account or Binding holds; zero if the line does not say.
	End time.Time `json:"end,omitzero"`
	// Standing marks a key made for later use: the walk goes on to Principal
	// and never to the Creator among Parents. Standing facts do not expire.
	Standing bool `json:"standing,omitempty"`
	// Reason says how a key ended: "revoked", "logout", "deleted", "completed". A Binding
	// that has one says that the target, or that part of it, is over at its End, and so
	// are bindings like it that have no End.
	Reason string `json:"reason,omitempty"`
}

// Compare orders facts by what makes them distinct: kind, key, target, origin.
// Facts that compare equal are the same fact told twice.
func (f *Fact) Compare(o *Fact) int {
	return cmp.Or(
		cmp.Compare(f.Kind, o.Kind), f.Key.Compare(o.Key), f.Target.Compare(o.Target),
		slices.Compare(f.Origin[:], o.Origin[:]))
}

// A Session is everything known of one key: the set of its facts, in the order
// of Fact.Compare, each once. The zero Facts means that nothing is known.
type Session struct {
	Key   Key
	Facts []Fact
}

// Merge joins two accounts of one session. It is commutative, associative and
// idempotent, so the order in which facts arrive cannot change the outcome.
// Neither operand is modified; the result may share memory with both.
func (s Session) Merge(o Session) Session {
	if len(s.Facts) == 0 {
		return o
	}
	if len(o.Facts) == 0 || sameFacts(s.Facts, o.Facts) {
		return s
	}
	out := make([]Fact, 0, len(s.Facts)+len(o.Facts))
	i, j := 0, 0
	for i < len(s.Facts) && j < len(o.Facts) {
		switch c := s.Facts[i].Compare(&o.Facts[j]); {
		case c < 0:
			out = append(out, s.Facts[i])
			i++
		case c > 0:
			out = append(out, o.Facts[j])
			j++
		default:
			out = append(out, *stronger(&s.Facts[i], &o.Facts[j]))
			i++
			j++
		}
	}
	out = append(out, s.Facts[i:]...)
	out = append(out, o.Facts[j:]...)
	return Session{Key: s.Key, Facts: out}
}

// NewSession collects facts about key k, in any order and with repeats. Facts
// about other keys are left out.
func NewSession(k Key, facts ...Fact) Session {
	s := Session{Key: k}
	switch half := len(facts) / 2; {
	case half > 0: // one by one would take the square of their number
		s = NewSession(k, facts[:half]...).Merge(NewSession(k, facts[half:]...))
		s.Key = k
	case len(facts) == 1 && facts[0].Key == k:
		s.Facts = facts[:1:1]
	}
	return s
}

// stronger picks between two tellings of one fact. They differ only when two
// versions of a decoder read one line differently; any total order will do, as
// long as everybody uses the same one.
func stronger(a, b *Fact) *Fact {
	if equal(a, b) {
		return a // as nearly always
	}
	if c := cmp.Or(cmp.Compare(a.Proof, b.Proof), a.End.Compare(b.End), cmp.Compare(canonical(a), canonical(b))); c < 0 {
		return b
	}
	return a
}

// equal reports whether two tellings of one fact do not differ at all. It may say
// no when they do not, for times in two zones.
func equal(a, b *Fact) bool {
	return a.Kind == b.Kind && a.Key == b.Key && a.Target == b.Target && a.Origin == b.Origin &&
		a.Source == b.Source && a.EventID == b.EventID && a.Time == b.Time && a.Proof == b.Proof && a.Method == b.Method &&
		a.Principal.equal(&b.Principal) && slices.EqualFunc(a.Parents, b.Parents, Link.equal) &&
		a.Start == b.Start && a.End == b.End && a.Standing == b.Standing && a.Reason == b.Reason
}

func sameFacts(a, b []Fact) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

func (l Link) equal(o Link) bool {
	return l.Role == o.Role && l.Key == o.Key && l.Principal.equal(&o.Principal) &&
		l.Proof == o.Proof && l.Method == o.Method && l.At == o.At
}

func (p *Principal) equal(o *Principal) bool {
	return p.Type == o.Type && p.ID == o.ID && p.Name == o.Name && p.Issuer == o.Issuer &&
		p.Unit == o.Unit && p.Owner == o.Owner && slices.Equal(p.Names, o.Names)
}
