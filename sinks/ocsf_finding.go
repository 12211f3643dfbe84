package sinks

import (
	"strconv"

	"whence/correlate"
)

var (
	findingCreated = ocsfActivity{1, "Create"}
	findingUpdated = ocsfActivity{2, "Update"}
	findingClosed  = ocsfActivity{3, "Close"}
)

// appendOCSFFinding appends a as a Detection Finding, which is created, updated and
// closed under one uid.
func appendOCSFFinding(b []byte, a *correlate.Alert) ([]byte, error) {
	d := &findingWriter{a: a}
	d.b = append(b, '{')
	activity := findingCreated
	switch {
	case a.State == correlate.AlertClosed:
		activity = findingClosed
	case a.Update:
		activity = findingUpdated
	}
	d.classified(ocsfFinding, activity, a.Time)
	d.severity()
	if a.State == correlate.AlertClosed {
		d.number("status_id", 4)
		d.word("status", "Resolved")
	} else {
		d.number("status_id", 1)
		d.word("status", "New")
	}
	d.text("status_detail", a.Reason)
	d.flag("is_alert", a.State != correlate.AlertClosed)
	d.text("message", a.Title)
	d.metadata()
	d.finding()
	d.evidence()
	d.resources(a.Resources)
	d.observed()
	d.open("unmapped")
	d.ours()
	d.end()
	d.end()
	return d.b, d.err
}

// A findingWriter writes one Detection Finding.
type findingWriter struct {
	ocsfDocument
	a *correlate.Alert
}

var severities = []struct {
	ours, name string
	id         int64
}{{"low", "Low", 2}, {"medium", "Medium", 3}, {"high", "High", 4}, {"critical", "Critical", 5}}

func (d *findingWriter) severity() {
	for _, s := range severities {
		if d.a.Severity == s.ours {
			d.number("severity_id", s.id)
			d.word("severity", s.name)
			return
		}
	}
	d.number("severity_id", 0)
	d.word("severity", "Unknown")
}

func (d *findingWriter) metadata() {
	a := d.a
	d.open("metadata")
	d.word("version", ocsfVersion)
	d.product()
	d.id("uid", a.ID)
	d.number("sequence", correlate.Order(a.Version))
	d.id("correlation_uid", a.ActionID)
	d.instant("original_time", a.Time)
	d.text("log_name", a.Source)
	d.text("event_code", a.Rule)
	if a.Requestor.ID != "" {
		d.list("tags")
		d.begin()
		d.word("name", "requestor")
		d.text("value", a.Requestor.ID)
		d.end()
		d.endList()
	}
	d.end()
}

// finding names the finding: its uid is the alert's id. The time is that of the event,
// for whoever reads must be able to write the same again.
func (d *findingWriter) finding() {
	a := d.a
	d.open("finding_info")
	d.id("uid", a.ID)
	if a.Title != "" {
		d.text("title", a.Title)
	} else {
		d.text("title", a.Rule)
	}
	d.number("created_time", a.Time.UnixMilli())
	d.open("analytic")
	d.number("type_id", 1)
	d.word("type", "Rule")
	if a.Rule != "" {
		d.text("uid", a.Rule)
	} else {
		d.word("uid", "unknown")
	}
	d.text("name", a.Title)
	d.text("version", a.RuleVersion)
	d.end()
	if a.Source != "" {
		d.list("data_sources")
		d.item(a.Source)
		d.endList()
	}
	d.related()
	d.end()
	if !a.Over.To.IsZero() {
		d.number("start_time", a.Over.From.UnixMilli())
		d.number("end_time", a.Over.To.UnixMilli())
	}
}

// related lists the chains that the finding is about: one, or those of a window.
func (d *findingWriter) related() {
	a := d.a
	d.list("related_events")
	for _, id := range a.Over.Chains {
		d.begin()
		d.id("uid", id)
		d.end()
	}
	if len(a.Over.Chains) == 0 {
		d.begin()
		d.id("uid", a.ChainID)
		d.text("title", a.Action)
		d.end()
	}
	d.endList()
	d.number("related_events_count", int64(max(1, len(a.Over.Chains))))
}

func (d *findingWriter) evidence() {
	a := d.a
	d.list("evidences")
	d.begin()
	d.open("actor")
	d.user("user", &a.Executor)
	d.end()
	if a.Action != "" {
		d.open("api")
		d.text("operation", a.Action)
		d.end()
	}
	d.end()
	d.endList()
}

func (d *findingWriter) observed() {
	d.person("evidences[0].actor.user.uid", &d.a.Executor)
	d.person("metadata.tags[0].value", &d.a.Requestor)
	d.observedResources(d.a.Resources)
	d.endObserved()
}

func (d *findingWriter) ours() {
	a := d.a
	d.name("version")
	d.b = strconv.AppendUint(d.b, a.Version, 10)
	d.text("state", string(a.State))
	d.text("severity", a.Severity)
	d.text("status", string(a.Status))
	d.texts("group", a.Group)
	if !a.Over.To.IsZero() {
		d.open("over")
		d.instant("from", a.Over.From)
		d.instant("to", a.Over.To)
		d.amount("value", a.Over.Value)
		d.amount("limit", a.Over.Limit)
		d.end()
	}
	d.id("chain_id", a.ChainID)
	d.id("action_id", a.ActionID)
	d.who("executor", &a.Executor)
	d.who("requestor", &a.Requestor)
}
