package sinks

import "whence/correlate"

// A tag names an identity or a key that no attribute of the class holds: observables may
// only lead to attributes of the schema, and those under unmapped are none.
type tag struct {
	name, value string
	kind        int64 // of the observable
}

// tags lists who asked, and all others on the way, each with its part in it.
func (d *ocsfWriter) tags() {
	first := true
	for i := 0; ; i++ {
		t, more := d.tag(i)
		if !more {
			break
		}
		if t.value == "" {
			continue
		}
		if first {
			d.list("tags")
			first = false
		}
		d.begin()
		d.word("name", t.name)
		d.text("value", t.value)
		d.end()
	}
	if !first {
		d.endList()
	}
}

// tag returns the tag of number i, without a value where there is nothing to say, or
// what is said elsewhere; more is false when there are no further ones.
func (d *ocsfWriter) tag(i int) (t tag, more bool) {
	c := d.c
	switch i {
	case 0:
		return d.whoTag("requestor", &c.Requestor), true
	case 1:
		return d.keyTag("missing", &c.Missing), true
	}
	if i -= 2; i < 2*len(c.Hops) {
		if h := &c.Hops[i/2]; i%2 == 1 {
			return d.elsewhere(d.whoTag("hop", &h.Principal)), true
		} else {
			return d.keyTag("hop.key", &h.Key), true
		}
	}
	if i -= 2 * len(c.Hops); i < len(c.Approvers) {
		return d.whoTag("approver", &c.Approvers[i].Principal), true
	}
	if i -= len(c.Approvers); i < 2*len(c.Candidates) {
		if x := &c.Candidates[i/2]; i%2 == 1 {
			return d.whoTag("candidate", &x.Principal), true
		} else {
			return d.keyTag("candidate.key", &x.Key), true
		}
	}
	if i -= 2 * len(c.Candidates); i < len(c.Mints) {
		if f := &c.Mints[i]; f.Kind == correlate.Account {
			return d.keyTag("minted.key", &f.Key), true
		}
		return tag{}, true
	}
	return tag{}, false
}

func (d *ocsfWriter) whoTag(name string, p *correlate.Principal) tag {
	return tag{name, p.ID, observedAs(p)}
}

// keyTag leaves out the key that the session has.
func (d *ocsfWriter) keyTag(name string, k *correlate.Key) tag {
	if k.Value == d.c.Key().Value {
		return tag{}
	}
	return tag{name, k.Value, observedKey}
}

// elsewhere leaves out of the way whoever acted and whoever asked.
func (d *ocsfWriter) elsewhere(t tag) tag {
	if t.value == d.c.Actor.ID || t.value == d.c.Requestor.ID {
		return tag{}
	}
	return t
}

func observedAs(p *correlate.Principal) int64 {
	if isEmail(p.ID) {
		return observedEmail
	}
	return observedUser
}
