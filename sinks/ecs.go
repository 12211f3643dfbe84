package sinks

import (
	"strconv"
	"strings"

	"whence/correlate"
)

// ecsVersion is the version of the Elastic Common Schema that documents follow. What
// is used of it is the same since 8.16.
const ecsVersion = "9.0.0"

// appendECS appends c as a document of the Elastic Common Schema. Our own part of it,
// under whence, is what OCSF has under unmapped.
func appendECS(b []byte, c *correlate.Chain) ([]byte, error) {
	d := &ecsWriter{ocsfWriter{c: c}}
	d.b = append(b, '{')
	d.instant("@timestamp", c.Time)
	d.schema()
	d.message()
	d.event()
	d.whoActed()
	d.where()
	d.made()
	d.related()
	d.open("whence")
	d.whence()
	d.ours()
	d.end()
	d.end()
	return d.b, d.err
}

// An ecsWriter writes one document of the Elastic Common Schema.
type ecsWriter struct{ ocsfWriter }

func (d *ocsfDocument) schema() {
	d.open("ecs")
	d.word("version", ecsVersion)
	d.end()
}

func (d *ecsWriter) event() {
	c := d.c
	d.open("event")
	d.id("id", c.ID)
	d.word("kind", "event")
	d.word("module", "whence")
	d.word("dataset", "whence.chain")
	d.text("provider", c.Source)
	d.text("action", c.Action)
	category, kind := ecsKind(c)
	d.list("category")
	d.item(category)
	d.endList()
	d.list("type")
	d.item(kind)
	if c.Outcome == correlate.Denied && category == "api" {
		d.item("denied")
	}
	d.endList()
	d.word("outcome", ecsOutcome(c.Outcome))
	d.text("reason", c.Reason)
	d.name("sequence")
	d.b = strconv.AppendUint(d.b, c.Version, 10)
	d.text("hash", c.Evidence.SHA256)
	d.end()
	if c.Error != "" {
		d.open("error")
		d.text("code", c.Error)
		d.end()
	}
}

// ecsKind is the category and the type of an event, of the values that are allowed.
func ecsKind(c *correlate.Chain) (category, kind string) {
	if approvalOf(c) != nil {
		return "iam", "change"
	}
	if c.Class == correlate.Auth {
		minted := mintedBy(c)
		switch authActivity(c, minted, &c.Actor).id {
		case logon.id, switched.id:
			return "authentication", "start"
		case logoff.id:
			return "authentication", "end"
		}
		return "authentication", "info"
	}
	switch crud(c).id {
	case crudCreate.id:
		return "api", "creation"
	case crudRead.id:
		return "api", "access"
	case crudUpdate.id:
		return "api", "change"
	case crudDelete.id:
		return "api", "deletion"
	}
	return "api", "info"
}

func ecsOutcome(o correlate.Outcome) string {
	switch o {
	case correlate.Success:
		return "success"
	case correlate.Failure, correlate.Denied:
		return "failure"
	}
	return "unknown"
}

func (d *ecsWriter) whoActed() {
	d.ecsUser(&d.c.Actor)
	if d.c.Context.Agent != "" {
		d.open("user_agent")
		d.text("original", d.c.Context.Agent)
		d.end()
	}
	if ip := d.c.Context.IP; ip != "" {
		d.open("source")
		d.text("address", ip)
		switch {
		case isIP(ip):
			d.text("ip", ip)
		case isHost(ip):
			d.text("domain", ip)
		}
		d.end()
	}
}

func (d *ocsfDocument) ecsUser(p *correlate.Principal) {
	if p.ID == "" && p.Name == "" {
		return
	}
	d.open("user")
	d.text("id", p.ID)
	d.text("name", named(p))
	d.text("full_name", p.Name)
	if isEmail(p.ID) {
		d.text("email", p.ID)
	}
	d.text("domain", p.Issuer)
	d.end()
}

func (d *ecsWriter) where() {
	c := d.c
	if provider := cloudOf(c.Source); provider != "" {
		d.open("cloud")
		d.word("provider", ecsClouds[provider])
		if c.Context.Account != "" {
			d.open("account")
			d.text("id", c.Context.Account)
			d.end()
		}
		d.text("region", c.Context.Region)
		d.open("service")
		d.text("name", serviceOf(c))
		d.end()
		d.end()
	}
	if strings.HasPrefix(c.Source, "kubernetes.") {
		d.orchestrator()
	}
	if c.Tenant != "" {
		d.open("organization")
		d.text("id", c.Tenant)
		d.end()
	}
	if c.Context.Trace != "" {
		d.open("trace")
		d.text("id", c.Context.Trace)
		d.end()
	}
}

var ecsClouds = map[string]string{"AWS": "aws", "Azure": "azure", "GCP": "gcp"}

func (d *ecsWriter) orchestrator() {
	c := d.c
	d.open("orchestrator")
	d.word("type", "kubernetes")
	if c.Context.Account != "" {
		d.open("cluster")
		d.text("name", c.Context.Account)
		d.end()
	}
	if len(c.Resources) > 0 {
		d.open("resource")
		d.text("type", strings.TrimPrefix(c.Resources[0].Type, "k8s."))
		d.text("name", c.Resources[0].ID)
		d.end()
	}
	d.end()
}

// made is what a call of a model used.
func (d *ecsWriter) made() {
	u := &d.c.Usage
	if u.Model == "" {
		return
	}
	d.open("gen_ai")
	d.text("system", providerOf(d.c.Source, u.Model))
	d.open("response")
	d.text("model", u.Model)
	d.end()
	if u.InputTokens != 0 || u.OutputTokens != 0 {
		d.open("usage")
		d.number("input_tokens", u.InputTokens)
		d.number("output_tokens", u.OutputTokens)
		d.end()
	}
	d.end()
}

// whence is what OCSF has attributes for and the Elastic Common Schema has not.
func (d *ecsWriter) whence() {
	c := d.c
	d.id("action_id", c.ActionID)
	d.text("event_id", c.EventID)
	if k := c.Key(); !k.IsZero() {
		d.open("executor_key")
		d.keyed(&k)
		d.end()
	}
	d.text("session", c.Context.Session)
	d.text("app", c.Context.App)
	d.resources(c.Resources)
}

// related lists every identity, and the address. Keys have no place there: they are
// under whence.
func (d *ecsWriter) related() {
	c := d.c
	d.open("related")
	d.relate(&c.Actor)
	d.relate(&c.Requestor)
	for i := range c.Hops {
		d.relate(&c.Hops[i].Principal)
	}
	for i := range c.Approvers {
		d.relate(&c.Approvers[i].Principal)
	}
	for i := range c.Candidates {
		d.relate(&c.Candidates[i].Principal)
	}
	if d.told.n > 0 {
		d.endList()
	}
	if isIP(c.Context.IP) {
		d.list("ip")
		d.item(c.Context.IP)
		d.endList()
	}
	d.end()
}
