package simulate

import (
	"cmp"
	"slices"
	"time"
)

// Truth is what is true about one delivered log line, and how much of it the
// delivered lines allow to be known.
type Truth struct {
	Source  string `json:"source"`
	EventID string `json:"event_id"`
	// Line is "request" or "response" for Vault, whose lines share an id; it is
	// part of EventID too.
	Line string `json:"line,omitempty"`
	// RequestorID is who asked for it, known or not: a person's e-mail, or a
	// service's or schedule's id in the directory. Empty for what AWS does by itself.
	RequestorID   string `json:"requestor_id,omitempty"`
	RequestorType string `json:"requestor_type,omitempty"`
	// Status and Proof are what the delivered lines allow at best.
	Status string `json:"status"`
	Proof  string `json:"proof,omitempty"`
	// Knowable says that the requestor follows from the delivered lines by exact
	// or attested links, by ids that callers wrote, or by joins with one
	// candidate. A person who is merely claimed is not knowable, even where
	// Status is attributed.
	Knowable bool `json:"knowable"`
	// Flow names the story.
	Flow string `json:"flow"`
	// LostParent says that a line that would have told more was lost.
	LostParent bool `json:"lost_parent,omitempty"`
	// Incident is what the line is part of that rules should find, by name, and Rules
	// those of whence's library that must each raise an alert about one of its lines.
	Incident string   `json:"incident,omitempty"`
	Rules    []string `json:"rules,omitempty"`
}

// The statuses, as docs/DESIGN.md section 2 has them.
const (
	attributed   = "attributed"
	automated    = "automated"
	ambiguous    = "ambiguous"
	partial      = "partial"
	unattributed = "unattributed"
)

// party is a possible end of a walk.
type party struct{ id, kind string }

// unlisted stands for principals that are known to their issuer and to nobody
// in the directory.
var unlisted = party{kind: "unlisted"}

// orUnlisted is p, or unlisted for nobody the directory knows.
func (p party) orUnlisted() party {
	if p.id == "" {
		return unlisted
	}
	return p
}

func (p party) status() string {
	switch p.kind {
	case "human":
		return attributed
	case "unlisted":
		return partial
	default:
		return automated
	}
}

// proof is how well a way is established; stronger ones are greater.
type proof int

const (
	inferred proof = iota + 1
	claimed
	attested
	issued
)

func (p proof) String() string {
	return [...]string{"", "inferred", "claimed", "attested", "issued"}[p]
}

// way is one step from a line or a credential towards whoever asked.
type way struct {
	told  *line       // the line that tells of it; nil when the line at hand does itself
	to    *credential // leads on
	who   party       // or ends here
	proof proof
	among int  // how many candidates fit; more than one makes it ambiguous
	weak  bool // too weak to count as knowable
}

// credential is whatever later lines refer to: an access key, a token, a run.
type credential struct {
	born time.Time
	end  time.Time // revoked or expired; zero when it outlives its story
	ways []way
}

// finding is what can be known of a line or a credential.
type finding struct {
	status     string
	who        party
	proof      proof
	knowable   bool
	lostParent bool
}

// findCredential is what can be known of who stands behind c at a time. It is a
// reference, not the real algorithm: it sees whole stories with nothing unrelated
// in them, so it needs neither an index nor intervals of aliases.
func findCredential(c *credential, at time.Time) finding {
	if !c.end.IsZero() && at.After(c.end) {
		return finding{status: partial}
	}
	return find(c.ways, func(w way) finding {
		up := findCredential(w.to, c.born)
		if up.status == unattributed {
			up.status = partial // the parent's key is known, if nothing else
		}
		return up
	})
}

// findLine is what can be known of the line at hand: the ways it shows itself.
func findLine(ways []way, at time.Time) finding {
	return find(ways, func(w way) finding { return findCredential(w.to, at) })
}

// find follows the strongest way that leads to an end, and falls back to weaker
// ones. What leads nowhere counts only when nothing does better.
func find(ways []way, follow func(way) finding) finding {
	ways = slices.SortedStableFunc(slices.Values(ways), func(a, b way) int { return -cmp.Compare(a.proof, b.proof) })
	best := finding{status: unattributed}
	for _, w := range ways {
		if w.told != nil && w.told.lost {
			best.lostParent = true
			continue
		}
		got := finding{status: w.who.status(), who: w.who, proof: w.proof, knowable: !w.weak}
		if w.to != nil {
			got = follow(w)
			got.proof = min(got.proof, w.proof)
			got.knowable = got.knowable && !w.weak
		}
		if w.among > 1 && ends(got.status) {
			got.status, got.knowable = ambiguous, false
		}
		lost := best.lostParent || got.lostParent
		if standing(got.status) > standing(best.status) {
			best = got
		}
		best.lostParent = lost
		if ends(best.status) {
			break
		}
	}
	if !ends(best.status) {
		best.knowable, best.proof = false, 0
	}
	return best
}

func ends(status string) bool { return status == attributed || status == automated }

// standing orders statuses by how much they tell.
func standing(status string) int {
	return slices.Index([]string{unattributed, partial, ambiguous, automated, attributed}, status)
}
