package rules

import (
	"strings"
	"testing"

	"whence/correlate"
)

func TestOnly(t *testing.T) {
	s := Library()
	one, err := s.Only("unattributed-write", "unattributed-write")
	if err != nil {
		t.Fatal(err)
	}
	if got := one.Rules(); len(got) != 1 || got[0].ID != "unattributed-write" {
		t.Fatalf("kept %v", got)
	}
	c := write(1, true, correlate.Unattributed, 0)
	if got := one.NewJudge().Judge(nil, c, nil); len(got) != 1 {
		t.Errorf("%d alerts, want 1", len(got))
	}
	if _, err := s.Only("nothing", "unattributed-write"); err == nil || !strings.Contains(err.Error(), `no rule "nothing"`) {
		t.Errorf("of a rule that is not there: %v", err)
	}
}
