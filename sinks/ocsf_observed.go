package sinks

import (
	"strconv"

	"whence/correlate"
)

// The types of observables that are used.
const (
	observedHost     = 1
	observedIP       = 2
	observedEmail    = 5
	observedResource = 10
	observedKey      = 19
	observedUser     = 31
	observedAccount  = 35
)

// observed lists every identity and key of the event, and its address, account and
// resources, once each, with where it stands.
func (d *ocsfWriter) observed() {
	c := d.c
	d.person("actor.user.uid", &c.Actor)
	if k := c.Key(); !k.IsZero() {
		d.observe("actor.session.credential_uid", observedKey, k.Value)
	}
	switch ip := c.Context.IP; {
	case isIP(ip):
		d.observe("src_endpoint.ip", observedIP, ip)
	case isHost(ip):
		d.observe("src_endpoint.hostname", observedHost, ip)
	}
	if d.inCloud() {
		d.observe("cloud.account.uid", observedAccount, c.Context.Account)
	}
	at := 0
	for i := 0; ; i++ {
		t, more := d.tag(i)
		if !more {
			break
		}
		if t.value != "" {
			d.observeAt("metadata.tags", at, "value", t.kind, t.value)
			at++
		}
	}
	if c.Class != correlate.Auth && (approvalOf(c) == nil || grantsRights(approvalOf(c))) {
		d.observedResources(c.Resources)
	}
	d.endObserved()
}

func (d *ocsfDocument) observedResources(rs []correlate.Resource) {
	at := 0
	for i := range rs {
		r := &rs[i]
		if r.ID == "" && r.Type == "" {
			continue
		}
		d.observeAt("resources", at, "uid", observedResource, r.ID)
		at++
	}
}

// person lists a principal.
func (d *ocsfDocument) person(name string, p *correlate.Principal) {
	d.observe(name, observedAs(p), p.ID)
}

// observe lists a value once.
func (d *ocsfDocument) observe(name string, kind int64, value string) {
	d.observeAt(name, -1, "", kind, value)
}

// observeAt lists a value of a list, whose member is meant, or for an index less than
// zero what observe does.
func (d *ocsfDocument) observeAt(name string, i int, member string, kind int64, value string) {
	first := d.told.n == 0
	if value == "" || !d.told.add(toldValue{value, kind}) {
		return
	}
	if first {
		d.list("observables")
	}
	d.begin()
	d.name("name")
	d.b = append(append(d.b, '"'), name...)
	if i >= 0 {
		d.b = append(strconv.AppendInt(append(d.b, '['), int64(i), 10), ']', '.')
		d.b = append(d.b, member...)
	}
	d.b = append(d.b, '"')
	d.number("type_id", kind)
	d.name("value")
	d.b = append(appendString(d.b, value), '}')
}

// endObserved ends the list, if it was begun.
func (d *ocsfDocument) endObserved() {
	if d.told.n > 0 {
		d.endList()
	}
}
