package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// Builds of Jenkins, as its API gives them (.../<number>/api/json) and collectors that
// follow it hand them on: with the causes that the controller notes.
const jenkinsBuild = "jenkins.build"

var _ = register(Source{
	Name: jenkinsBuild,
	Kinds: []correlate.KindInfo{{
		Kind: JenkinsBuild, Life: gitlabRunLife, Best: correlate.Issued,
		Hint: "are the builds of that Jenkins job collected, with their causes?",
	}},
	Lateness: 10 * time.Minute,
	Detect: func(v Value) bool {
		return v.Has("number", "url", "actions", "timestamp") && (v.Has("fullDisplayName") || strings.Contains(v.Text("_class"), "Run"))
	},
	Decode: jenkinsFormat.decode,
})

var jenkinsFormat = format[jenkinsLine]{
	table: scan.Of[jenkinsLine](),
	inner: func(l *jenkinsLine) scan.Raw { return l.Builds },
	line:  jenkinsDecode,
}

// jenkinsLine is what is read of a build. Its parameters, which hold secrets, are not.
type jenkinsLine struct {
	Order     scan.Order
	Builds    scan.Raw `json:"builds"` // of a job
	Number    scan.Raw `json:"number"`
	URL       string   `json:"url"`
	FullName  string   `json:"fullDisplayName"`
	Timestamp int64    `json:"timestamp"` // of the start, in milliseconds
	Duration  int64    `json:"duration"`
	Building  bool     `json:"building"`
	Result    string   `json:"result"`
	Actions   []struct {
		Causes []jenkinsCause `json:"causes"`
	} `json:"actions"`
}

type jenkinsCause struct {
	Class       string   `json:"_class"`
	UserID      string   `json:"userId"`
	UserName    string   `json:"userName"`
	Upstream    string   `json:"upstreamProject"`
	UpstreamNo  scan.Raw `json:"upstreamBuild"`
	Description string   `json:"shortDescription"`
}

func jenkinsDecode(in Input, raw []byte, l *jenkinsLine, out *Batch) {
	number := l.Number.Loose(&out.text)
	controller, job := jenkinsJob(l.URL, out)
	if !isDigits(number) || job == "" {
		out.reject(raw, correlate.RejectSource, "not a build of Jenkins: no number, or its address is not .../job/<name>/<number>/")
		return
	}
	controller = cmp.Or(in.Scope, controller, "default")
	k := correlate.Key{Kind: JenkinsBuild, Value: out.text.Join(controller, "/", job, "/", number)}
	started := millisTime(l.Timestamp)
	// A build is told of when it runs and when it has ended: two events of one deed.
	state, at := "started", started
	if !l.Building && l.Result != "" {
		state = "completed"
		at = started.plus(min(max(l.Duration, 0), int64(gitlabRunLife/time.Millisecond)))
	}
	e := out.begin(jenkinsBuild, "", out.text.Join(k.Value, "/", state), raw)
	e.ActionID = out.sums.ID(jenkinsBuild, "", k.Value)
	e.Primary = state == "completed"
	dated := in.dated(e, at)
	e.Action, e.Class = out.text.Join("jenkins.build.", state), correlate.Deploy
	switch l.Result {
	case "SUCCESS":
		e.Outcome = correlate.Success
	case "":
	default:
		e.Outcome, e.Error = correlate.Failure, oktaShort(l.Result)
	}
	e.Context.Account = controller
	out.touched(e, "jenkins.job", out.text.Join(controller, "/", job))
	e.Actor = correlate.Principal{Type: correlate.CIRun, ID: k.Value, Name: l.FullName, Issuer: "jenkins"}
	out.acted(e, k, "jenkins.build")
	if !dated || !started.ok {
		return
	}
	e.Uses[0].At = started.Time // the line may come after the end
	f := correlate.Fact{Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "jenkins.build", Principal: e.Actor, Start: started.Time}
	for i := range l.Actions {
		for j := range l.Actions[i].Causes {
			f.Parents = l.cause(&l.Actions[i].Causes[j], controller, job, f.Parents, out)
		}
	}
	if state == "completed" {
		f.End = at.Time
	}
	out.tell(e, &f)
}

// cause adds whoever a cause names: a user, a build before, or the clock. Somebody
// who only pushed to the repository did not start the build: the job did, when it
// looked.
func (l *jenkinsLine) cause(c *jenkinsCause, controller, job string, links []correlate.Link, out *Batch) []correlate.Link {
	link := correlate.Link{Role: correlate.Requestor, Proof: correlate.Attested}
	switch {
	case strings.HasSuffix(c.Class, "UpstreamCause") && c.Upstream != "":
		number := c.UpstreamNo.Loose(&out.text)
		if !isDigits(number) {
			return links
		}
		link.Key = correlate.Key{Kind: JenkinsBuild, Value: out.text.Join(controller, "/", c.Upstream, "/", number)}
		link.Proof, link.Method = correlate.Issued, "jenkins.upstream"
	case c.UserID != "" && c.UserID != "SYSTEM" && c.UserID != "anonymous":
		p := correlate.Principal{Type: correlate.Human, ID: c.UserID, Name: c.UserName, Issuer: "jenkins"}
		if mail, ok := out.email(c.UserID); ok {
			p.ID = mail
		}
		link.Principal = out.named(p, out.text.Join("jenkins:", c.UserID))
		link.Method = "jenkins.user"
	case strings.HasSuffix(c.Class, "TimerTriggerCause"), strings.HasSuffix(c.Class, "SCMTriggerCause"), strings.HasSuffix(c.Class, "BranchIndexingCause"),
		strings.HasSuffix(c.Class, "BranchEventCause"):
		name := out.text.Join("jenkins.schedule:", controller, "/", job)
		link.Method = "jenkins.trigger"
		link.Principal = correlate.Principal{
			Type: correlate.Schedule, ID: strings.TrimPrefix(name, "jenkins.schedule:"), Issuer: "jenkins.schedule", Names: out.names.Append(nil, name),
		}
	default:
		return links
	}
	return out.links.Append(links, link)
}

// jenkinsJob is the controller and the job of a build's address:
// https://ci.example.com/job/payments/job/deploy/12/ is payments/deploy there.
func jenkinsJob(url string, out *Batch) (controller, job string) {
	_, rest, _ := strings.Cut(url, "://")
	controller, path, ok := strings.Cut(rest, "/job/")
	if !ok {
		controller, path, ok = "", strings.TrimPrefix(url, "job/"), strings.HasPrefix(url, "job/")
	}
	path = strings.TrimSuffix(path, "/")
	end := strings.LastIndexByte(path, '/')
	if !ok || end < 0 {
		return "", ""
	}
	name := out.text.Bytes(end)[:0]
	for rest, more := path[:end], true; more; {
		var part string
		if part, rest, more = strings.Cut(rest, "/job/"); len(name) > 0 {
			name = append(name, '/')
		}
		name = append(name, part...)
	}
	return controller, arena.View(name)
}
