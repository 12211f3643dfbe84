package notice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"whence/correlate"
	"whence/rules"
)

// A Silence keeps notices of alerts back for a while. What it matches is raised, stored
// and announced as ever.
type Silence struct {
	ID string `yaml:"id" json:"id"`
	// Match is what an alert must say, by name: a text, in which * stands for any text.
	// All of them must fit; of names that an alert has several of, one.
	Match  map[string]string `yaml:"match" json:"match"`
	Author string            `yaml:"author" json:"author"`
	Reason string            `yaml:"reason" json:"reason"`
	From   time.Time         `yaml:"from" json:"from"`
	Until  time.Time         `yaml:"until" json:"until"` // from then on it is over
}

// matchable are the names that a silence may ask for.
var matchable = map[string]func(a *correlate.Alert) []string{
	"rule":      func(a *correlate.Alert) []string { return []string{a.Rule} },
	"severity":  func(a *correlate.Alert) []string { return []string{a.Severity} },
	"source":    func(a *correlate.Alert) []string { return []string{a.Source} },
	"action":    func(a *correlate.Alert) []string { return []string{a.Action} },
	"status":    func(a *correlate.Alert) []string { return []string{string(a.Status)} },
	"requestor": func(a *correlate.Alert) []string { return []string{a.Requestor.ID} },
	"executor":  func(a *correlate.Alert) []string { return []string{a.Executor.ID} },
	"account":   func(a *correlate.Alert) []string { return []string{rules.AccountOf(&a.Executor)} },
	"group":     func(a *correlate.Alert) []string { return a.Group },
	"resource": func(a *correlate.Alert) (ids []string) {
		for _, r := range a.Resources {
			ids = append(ids, r.ID)
		}
		return ids
	},
}

// Matches reports whether a is what s is about.
func (s *Silence) Matches(a *correlate.Alert) bool {
	for name, pattern := range s.Match {
		if !slices.ContainsFunc(matchable[name](a), func(v string) bool { return rules.Fits(pattern, v) }) {
			return false
		}
	}
	return true
}

// State says whether s is in force at a time: "active", "later" or "expired".
func (s *Silence) State(now time.Time) string {
	switch {
	case !now.Before(s.Until):
		return "expired"
	case now.Before(s.From):
		return "later"
	}
	return "active"
}

func (s *Silence) problems() (out []error) {
	refuse := func(format string, args ...any) { out = append(out, fmt.Errorf(format, args...)) }
	for _, f := range []struct{ name, value string }{{"id", s.ID}, {"author", s.Author}, {"reason", s.Reason}} {
		if strings.TrimSpace(f.value) == "" {
			refuse("%s is missing", f.name)
		}
	}
	if strings.ContainsAny(s.ID, " \t\n") {
		refuse("id %q: want one word", s.ID)
	}
	if len(s.Match) == 0 {
		refuse("match is missing: what it is about")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Match)) {
		if matchable[name] == nil {
			refuse("match: there is no %q; want %s", name, strings.Join(slices.Sorted(maps.Keys(matchable)), ", "))
		}
	}
	if s.From.IsZero() || s.Until.IsZero() {
		refuse("from and until are wanted, as 2026-03-02T08:00:00Z")
	} else if !s.From.Before(s.Until) {
		refuse("until is not after from")
	}
	return out
}

// Silences are those that there are. They do not change and are safe for concurrent use;
// nil are none.
type Silences struct{ all []Silence }

// maxSilences bounds what every alert that waits is held against.
const maxSilences = 1000

// ReadSilences reads a list of silences in YAML: all of it is right, or it is refused with
// every problem. Those that are over are kept, to be listed, and do nothing.
func ReadSilences(b []byte) (*Silences, error) {
	var s Silences
	err := calmly(func() error { return yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&s.all) })
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var problems []error
	seen := map[string]bool{}
	for i := range s.all {
		one := &s.all[i]
		called := one.ID
		if called == "" {
			called = fmt.Sprintf("silence %d", i+1)
		}
		for _, p := range one.problems() {
			problems = append(problems, fmt.Errorf("%s: %w", called, p))
		}
		if seen[one.ID] {
			problems = append(problems, fmt.Errorf("%s: there are two of that id", called))
		}
		seen[one.ID] = true
	}
	if len(s.all) > maxSilences {
		problems = append(problems, fmt.Errorf("there are %d silences; at most %d are kept: take out those that are over", len(s.all), maxSilences))
	}
	return &s, errors.Join(problems...)
}

// calmly turns a panic of the YAML library into an error; it does not promise to have none.
func calmly(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the file is not YAML that can be read")
		}
	}()
	return f()
}

// All are the silences, in the order of the file. They must not be changed.
func (s *Silences) All() []Silence {
	if s == nil {
		return nil
	}
	return s.all
}

// Find returns the first silence in force that matches an alert.
func (s *Silences) Find(a *correlate.Alert, now time.Time) (id string, ok bool) {
	for i, one := range s.All() {
		if one.State(now) == "active" && s.all[i].Matches(a) {
			return one.ID, true
		}
	}
	return "", false
}
