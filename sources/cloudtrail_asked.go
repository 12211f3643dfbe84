package sources

import (
	"strings"

	"whence/correlate"
	"whence/sources/scan"
)

// Who asked for a credential.

// asked are the parents of a credential: the key that signed for it, and
// everything else the line states of whoever asked.
func (e *cloudtrailEvent) asked(method string) []correlate.Link {
	signed := len(e.uses) > 0 && e.uses[0].Role == correlate.Acting
	for i := range e.uses {
		switch u := &e.uses[i]; {
		case u.Role == correlate.Acting:
			e.link(correlate.Requestor, correlate.Issued, method).Key = u.Key
		case signed && u.Key.Kind == AWSRoleSession: // the key says it better
		default:
			*e.link(u.Role, u.Proof, u.Method) = *u
		}
	}
	told := len(e.links)
	sourceIdentity := e.Request.SourceIdentity
	if e.Identity.Session.SourceIdentity != "" {
		sourceIdentity = "" // it cannot be changed on the way, and is told already
	}
	name, nameMethod := e.Request.RoleSessionName, cloudtrailBySessionName
	if e.EventName == "GetFederationToken" {
		name, nameMethod = e.Request.Name, cloudtrailByFederatedName
	}
	e.claims(sourceIdentity, name, nameMethod)
	if e.EventName == "AssumeRole" {
		// The only call in which Vault's default template names a session. Who comes
		// with a token of another provider is not Vault, whatever the session is called.
		e.vaultLink(name)
	}
	return cloudtrailOnce(e.done(), told)
}

// cloudtrailOnce leaves out of links what an earlier one says, from the given one
// on. A role that hands its e-mail address on to the next names it once.
func cloudtrailOnce(links []correlate.Link, from int) []correlate.Link {
	kept := from
	for i := from; i < len(links); i++ {
		if cloudtrailHas(links[:kept], &links[i]) {
			continue
		}
		if kept != i {
			links[kept] = links[i]
		}
		kept++
	}
	return links[:kept]
}

func cloudtrailHas(links []correlate.Link, l *correlate.Link) bool {
	for i := range links {
		if o := &links[i]; o.Role == l.Role && o.Key == l.Key && o.Method == l.Method &&
			o.Principal.ID == l.Principal.ID && o.Principal.Issuer == l.Principal.Issuer {
			return true
		}
	}
	return false
}

// serviceWorkload adds what a service of AWS assumes a role for, and reports whether
// there is any: EC2 an instance, EKS a pod's service account, any other what the role
// was made for. The service itself is only the means: whoever answered for it would
// answer for every instance, pod and function there is. Here it chose the name of the
// session and the tags.
func (e *cloudtrailEvent) serviceWorkload() bool {
	role := e.Request.RoleArn
	if e.call.action != "sts:AssumeRole" || role == "" || cloudtrailLinkedService(role) != "" {
		return false // a role that is for the service alone is the service's own doing
	}
	switch e.Identity.InvokedBy {
	case "ec2.amazonaws.com":
		if id := e.Request.RoleSessionName; cloudtrailIsInstance(id) {
			e.state(e.instance(id, role), correlate.Attested, cloudtrailByInstance)
			return true
		}
	case "pods.eks.amazonaws.com":
		if p := e.pod(); !p.IsZero() {
			e.state(p, correlate.Attested, cloudtrailByPod)
			return true
		}
	}
	p := e.role(role, role)
	p.Name = role[strings.LastIndexByte(role, '/')+1:]
	e.state(p, correlate.Attested, cloudtrailByServiceRole)
	return true
}

// pod is the service account of the pod that EKS names by tags, or nobody.
func (e *cloudtrailEvent) pod() (p correlate.Principal) {
	ns, name := e.tag("kubernetes-namespace"), e.tag("kubernetes-service-account")
	if ns == "" || name == "" {
		return p
	}
	p.Type, p.ID, p.Name, p.Issuer = correlate.ServiceAccount, e.join("system:serviceaccount:", ns, ":", name), e.join(ns, "/", name), "k8s"
	if cluster := e.tag("eks-cluster-arn"); cluster != "" {
		p.Names = e.names(e.join(cluster, ":", p.ID))
	}
	return p
}

// tag is the value of a session tag in either of their shapes, [{"key":k,"value":v}]
// and {k:v}, or empty.
func (e *cloudtrailEvent) tag(key string) (value string) {
	for _, raw := range [...]scan.Raw{e.Request.Tags, e.Request.PrincipalTags} {
		for el := range raw.Elements() {
			if t := &e.d.tag; cloudtrailTagTable.Read(el, t, &e.out.text) == nil && t.Key == key {
				value = t.Value
			}
		}
		if v := e.member(raw, key); v != "" {
			value = v
		}
	}
	return value
}
