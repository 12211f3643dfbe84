package correlate

import (
	"crypto/sha256"
	"time"
)

// Status says where a walk ended.
type Status string

// The statuses.
const (
	// Attributed: the walk ends at a person.
	Attributed Status = "attributed"
	// Automated: it ends at a schedule or service that the directory gives an
	// accountable owner.
	Automated Status = "automated"
	// Ambiguous: several candidates remain; they are listed, up to a hundred.
	Ambiguous Status = "ambiguous"
	// Partial: something above the acting credential is known, the root is not.
	Partial Status = "partial"
	// Unattributed: nothing above the acting credential is known.
	Unattributed Status = "unattributed"
)

// A Hop is one step of the walk.
type Hop struct {
	Key       Key       `json:"key,omitzero"` // zero for a principal stated without one
	Principal Principal `json:"principal"`
	Proof     Proof     `json:"proof"`
	Method    string    `json:"method"`
	// EventID, Source and Time are those of the line that tells of this hop.
	EventID string    `json:"event_id,omitempty"`
	Source  string    `json:"source,omitempty"`
	Time    time.Time `json:"time,omitzero"`
	// State is empty, or why the key should not have worked when it was used:
	// "early", "expired", or the reason of its end, such as "revoked". Of a person it
	// is StateLeft if the directory says that they had left by then.
	State string `json:"state,omitempty"`
}

// StateLeft is the state of a person's hop after their last day. Their account
// worked, so the action is theirs as far as the logs go, but that must be seen.
const StateLeft = "left"

// A Candidate is someone or something the walk found and did not settle on.
type Candidate struct {
	Key       Key       `json:"key,omitzero"`
	Principal Principal `json:"principal,omitzero"`
	Proof     Proof     `json:"proof,omitzero"`
	Method    string    `json:"method,omitempty"`
	EventID   string    `json:"event_id,omitempty"`
	// Why says why it was not chosen.
	Why string `json:"why"`
}

// An Approver is a principal who allowed what was done.
type Approver struct {
	Principal
	Time    time.Time `json:"time"`
	Via     string    `json:"via"`
	EventID string    `json:"event_id"`
}

// A Chain is an event with its hops, executor first and requestor last.
type Chain struct {
	Event
	Rank       uint32
	Version    uint64
	Settled    bool
	Status     Status
	Proof      Proof // the weakest hop's; zero when nothing above the executor is known
	Missing    Key
	Reason     string
	Requestor  Principal // zero unless attributed or automated
	Approvers  []Approver
	Hops       []Hop
	Candidates []Candidate
	// Walked are all keys and aliases that were looked up, known or not, in
	// order: a later fact about any of them calls for another walk. They are
	// stored beside the chain and are no part of its JSON.
	Walked []Key
	// Waits are those among Walked whose facts could still change the walk within
	// the allowed lateness; the window parks a chain while it has any.
	Waits []Key
}

// The layout of a version. It fits into 53 bits, so that it survives readers
// that hold JSON numbers as doubles.
const (
	epochBits = 10
	rankBits  = 32
	hashBits  = 10

	// MaxEpoch is the highest epoch of directory and decoders.
	MaxEpoch = 1<<epochBits - 1
)

// Seal sets the chain's version from epoch, rank, settled and the hash of its
// content. It must be called after the last change.
func (c *Chain) Seal(epoch uint32) { c.seal(epoch, c.found()) }

func (c *Chain) seal(epoch uint32, found digest) {
	v := uint64(min(epoch, MaxEpoch))
	v = v<<rankBits | uint64(c.Rank)
	v <<= 1
	if c.Settled {
		v |= 1
	}
	v = v<<hashBits | c.digest(found)>>(64-hashBits)
	c.Version = v
}

// ContentHash is the SHA-256 of the chain's canonical content: its JSON without
// version, and without topic, partition and offset of the evidence.
func (c *Chain) ContentHash() [32]byte {
	d := *c
	d.Version = 0
	d.Evidence = Evidence{SHA256: c.Evidence.SHA256}
	b, err := d.MarshalJSON()
	if err != nil {
		panic("correlate: a chain must always encode: " + err.Error())
	}
	return sha256.Sum256(b)
}
