package rules

import (
	"testing"

	"whence/correlate"
)

func TestLasting(t *testing.T) {
	for _, c := range []struct {
		kind     correlate.PrincipalType
		id, want string
	}{
		{correlate.RoleType, "arn:aws:sts::123456789012:assumed-role/deploy/gha-17886318552-2", "arn:aws:sts::123456789012:assumed-role/deploy"},
		{correlate.RoleType, "arn:aws:sts::123456789012:assumed-role/team/deploy/s/1", "arn:aws:sts::123456789012:assumed-role/team/deploy/s"},
		{correlate.RoleType, "arn:aws:sts::123456789012:assumed-role/deploy", "arn:aws:sts::123456789012:assumed-role/deploy"},
		{correlate.CIRun, "acme/web/13481928821/1", "acme/web"},
		{correlate.CIRun, "acme/2048", "acme"},
		{correlate.CIRun, "acme/web/", "acme/web/"},
		{correlate.CIRun, "7", "7"},
		{correlate.Human, "alice@example.com", "alice@example.com"},
		{correlate.Workload, "acme/web/1", "acme/web/1"},
		{correlate.Unknown, "", ""},
	} {
		if got := lastingOf(&correlate.Principal{Type: c.kind, ID: c.id}); got != c.want {
			t.Errorf("of %q %q remains, want %q", c.id, got, c.want)
		}
	}
}
