package simulate

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	truths := []Truth{
		{EventID: "right", RequestorID: "a@example.com", Status: attributed, Knowable: true},
		{EventID: "wrong", RequestorID: "a@example.com", Status: attributed, Knowable: true},
		{EventID: "missed", RequestorID: "svc", Status: automated, Knowable: true},
		{EventID: "claimed, not stated", RequestorID: "a@example.com", Status: attributed},
		{EventID: "rightly ambiguous", RequestorID: "a@example.com", Status: ambiguous},
		{EventID: "lucky", RequestorID: "a@example.com", Status: ambiguous},
		{EventID: "rightly unknown", Status: unattributed},
		{EventID: "absent", RequestorID: "a@example.com", Status: attributed, Knowable: true},
	}
	answers := map[string]Answer{
		"right":               {attributed, "a@example.com"},
		"wrong":               {attributed, "b@example.com"},
		"missed":              {partial, ""},
		"claimed, not stated": {unattributed, ""},
		"rightly ambiguous":   {ambiguous, ""},
		"lucky":               {attributed, "a@example.com"},
		"rightly unknown":     {unattributed, ""},
	}
	got := Judge(slices.Values(truths), func(_, id string) (Answer, bool) {
		a, ok := answers[id]
		return a, ok
	})
	var examples []string
	for _, e := range got.Examples {
		examples = append(examples, e.What+": "+e.Truth.EventID)
	}
	wantExamples := []string{
		"wrong: wrong", "missed: missed", "differs: missed", "differs: claimed, not stated", "unfounded: lucky", "differs: lucky", "missed: absent",
	}
	if d := cmp.Diff(wantExamples, examples); d != "" {
		t.Errorf("examples (-want +got):\n%s", d)
	}
	got.Examples = nil
	want := Score{Actions: 8, Attributed: 3, Ambiguous: 1, Partial: 1, Unattributed: 2, Absent: 1, Wrong: 1, Unfounded: 1, Missed: 2, Differs: 3}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("score (-want +got):\n%s", d)
	}
}

// TestTruthScoresFull: whoever answers with the truth has nothing wrong.
func TestTruthScoresFull(t *testing.T) {
	e := New(small())
	answers := map[[2]string]Answer{}
	for x := range e.Truth() {
		a := Answer{Status: x.Status}
		if ends(x.Status) {
			a.RequestorID = x.RequestorID
		}
		answers[[2]string{x.Source, x.EventID}] = a
	}
	got := Judge(e.Truth(), func(source, id string) (Answer, bool) {
		a, ok := answers[[2]string{source, id}]
		return a, ok
	})
	if got.Wrong+got.Unfounded+got.Missed+got.Differs+got.Absent != 0 {
		t.Errorf("the truth scores %+v", got)
	}
	if got.Attributed+got.Automated+got.Ambiguous+got.Partial+got.Unattributed != got.Actions {
		t.Errorf("the statuses do not add up: %+v", got)
	}
}
