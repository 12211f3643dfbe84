package sinks

import (
	"slices"
	"time"

	"whence/correlate"
)

// ocsfVersion is the version of the schema that documents follow.
const ocsfVersion = "1.8.0"

// An ocsfClass is a class of events of OCSF.
type ocsfClass struct {
	uid, category int64
	name          string
}

var (
	ocsfAPI       = ocsfClass{6003, 6, "API Activity"}
	ocsfAuth      = ocsfClass{3002, 3, "Authentication"}
	ocsfAuthorize = ocsfClass{3003, 3, "Authorize Session"}
	ocsfAccess    = ocsfClass{3005, 3, "User Access Management"}
	ocsfFinding   = ocsfClass{2004, 2, "Detection Finding"}
)

// An ocsfActivity is what a class says was done. Other is whatever the log calls it.
type ocsfActivity struct {
	id   int64
	name string
}

const ocsfOther = 99

// appendOCSF appends c as an event of OCSF: an approval as Authorize Session or, where
// rights were given to a person, User Access Management; an event of class auth as
// Authentication; all others as API Activity. The class is the same for every version
// of a chain.
func appendOCSF(b []byte, c *correlate.Chain) ([]byte, error) {
	d := &ocsfWriter{c: c}
	d.b = append(b, '{')
	switch approval := approvalOf(c); {
	case approval != nil:
		d.approval(approval)
	case c.Class == correlate.Auth:
		d.authentication()
	default:
		d.activity()
	}
	d.hash()
	d.observed()
	d.open("unmapped")
	d.ours()
	d.end()
	d.end()
	return d.b, d.err
}

// An ocsfWriter writes the event of one chain.
type ocsfWriter struct {
	ocsfDocument
	c *correlate.Chain
}

// An ocsfDocument is one event of OCSF that is being written.
type ocsfDocument struct {
	document
	told told
}

// told are the values that a list has already. Few chains have more than there is room
// for on the stack: those with dozens of candidates.
type told struct {
	room [40]toldValue
	n    int
	more []toldValue
}

// A toldValue is a value as one kind of thing: a key may be its holder's name as well.
type toldValue struct {
	text string
	kind int64
}

// add reports whether v was not there yet.
func (t *told) add(v toldValue) bool {
	if slices.Contains(t.room[:t.n], v) || slices.Contains(t.more, v) {
		return false
	}
	if t.n < len(t.room) {
		t.room[t.n] = v
		t.n++
	} else {
		t.more = append(t.more, v)
	}
	return true
}

// classified writes what every event begins with.
func (d *ocsfDocument) classified(class ocsfClass, a ocsfActivity, at time.Time) {
	d.number("class_uid", class.uid)
	d.word("class_name", class.name)
	d.number("category_uid", class.category)
	d.number("activity_id", a.id)
	d.text("activity_name", a.name)
	d.number("type_uid", class.uid*100+a.id)
	d.number("time", at.UnixMilli())
}

// common writes what events of chains of all classes have.
func (d *ocsfWriter) common(class ocsfClass, a ocsfActivity) {
	c := d.c
	if a.id == ocsfOther && a.name == "" {
		a.name = "Other"
	}
	d.classified(class, a, c.Time)
	d.number("severity_id", 1)
	d.word("severity", "Informational")
	switch c.Outcome {
	case correlate.Success:
		d.number("status_id", 1)
		d.word("status", "Success")
	case correlate.Failure, correlate.Denied:
		d.number("status_id", 2)
		d.word("status", "Failure")
		d.word("status_detail", string(c.Outcome))
	default:
		d.number("status_id", 0)
		d.word("status", "Unknown")
	}
	d.text("status_code", c.Error)
	d.message()
	d.metadata(class)
	d.cloud()
	d.actor("actor", &c.Actor)
	d.source(class == ocsfAPI)
	if c.Context.Agent != "" {
		d.open("http_request")
		d.text("user_agent", c.Context.Agent)
		d.end()
	}
}

// message says in a sentence what the chain found.
func (d *ocsfWriter) message() {
	c := d.c
	d.name("message")
	d.b = appendEscaped(append(d.b, '"'), c.Action)
	d.b = appendEscaped(append(d.b, " by "...), named(&c.Actor))
	if !c.Requestor.IsZero() {
		d.b = appendEscaped(append(d.b, ", asked for by "...), named(&c.Requestor))
	}
	d.b = appendEscaped(append(d.b, ": "...), string(c.Status))
	if !c.Proof.IsZero() {
		d.b = append(append(d.b, ", "...), c.Proof.String()...)
	}
	d.b = append(d.b, '"')
}

// named is what to call somebody: nobody has no name at all.
func named(p *correlate.Principal) string {
	switch {
	case p.ID != "":
		return p.ID
	case p.Name != "":
		return p.Name
	}
	return "unknown"
}

// metadata tells which version of which chain this is. Sequence is the version without
// its digest, which has room in 31 bits and orders versions as the version does.
func (d *ocsfWriter) metadata(class ocsfClass) {
	c := d.c
	d.open("metadata")
	d.word("version", ocsfVersion)
	d.product()
	d.profiles(class)
	d.id("uid", c.ID)
	d.number("sequence", correlate.Order(c.Version))
	d.id("correlation_uid", c.ActionID)
	d.text("original_event_uid", c.EventID)
	d.instant("original_time", c.Time)
	d.text("log_name", c.Source)
	d.text("event_code", c.Action)
	d.text("tenant_uid", c.Tenant)
	d.tags()
	d.end()
}

func (d *ocsfDocument) product() {
	d.open("product")
	d.word("name", "whence")
	d.word("vendor_name", "whence")
	d.end()
}

func (d *ocsfWriter) profiles(class ocsfClass) {
	cloud, ai, trace := d.inCloud(), class == ocsfAPI && withAI(d.c), class == ocsfAPI && d.c.Context.Trace != ""
	if !cloud && !ai && !trace {
		return
	}
	d.list("profiles")
	if ai {
		d.item("ai_operation")
	}
	if cloud {
		d.item("cloud")
	}
	if trace {
		d.item("trace")
	}
	d.endList()
}

// hash is that of the raw event.
func (d *ocsfWriter) hash() {
	if sum := d.c.Evidence.SHA256; sum != "" {
		d.open("raw_data_hash")
		d.number("algorithm_id", 3)
		d.word("algorithm", "SHA-256")
		d.text("value", sum)
		d.end()
	}
}
