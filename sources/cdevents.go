package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// CDEvents: what CI/CD systems tell of pipelines and deployments in one common form.
// https://cdevents.dev
const cdEvents = "cdevents"

// cdEventsRunLife is how long a run may be under way; no system says.
const cdEventsRunLife = 35 * 24 * time.Hour

var _ = register(Source{
	Name: cdEvents,
	Kinds: []correlate.KindInfo{{
		Kind: CDEventsRun, Life: cdEventsRunLife, Best: correlate.Issued,
		Hint: "does the CI system send pipelinerun and taskrun events to the topic whence reads?",
	}},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		if strings.HasPrefix(v.Text("type"), "dev.cdevents.") {
			v = v.Member("data")
		}
		return strings.HasPrefix(v.Member("context").Text("type"), "dev.cdevents.") && v.Has("subject")
	},
	Decode: cdEventsFormat.decode,
})

var cdEventsFormat = format[cdEventsLine]{
	table: scan.Of[cdEventsLine](),
	inner: func(l *cdEventsLine) scan.Raw { return l.Data },
	line:  cdEventsDecode,
}

type cdEventsLine struct {
	Order   scan.Order
	classes words[correlate.Class] // by subject
	Data    scan.Raw               `json:"data"` // of CloudEvents
	Context struct {
		ID        string `json:"id"`
		ChainID   string `json:"chainId"`
		Source    string `json:"source"`
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Source  string `json:"source"`
		Content struct {
			Outcome      string      `json:"outcome"`
			PipelineName string      `json:"pipelineName"`
			TaskName     string      `json:"taskName"`
			ArtifactID   string      `json:"artifactId"`
			User         string      `json:"user"`
			Environment  cdEventsRef `json:"environment"`
			PipelineRun  cdEventsRef `json:"pipelineRun"`
			Repository   cdEventsRef `json:"repository"`
		} `json:"content"`
	} `json:"subject"`
}

type cdEventsRef struct {
	ID     string `json:"id"`
	Source string `json:"source"`
}

func cdEventsDecode(in Input, raw []byte, l *cdEventsLine, out *Batch) {
	c, s := &l.Context, &l.Subject
	// dev.cdevents.<subject>.<predicate>.<version>
	rest, ok := strings.CutPrefix(c.Type, "dev.cdevents.")
	subject, rest, _ := strings.Cut(rest, ".")
	predicate, _, _ := strings.Cut(rest, ".")
	if !ok || predicate == "" {
		out.reject(raw, correlate.RejectSource, "not a CDEvent: context.type is not dev.cdevents.<subject>.<predicate>")
		return
	}
	// Ids are unique within a source.
	e := out.begin(cdEvents, c.Source, c.ID, raw, c.Type)
	dated := in.dated(e, firstTime(c.Timestamp))
	e.Action, e.Class = out.text.Join("cdevents.", subject, ".", predicate), l.classes.of(subject, cdEventsClass)
	switch {
	case s.Content.Outcome == "success", s.Content.Outcome == "pass":
		e.Outcome = correlate.Success
	case s.Content.Outcome != "":
		e.Outcome, e.Error = correlate.Failure, oktaShort(s.Content.Outcome)
	case predicate == "queued", predicate == "started":
	case subject != "pipelinerun" && subject != "taskrun":
		e.Outcome = correlate.Success // the log is of what has happened
	}
	e.Context.Account, e.Context.Trace = c.Source, c.ChainID
	out.touched(e, out.text.Join("cdevents.", subject), s.ID)
	out.touched(e, "cdevents.environment", s.Content.Environment.ID)
	out.touched(e, "cdevents.artifact", s.Content.ArtifactID)
	out.touched(e, "cdevents.repository", s.Content.Repository.ID)
	l.who(e, out, subject, predicate, dated)
}

func cdEventsClass(subject string) correlate.Class {
	switch subject {
	case "pipelinerun", "taskrun", "service", "environment", "build":
		return correlate.Deploy
	case "testcaserun", "testsuiterun", "testoutput", "incident":
		return correlate.Read
	}
	return correlate.Write // repositories, branches, changes, artifacts, tickets
}

// key is that of a run: its ids are unique within its source.
func (l *cdEventsLine) key(r cdEventsRef, out *Batch) correlate.Key {
	if r.ID == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: CDEventsRun, Value: out.text.Join(cmp.Or(r.Source, l.Context.Source), "/", r.ID)}
}

// who says who acted: the run that the event is about, or else the system that sends
// it. Whom its content names is what that system was told.
func (l *cdEventsLine) who(e *correlate.Event, out *Batch, subject, predicate string, dated bool) {
	s, content := &l.Subject, &l.Subject.Content
	if subject == "pipelinerun" || subject == "taskrun" {
		k := l.key(cdEventsRef{s.ID, s.Source}, out)
		e.Actor = correlate.Principal{Type: correlate.CIRun, ID: k.Value, Name: cmp.Or(content.PipelineName, content.TaskName), Issuer: "cdevents"}
		if k.IsZero() {
			e.Actor.ID = "unknown"
			return
		}
		out.acted(e, k, "cdevents.run")
		if dated {
			l.mint(e, out, k, predicate)
		}
		return
	}
	p := correlate.Principal{Type: correlate.ServiceAccount, ID: cmp.Or(l.Context.Source, "unknown"), Issuer: "cdevents"}
	e.Actor = out.named(p, out.join("cdevents:", l.Context.Source))
	out.asked(e, &e.Actor, correlate.Attested, "cdevents.source")
	if content.User != "" {
		user := correlate.Principal{Type: correlate.Unknown, ID: content.User, Issuer: "cdevents"}
		if mail, ok := out.email(content.User); ok {
			user.Type, user.ID = correlate.Human, mail
		}
		out.asked(e, &user, correlate.Claimed, "cdevents.user")
	}
}

// mint tells of a run that was queued or started, and ended. A task's was asked for
// with its pipeline's; who asked for that, no event says.
func (l *cdEventsLine) mint(e *correlate.Event, out *Batch, k correlate.Key, predicate string) {
	if predicate == "finished" {
		// What a run does last may be told in the same second.
		out.tell(e, &correlate.Fact{
			Kind: correlate.Ending, Key: k, Proof: correlate.Issued, Method: "cdevents.run", Start: e.Time.Add(time.Second), Reason: "completed",
		})
		return
	}
	f := correlate.Fact{Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "cdevents.run", Principal: e.Actor}
	if up := l.key(l.Subject.Content.PipelineRun, out); !up.IsZero() && up != k {
		f.Parents = out.links.Append(nil, correlate.Link{Role: correlate.Requestor, Key: up, Proof: correlate.Issued, Method: "cdevents.pipeline_run"})
	}
	out.tell(e, &f)
}
