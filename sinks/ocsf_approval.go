package sinks

import (
	"strings"

	"whence/correlate"
)

// approvalOf is the approval that the line of c tells of, if it does.
func approvalOf(c *correlate.Chain) *correlate.Fact {
	for i := range c.Mints {
		if f := &c.Mints[i]; f.Kind == correlate.Approval {
			return f
		}
	}
	return nil
}

var assigned = ocsfActivity{1, "Assign Privileges"}

// approval writes what was allowed: a session to go on, such as a run that waits for its
// review, as Authorize Session, and rights that a person asked for as User Access
// Management. Whoever allowed it is the actor.
func (d *ocsfWriter) approval(f *correlate.Fact) {
	class := ocsfAuthorize
	if grantsRights(f) {
		class = ocsfAccess
	}
	d.common(class, assigned)
	user := correlate.Principal{Type: correlate.PrincipalType(f.Key.Kind), ID: f.Key.Value}
	if r := personAmong(d.c.Resources); class == ocsfAccess && r != nil {
		user = correlate.Principal{Type: correlate.Human, ID: r.ID}
	}
	d.user("user", &user)
	d.privileges(f, user.ID)
	if class == ocsfAuthorize {
		d.open("session")
		d.text("uid", named(&user))
		if !f.Start.IsZero() {
			d.number("created_time", f.Start.UnixMilli())
		}
		d.end()
		return
	}
	d.resources(d.c.Resources)
}

// grantsRights reports whether an approval is of rights for a person, not of a session:
// of a request to a privileged-identity manager.
func grantsRights(f *correlate.Fact) bool {
	return strings.Contains(string(f.Key.Kind), ".pim_") || strings.Contains(string(f.Key.Kind), ".access_request")
}

func personAmong(rs []correlate.Resource) *correlate.Resource {
	for i := range rs {
		if r := &rs[i]; r.ID != "" && strings.HasSuffix(r.Type, ".user") {
			return r
		}
	}
	return nil
}

// privileges are what the approval was for; where the line does not say, how it was
// given.
func (d *ocsfWriter) privileges(f *correlate.Fact, user string) {
	d.list("privileges")
	any := false
	for i := range d.c.Resources {
		r := &d.c.Resources[i]
		if r.ID == "" || r.ID == user || strings.HasSuffix(r.Type, ".request") {
			continue
		}
		d.item(r.ID)
		any = true
	}
	switch {
	case any:
	case f.Method != "":
		d.item(f.Method)
	default:
		d.item("approval")
	}
	d.endList()
}
