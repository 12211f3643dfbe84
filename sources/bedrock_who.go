package sources

import (
	"strings"

	"whence/correlate"
)

// walk says who called: the request, whose key CloudTrail knows, and the caller's ARN,
// read as CloudTrail's lines are, because it is the same identity in another log.
func (s *bedrockScratch) walk(e *correlate.Event, out *Batch) {
	r := &s.bedrockLine
	if k := awsRequest(r.Account, r.Region, r.RequestID, out); !k.IsZero() {
		e.Uses = out.links.Append(e.Uses, correlate.Link{Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: "aws.bedrock.request_id"})
	}
	s.said.Region, s.said.Identity.ARN, s.said.Identity.AccountID = r.Region, r.Identity.ARN, r.Account
	c := cloudtrailEvent{cloudtrailRecord: &s.said, out: out, outcome: correlate.Success}
	c.links = e.Uses
	c.kind = s.said.Identity.kind()
	c.session = s.said.Identity.sessionName(c.kind)
	switch c.kind {
	case "AssumedRole":
		c.workload()
		c.claims("", c.session, cloudtrailBySessionName)
		e.Actor = c.role(r.Identity.ARN, c.roleOf(r.Identity.ARN))
		e.Context.Session = c.session
	case "IAMUser", "Root":
		path, _ := cloudtrailPath(r.Identity.ARN)
		s.said.Identity.UserName = path[strings.LastIndexByte(path, '/')+1:]
		e.Actor = c.user()
	default:
		e.Actor = c.iam(orUnknown(r.Identity.ARN, r.Account), "")
		if r.Identity.ARN != "" {
			c.state(e.Actor, correlate.Attested, cloudtrailByUser)
		}
	}
	e.Uses = c.done()
	s.said.Identity.UserName = ""
	if !r.Metadata.IsObject() {
		return
	}
	s.labels.reset()
	for name, value := range r.Metadata.Members(&out.text) {
		s.labels.set(name, value.Loose(&out.text), 0)
	}
	if s.labels.text(labelSession) != "" {
		e.Context.Session = "" // the agent's says more than the role's
	}
	s.labels.describe(&e.Context, out)
	e.Uses = s.labels.claims(e.Uses, "aws.bedrock.request_metadata", "bedrock", out)
}

// roleOf is the role of a session's ARN, without the path that the role may have.
func (e *cloudtrailEvent) roleOf(session string) string {
	p := cloudtrailARN(session)
	role, _, ok := strings.Cut(strings.TrimPrefix(p[5], "assumed-role/"), "/")
	if !ok {
		return ""
	}
	return e.join("arn:", p[1], ":iam::", p[4], ":role/", role)
}

// orUnknown is the first of names that there is.
func orUnknown(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return "unknown"
}
