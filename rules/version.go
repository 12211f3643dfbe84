package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// meaning is all of a rule that its alerts depend on.
type meaning struct {
	Env                       int
	ID, When                  string
	Severity                  Severity
	Settled                   bool
	Sources, Classes, Actions []string
	Group                     []string
	Suppress                  time.Duration
	Lists                     []string // names, each followed by what it holds
	Over                      *Over    `json:",omitempty"`
}

// versionOf hashes what r means with lists.
func versionOf(r *compiled, lists Lists) string {
	m := meaning{
		Env: EnvVersion, ID: r.ID, When: r.wording, Severity: r.Severity, Settled: r.Settled,
		Sources: r.Sources, Classes: r.Classes, Actions: r.Actions, Group: r.Group, Suppress: r.Suppress, Over: r.Over,
	}
	for _, name := range r.uses {
		m.Lists = append(m.Lists, name, lists[name].sum())
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic("rules: texts and numbers always encode: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

// Version is a hash of the versions of all rules: two sets of one version judge alike.
func (s *Set) Version() string {
	h := sha256.New()
	for _, r := range s.rules {
		h.Write([]byte(r.ID + " " + r.Rule.Version + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Versions are those of the rules, by id.
func (s *Set) Versions() map[string]string {
	out := make(map[string]string, len(s.rules))
	for _, r := range s.rules {
		out[r.ID] = r.Rule.Version
	}
	return out
}
