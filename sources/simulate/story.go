package simulate

import (
	"time"
)

// The sources the estate writes, by the names docs/DESIGN.md section 6 gives them.
const (
	cloudTrail    = "aws.cloudtrail"
	oktaLog       = "okta.system_log"
	vaultAudit    = "vault.audit"
	githubWebhook = "github.webhook"
	githubAudit   = "github.audit"
	litellmSpend  = "litellm.spend"
)

// line is one log line of a story.
type line struct {
	source  string
	eventID string
	part    string // request or response, for Vault
	time    time.Time
	key     string
	value   []byte
	headers map[string]string
	lost    bool
	who     party // who truly asked
	ways    []way // who the line itself shows
}

// story is one run of a flow. It is told at once, with all its lines, and then
// handed to delivery.
type story struct {
	*cast
	dice
	cfg   Config
	flow  string
	began time.Time
	now   time.Time
	whole bool // nothing is lost in this story
	// incident is what the story is, if it was asked for; allowed says that calls are
	// not refused.
	incident incident
	allowed  bool
	lines    []*line
}

// wait moves the story on.
func (s *story) wait(lo, hi time.Duration) { s.now = s.now.Add(s.duration(lo, hi)) }

// add appends a line that happens now.
func (s *story) add(l line) *line {
	if l.time.IsZero() {
		l.time = s.now
	}
	s.lines = append(s.lines, &l)
	return &l
}

// mayLose decides whether these lines, which tell the same facts, are lost, all
// of them together.
func (s *story) mayLose(ls ...*line) {
	if s.whole || !s.chance(s.cfg.LostShare) {
		return
	}
	for _, l := range ls {
		l.lost = true
	}
}

// truth says what is true of a line, after all losses are decided.
func (s *story) truth(l *line) Truth {
	f := findLine(l.ways, l.time)
	t := Truth{
		Source: l.source, EventID: l.eventID, Line: l.part, RequestorID: l.who.id, RequestorType: l.who.kind,
		Status: f.status, Knowable: f.knowable, Flow: s.flow, LostParent: f.lostParent,
	}
	t.Incident, t.Rules = s.incident.name, s.incident.rules
	if f.proof != 0 {
		t.Proof = f.proof.String()
	}
	return t
}
