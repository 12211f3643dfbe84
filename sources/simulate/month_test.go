package simulate

import (
	"slices"
	"strings"
	"testing"
)

func quiet() Config {
	c := Month(7)
	c.Events = 5000
	return c
}

// TestMonth: a well-kept estate has no untidy story, loses nothing, and its people
// work on working days.
func TestMonth(t *testing.T) {
	for x := range New(quiet()).Truth() {
		if slices.Contains(untidy, x.Flow) || x.Incident != "" || x.LostParent || strings.HasPrefix(x.Flow, "incident") {
			t.Fatalf("%+v in a quiet month", x)
		}
	}
	cfg := quiet()
	kinds := cfg.kinds()
	n := 0
	for s := range New(cfg).stories {
		if n++; n > len(kinds) && !working(s.began) && !slices.Contains(unattended, s.flow) && s.flow != "ci_run_id" {
			t.Errorf("%s at %s", s.flow, s.began)
		}
	}
}

// TestIncidents: each that is asked for happens once, with rules that should find it, and
// nothing else changes.
func TestIncidents(t *testing.T) {
	cfg := quiet()
	cfg.Injected = Incidents()
	told, others := map[string]int{}, 0
	for s := range New(cfg).stories {
		if s.incident.name == "" {
			others += len(s.lines)
			continue
		}
		told[s.incident.name]++
		if len(s.lines) == 0 || len(s.incident.rules) == 0 {
			t.Errorf("%s has %d lines and is for %v", s.incident.name, len(s.lines), s.incident.rules)
		}
	}
	for _, name := range Incidents() {
		if told[name] != 1 {
			t.Errorf("%s happened %d times", name, told[name])
		}
	}
	without := 0
	for range New(quiet()).Truth() {
		without++
	}
	if others != without {
		t.Errorf("%d other lines beside incidents, %d without", others, without)
	}
	cfg.Injected = []string{"flood"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), `no incident "flood"`) {
		t.Errorf("of an incident that there is not: %v", err)
	}
}
