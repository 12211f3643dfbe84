package correlate

import "time"

// Class groups actions by what they could do.
type Class string

// The classes.
const (
	Auth   Class = "auth"
	Read   Class = "read"
	Write  Class = "write"
	Admin  Class = "admin"
	Secret Class = "secret"
	Model  Class = "model"
	Tool   Class = "tool"
	Deploy Class = "deploy"
)

// Outcome is how an action ended.
type Outcome string

// The outcomes.
const (
	Success        Outcome = "success"
	Failure        Outcome = "failure"
	Denied         Outcome = "denied"
	UnknownOutcome Outcome = "unknown"
)

// An Event is one decoded log line. Its text may lie in the record it was decoded
// from, or in memory lent for one batch: whoever keeps an event longer than the
// batch it came in clones it.
type Event struct {
	// ID is NewID of source, scope, the log's own event id and, where a request
	// and a response share one, the line type.
	ID      ID
	Source  string
	EventID string // the log's own id, as docs/DESIGN.md section 6 spells it for each source
	Time    time.Time
	// ActionID is shared by the lines that tell of one deed; exactly one of
	// them is Primary and counts in sums.
	ActionID ID
	Primary  bool
	Tenant   string

	Actor   Principal // the executor, as the line itself names it
	Uses    []Link    // where the walk starts: credentials used, names and persons stated
	Mints   []Fact    // what this line tells of keys, for every later walk
	Action  string
	Class   Class
	Outcome Outcome
	Error   string // the log's error code or short message; never a body

	Resources []Resource
	Context   Context
	Usage     Usage
	Evidence  Evidence

	// Signals are the ids of the rules on log lines, of other formats than ours, that
	// the line matched when it was decoded. Rules ask for them; they are no part of
	// what the version is a digest of, as they depend on which rules there are.
	Signals []string
	// Line is the line itself, where its decoder says: in the record, until the batch
	// ends. A clone has none, nor has a chain.
	Line []byte
}

// Key returns the credential the event acted with: the first exact key among
// its uses, or the zero key.
func (e *Event) Key() Key {
	for i := range e.Uses {
		if u := &e.Uses[i]; !u.Key.IsZero() && u.Role == Acting {
			return u.Key
		}
	}
	return Key{}
}

// A Role says what part a link's target plays.
type Role uint8

// The roles.
const (
	// Acting is a credential the event was executed with. Only events have it.
	Acting Role = iota + 1
	// Requestor asked for the child or the action.
	Requestor
	// Holder was handed the child and uses it (an unwrapped token). Where one
	// is known the walk goes on to it, and the requestor is shown.
	Holder
	// AgentRole is the agent in between that acts for the requestor.
	AgentRole
	// Creator made a standing key. It is shown and never taken for the requestor.
	Creator
)

var roleNames = [...]string{"", "acting", "requestor", "holder", "agent", "creator"}

// String returns the role's name.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "role(?)"
}

// MarshalText implements encoding.TextMarshaler.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Unknown names give zero.
func (r *Role) UnmarshalText(b []byte) error {
	*r = 0
	for i, n := range roleNames {
		if n == string(b) {
			*r = Role(i)
		}
	}
	return nil
}

// A Link leads one step up: from an event or a session to whoever stands behind
// it. Several links of one event or account are alternative descriptions of the
// same step, at different strength; the walk weighs them.
type Link struct {
	Role Role `json:"role"`
	// Key is an exact key or an alias; zero when the line states a principal only.
	Key Key `json:"key,omitzero"`
	// Principal is stated by the line itself; zero when the key must tell.
	Principal Principal `json:"principal,omitzero"`
	// Proof is how well this link is established, were its target certain. An
	// alias that leads to exactly one live key keeps it, so links on reusable
	// names say Inferred, and links on a run id the caller wrote say Claimed.
	Proof  Proof  `json:"proof"`
	Method string `json:"method"` // such as aws.sts.assume_role; a fallback has its own
	// At is when the target had to be live, if that is neither the event's time
	// nor the start of the account that holds the link (a time written in a name).
	At time.Time `json:"at,omitzero"`
}

// A Resource is what an event touched.
type Resource struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Context is where and how an event happened. Empty means the log does not say.
type Context struct {
	IP      string `json:"ip,omitempty"`
	Agent   string `json:"agent,omitempty"` // user agent
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Session string `json:"session,omitempty"`
	Trace   string `json:"trace,omitempty"`
	Ticket  string `json:"ticket,omitempty"`
	App     string `json:"app,omitempty"`
	Unit    string `json:"unit,omitempty"`
}

// Usage is what a model call consumed. A zero CostUSD with CostKnown unset means
// that the cost is unknown.
type Usage struct {
	Model        string  `json:"model,omitempty"` // the model that served
	InputTokens  int64   `json:"input_tokens,omitempty"`
	OutputTokens int64   `json:"output_tokens,omitempty"`
	CostUSD      float64 `json:"cost_usd,omitempty"`
	CostKnown    bool    `json:"-"`
}

// IsZero reports whether u is unset.
func (u Usage) IsZero() bool { return u == Usage{} }

// Evidence says where the raw event is and what it hashes to. Offsets differ
// between deliveries of one line and are no part of a chain's content.
type Evidence struct {
	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	SHA256    string `json:"sha256"` // lower-case hex, of the raw event alone
}
