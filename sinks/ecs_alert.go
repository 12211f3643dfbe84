package sinks

import (
	"strconv"

	"whence/correlate"
)

// appendECSAlert appends a as a document of the Elastic Common Schema.
func appendECSAlert(b []byte, a *correlate.Alert) ([]byte, error) {
	d := &findingWriter{a: a}
	d.b = append(b, '{')
	d.instant("@timestamp", a.Time)
	d.schema()
	d.text("message", a.Title)
	d.open("event")
	d.id("id", a.ID)
	d.word("kind", "alert")
	d.word("module", "whence")
	d.word("dataset", "whence.alert")
	d.text("provider", a.Source)
	d.text("action", a.Action)
	d.list("category")
	d.item("intrusion_detection")
	d.endList()
	d.list("type")
	d.item("info")
	d.endList()
	d.text("reason", a.Reason)
	d.number("severity", severityOf(a.Severity)*20)
	d.name("sequence")
	d.b = strconv.AppendUint(d.b, a.Version, 10)
	d.end()
	d.open("rule")
	d.text("id", a.Rule)
	d.text("name", a.Title)
	d.text("version", a.RuleVersion)
	d.end()
	d.ecsUser(&a.Executor)
	d.open("related")
	d.relate(&a.Executor)
	d.relate(&a.Requestor)
	if d.told.n > 0 {
		d.endList()
	}
	d.end()
	d.open("whence")
	d.resources(a.Resources)
	d.ours()
	d.end()
	d.end()
	return d.b, d.err
}

// relate lists who p is, once.
func (d *ocsfDocument) relate(p *correlate.Principal) {
	for _, name := range [...]string{p.ID, p.Name} {
		first := d.told.n == 0
		if name == "" || !d.told.add(toldValue{text: name}) {
			continue
		}
		if first {
			d.list("user")
		}
		d.item(name)
	}
}

func severityOf(ours string) int64 {
	for _, s := range severities {
		if s.ours == ours {
			return s.id
		}
	}
	return 0
}
