package rules

import (
	"strings"
	"testing"

	"whence/correlate"
)

func TestFilterMatches(t *testing.T) {
	c := correlate.Chain{Event: correlate.Event{
		Source: "aws.cloudtrail", Action: "s3:DeleteObject", Class: correlate.Write, Actor: correlate.Principal{Type: correlate.RoleType, ID: "arn:x"},
		Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::shop/1"}},
		Context:   correlate.Context{Account: "123456789012", IP: "192.0.2.7"},
	}}
	for when, want := range map[string]bool{
		`class in ["write", "admin"]`:                                true,
		`class == "read"`:                                            false,
		`source startsWith "aws." and context.account == "1"`:        false,
		`executor.type == "role" and not (action matches "^s3:Get")`: true,
		`any(resources, .type == "aws.s3.object")`:                   true,
		`glob(action, "s3:*") && cidr(context.ip, "192.0.2.0/24")`:   true,
		`len(resources) > 1`:                                         false,
		`usage.input_tokens > 5 or executor.key.kind == ""`:          true,
	} {
		f, err := NewFilter(when)
		if err != nil {
			t.Errorf("%s: %v", when, err)
			continue
		}
		if got, err := f.Match(&c); got != want || err != nil {
			t.Errorf("%s: got %v, %v", when, got, err)
		}
	}
	f, err := NewFilter(`resources[3].id == "x"`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Match(&c); err == nil || strings.Contains(err.Error(), "arn") {
		t.Errorf("got %v", err)
	}
	a := correlate.Alert{Rule: "r", Severity: "high", Source: "aws.cloudtrail"}
	for when, want := range map[string]bool{
		`severity in ["high", "critical"]`: true, `rule == "x"`: false, `source == "aws.cloudtrail" and len(resources) == 0`: true,
	} {
		f, err := NewAlertFilter(when)
		if err != nil {
			t.Errorf("%s: %v", when, err)
			continue
		}
		if got, err := f.Match(&a); got != want || err != nil {
			t.Errorf("%s: got %v, %v", when, got, err)
		}
	}
}

// What may change between two versions of a chain is refused, with its place.
func TestFilterRefuses(t *testing.T) {
	for when, say := range map[string]string{
		`class == "write" and status == "partial"`: "status may change between versions of a chain",
		`proven`:                         "proven may change",
		`requestor.id == "x"`:            "requestor may change",
		`any(hops, .proof == "claimed")`: "hops may change",
		`executor.unit == "x"`:           "that part of executor may change",
		`[executor][0].id == "x"`:        "executor as a whole may change",
		`usage.cost_usd > 1`:             "that part of usage may change",
		`holds("github.run")`:            "holds() may answer differently",
		`signal("x")`:                    "signal() may answer differently",
		`crosses("account")`:             "crosses() may answer differently",
		`colour == "red"`:                "unknown name colour",
		`class == "writ"`:                `class is never "writ"`,
		`class ==`:                       "unexpected token",
		`$env["status"] == "partial"`:    "$env",
		`now() > now()`:                  "now",
	} {
		if _, err := NewFilter(when); err == nil || !strings.Contains(err.Error(), say) || !strings.Contains(err.Error(), "(1:") {
			t.Errorf("%s: got %v, want it to say %q and where", when, err, say)
		}
	}
	for when, say := range map[string]string{
		`state == "open"`: "unknown name state", `executor.unit == "x"`: "that part of executor", `$env.rule == "x"`: "$env",
	} {
		if _, err := NewAlertFilter(when); err == nil || !strings.Contains(err.Error(), say) || !strings.Contains(err.Error(), "(1:") {
			t.Errorf("%s: got %v, want it to say %q and where", when, err, say)
		}
	}
}

func TestFilterAllocatesNothing(t *testing.T) {
	f, err := NewFilter(`class in ["write", "admin", "secret"] and source startsWith "aws." and context.account != "999999999999"`)
	if err != nil {
		t.Fatal(err)
	}
	c := correlate.Chain{Event: correlate.Event{Source: "aws.cloudtrail", Class: correlate.Write}}
	if n := testing.AllocsPerRun(100, func() { _, _ = f.Match(&c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
