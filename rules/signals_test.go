package rules

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"whence/correlate"
)

const sigmaStop = `title: Trail is stopped
id: 00000000-0000-4000-8000-0000000000aa
description: Somebody stops the log.
level: critical
tags: [attack.defense-evasion, attack.t1562.008]
references: ['https://example.com/a']
falsepositives: [Maintenance]
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventSource: cloudtrail.amazonaws.com, eventName: StopLogging}
  condition: selection
`

const sigmaOther = `title: A log that nobody reads
logsource: {product: windows, service: security}
detection: {selection: {EventID: 1}, condition: selection}
`

func sigmaFolder() []Folder {
	return []Folder{{Name: "sigma", FS: fstest.MapFS{
		"aws/stop.yml": {Data: []byte(sigmaStop)}, "windows/x.yml": {Data: []byte(sigmaOther)},
	}}}
}

// stopped is a line of a trail being stopped, as its decoder leaves it.
func stopped(line string) correlate.Event {
	return correlate.Event{
		ID: correlate.NewID("e"), Source: "aws.cloudtrail", Action: "cloudtrail:StopLogging", Class: correlate.Admin, Primary: true,
		Time: time.Unix(1, 0), Line: []byte(line),
	}
}

// TestSigma follows a line from its decoder to the alert, and on to a later version
// of its chain, for which the line is not there any more.
func TestSigma(t *testing.T) {
	s, err := Open(Config{Library: true, Sigma: sigmaFolder()})
	if err != nil {
		t.Fatal(err)
	}
	const id = "sigma-00000000-0000-4000-8000-0000000000aa"
	r := s.find(id)
	if r == nil || r.Severity != Critical || len(r.References.Attack) != 1 || r.References.Attack[0] != "T1562.008" {
		t.Fatalf("the rule: %+v", r)
	}
	if f := s.Refused(); len(f) != 1 || f[0].File != "sigma/windows/x.yml" || f[0].Reason != "logsource" {
		t.Errorf("refused: %+v", f)
	}
	j := s.NewJudge()
	e := stopped(`{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`)
	j.Notice(&e)
	first := &correlate.Chain{Event: e.Clone(), Status: correlate.Unattributed, Version: 1}
	if n := alertsOf(j.Judge(nil, first, nil), id, correlate.AlertOpen); n != 1 {
		t.Errorf("%d alerts of the first version", n)
	}
	second := first.Clone()
	second.Version, second.Status, second.Requestor = 2, correlate.Attributed, correlate.Principal{Type: correlate.Human, ID: "alice@example.com"}
	got := j.Judge(first, &second, nil)
	if n := alertsOf(got, id, correlate.AlertOpen); n != 1 {
		t.Errorf("%d open alerts of the second version: %+v", n, got)
	}
	other := stopped(`{"eventSource":"other.amazonaws.com","eventName":"StopLogging"}`)
	if j.Notice(&other); len(other.Signals) > 0 {
		t.Errorf("signals of a line that does not match: %v", other.Signals)
	}
}

func alertsOf(alerts []correlate.Alert, rule string, state correlate.AlertState) (n int) {
	for i := range alerts {
		if alerts[i].Rule == rule && alerts[i].State == state {
			n++
		}
	}
	return n
}

// TestSigmaDisabled: a rule that is disabled is not even looked for, and one whose
// severity is overridden says so.
func TestSigmaDisabled(t *testing.T) {
	const id = "sigma-00000000-0000-4000-8000-0000000000aa"
	s, err := Open(Config{Sigma: sigmaFolder(), Disabled: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	e := stopped(`{"eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging"}`)
	if s.NewJudge().Notice(&e); len(e.Signals) > 0 || len(s.Rules()) > 0 {
		t.Errorf("signals %v, %d rules", e.Signals, len(s.Rules()))
	}
	s, err = Open(Config{Sigma: sigmaFolder(), Severity: map[string]Severity{id: Low}})
	if err != nil || s.find(id).Severity != Low {
		t.Errorf("severity: %v", err)
	}
	if s, err = Join(Library(), s); err != nil {
		t.Fatal(err)
	}
	if s.NewJudge().Notice(&e); len(e.Signals) != 1 || len(s.Refused()) != 1 {
		t.Errorf("joined: signals %v, refused %v", e.Signals, s.Refused())
	}
}

const sigmaTwo = `title: Two of the three
name: two
correlation: {type: temporal, rules: [Stop, 00000000-0000-4000-8000-0000000000ac], group-by: [userIdentity.arn], timespan: 10m}
---
title: Started
name: Stop
id: 00000000-0000-4000-8000-0000000000ab
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: StopLogging}, condition: selection}
---
title: Any
id: 00000000-0000-4000-8000-0000000000ac
logsource: {product: aws, service: cloudtrail}
detection: {selection: {userAgent|startswith: aws}, condition: selection}
`

// TestSigmaCorrelation: rules of which one correlation asks have signals and no alerts,
// other rules that match the same lines count for nothing, and neither does a line of
// nobody.
func TestSigmaCorrelation(t *testing.T) {
	folder := []Folder{{FS: fstest.MapFS{"stop.yml": {Data: []byte(sigmaStop)}, "two.yml": {Data: []byte(sigmaTwo)}}}}
	s, err := Open(Config{Sigma: folder})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Rules()); n != 2 || s.SigmaRules() != 2 || len(s.Timed()) != 1 {
		t.Fatalf("%d rules, %d of Sigma, %d over time", n, s.SigmaRules(), len(s.Timed()))
	}
	at := func(minute int, who, agent string) correlate.Chain {
		e := stopped(`{"eventSource":"cloudtrail.amazonaws.com"}`)
		e.Time, e.Actor.ID, e.Context.Agent = time.Unix(0, 0).Add(time.Duration(minute)*time.Minute), who, agent
		s.NewJudge().Notice(&e)
		return correlate.Chain{Event: e.Clone(), Version: 1}
	}
	for _, tt := range []struct {
		name   string
		chains []correlate.Chain
		want   []string
	}{
		{"one of them, and a third", []correlate.Chain{at(1, "alice", "x"), at(2, "alice", "y")}, nil},
		{"both", []correlate.Chain{at(1, "alice", "x"), at(2, "alice", "aws-cli")}, []string{"alice"}},
		{"in two windows", []correlate.Chain{at(1, "alice", "x"), at(12, "alice", "x")}, nil},
		{"of nobody", []correlate.Chain{at(1, "", "aws-cli")}, nil},
	} {
		got, err := s.tallied(s.Timed()[0], time.Unix(0, 0), time.Unix(1200, 0), tt.chains)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: alerts of %q, want %q; %v", tt.name, got, tt.want, err)
		}
	}
	without, err := Open(Config{Sigma: folder, Disabled: []string{"sigma-two"}})
	if err != nil {
		t.Fatal(err)
	}
	e := stopped(`{"eventSource":"cloudtrail.amazonaws.com"}`)
	if without.NewJudge().Notice(&e); len(e.Signals) != 1 {
		t.Errorf("signals that nobody asks for: %q", e.Signals)
	}
	only, err := s.Only("sigma-two")
	if err != nil {
		t.Fatal(err)
	}
	if only.NewJudge().Notice(&e); len(e.Signals) != 1 || e.Signals[0] != "sigma-00000000-0000-4000-8000-0000000000ab" {
		t.Errorf("signals of the one rule: %q", e.Signals)
	}
}
