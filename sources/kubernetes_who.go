package sources

import (
	"strings"

	"whence/correlate"
)

const kubernetesIssuer = "k8s"

// Methods of what the API server says of a caller.
const (
	kubernetesByUser        = "k8s.user"
	kubernetesByCredential  = "k8s.credential_id"
	kubernetesByAccessKey   = "k8s.eks.access_key"
	kubernetesByRoleSession = "k8s.eks.role_session"
	kubernetesByImpersonate = "k8s.impersonated_user"
)

// who says who acted: the user that the API server authenticated. Whom they
// impersonate is their word, which RBAC let them give. A person who impersonates a
// service account is still the one who asks; a gateway that impersonates the people
// behind it has nobody else to name.
func (d *kubernetesDeed) who() {
	e, u, out := d.e, &d.line.User, d.out
	e.Actor = d.principal(u)
	if kubernetesIsNobody(u.Username) {
		return
	}
	key, method := d.credential(u)
	out.acted(e, key, method)
	if k := d.roleSession(u); !k.IsZero() && key.Kind != AWSAccessKey {
		e.Uses = out.links.Append(e.Uses, correlate.Link{
			Role: correlate.Requestor, Key: k, Proof: correlate.Inferred, Method: kubernetesByRoleSession,
		})
	}
	if e.Actor.Type != correlate.RoleType || len(e.Uses) == 0 { // not a role asks, but its session
		out.asked(e, &e.Actor, correlate.Attested, kubernetesByUser)
	}
	e.Context.Session = last(u.Extra.Session)
	e.Context.App = last(u.Extra.Pod)
	if as := &d.line.As; as.Username != "" && as.Username != u.Username {
		asked := d.principal(as)
		out.asked(e, &asked, correlate.Claimed, kubernetesByImpersonate)
	}
}

// credential is what the caller showed: a token by its id, an AWS access key that
// signed the token of EKS, a certificate by its hash.
func (d *kubernetesDeed) credential(u *kubernetesUser) (correlate.Key, string) {
	if id := last(u.Extra.AccessKey); strings.HasPrefix(id, "A") {
		return correlate.Key{Kind: AWSAccessKey, Value: id}, kubernetesByAccessKey
	}
	id := last(u.Extra.Credential)
	if jti, ok := strings.CutPrefix(id, "JTI="); ok {
		return d.key(K8sToken, jti), kubernetesByCredential
	}
	if sum, ok := strings.CutPrefix(id, "X509SHA256="); ok {
		return d.key(K8sCertificate, sum), kubernetesByCredential
	}
	return correlate.Key{}, ""
}

func (d *kubernetesDeed) key(kind correlate.Kind, value string) correlate.Key {
	if value == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: kind, Value: d.out.text.Join(d.cluster, "/", value)}
}

// roleSession is the role session that signed a token of EKS, by its name: the uid
// is aws-iam-authenticator:<account>:<role id>.
func (d *kubernetesDeed) roleSession(u *kubernetesUser) correlate.Key {
	session := last(u.Extra.Session)
	i := strings.LastIndexByte(u.UID, ':')
	if session == "" || !strings.HasPrefix(u.UID, "aws-iam-authenticator:") || !strings.HasPrefix(u.UID[i+1:], "AROA") {
		return correlate.Key{}
	}
	return correlate.Key{Kind: AWSRoleSession, Value: d.out.text.Join(u.UID[i+1:], ":", session)}
}

// principal names a user. A name alone does not tell whether it is a person's,
// unless it is an e-mail address; the directory knows.
func (d *kubernetesDeed) principal(u *kubernetesUser) correlate.Principal {
	out := d.out
	p := correlate.Principal{Type: d.users.of(u.Username, kubernetesType), ID: u.Username, Issuer: kubernetesIssuer}
	if arn := last(u.Extra.ARN); strings.HasPrefix(arn, "arn:") {
		// The mapping of IAM to user names is the cluster's own, and many map to one.
		if p.Type = correlate.Unknown; strings.Contains(arn, ":assumed-role/") {
			p.Type = correlate.RoleType
		}
		p.ID, p.Name, p.Issuer = arn, u.Username, "aws"
		role := last(u.Extra.RoleARN)
		if role == arn {
			role = ""
		}
		return out.named(p, out.join("aws:", arn), out.join("aws:", role), d.scoped(u.Username))
	}
	if p.Type == correlate.Human {
		p.ID, _ = out.email(u.Username)
	}
	return out.named(p, d.scoped(u.Username), out.join("entra:", last(u.Extra.EntraID)))
}

// scoped is a user's name with its cluster, for directories of several.
func (d *kubernetesDeed) scoped(username string) string {
	return d.out.text.Join(kubernetesIssuer, ":", d.cluster, "/", username)
}

// kubernetesIsNobody reports whether a user stands for everybody who showed nothing.
func kubernetesIsNobody(username string) bool {
	return username == "system:anonymous" || username == "system:unauthenticated"
}

// kubernetesType says what a user is by its name.
func kubernetesType(username string) correlate.PrincipalType {
	switch {
	case kubernetesIsNobody(username):
		return correlate.Unknown
	case strings.HasPrefix(username, "system:node:"):
		return correlate.Workload
	case strings.HasPrefix(username, "system:"), strings.HasPrefix(username, "eks:"), username == "aksService":
		return correlate.ServiceAccount
	}
	var b Batch
	if _, ok := b.email(username); ok {
		return correlate.Human
	}
	return correlate.Unknown
}

// mint tells of a token that was issued for a service account. The kubelet and the
// controllers ask for the tokens of what they run: the account is all that stands
// behind those, and they are shown. Anybody else asked for it to act with.
func (d *kubernetesDeed) mint() {
	l, out := d.line, d.out
	jti, ok := strings.CutPrefix(l.Annotations.Issued, "JTI=")
	if !ok || kubernetesIsNobody(l.User.Username) || l.Object.Resource != "serviceaccounts" || l.Object.Subresource != "token" || l.Verb != "create" {
		return
	}
	const method = "k8s.token_request"
	account := out.text.Join("system:serviceaccount:", l.Object.Namespace, ":", l.Object.Name)
	f := correlate.Fact{
		Kind: correlate.Account, Key: d.key(K8sToken, jti), Proof: correlate.Issued, Method: method,
		Principal: out.named(correlate.Principal{Type: correlate.ServiceAccount, ID: account, Issuer: kubernetesIssuer}, d.scoped(account)),
	}
	if b := &l.Request.Spec.Bound; b.Kind == "Pod" {
		f.Principal.Name = out.text.Join(l.Object.Namespace, "/", b.Name)
	}
	if t := firstTime(l.Response.Status.Expires); t.ok {
		f.End = t.Time
	}
	role := correlate.Requestor
	if strings.HasPrefix(l.User.Username, "system:node:") || strings.HasPrefix(l.User.Username, "system:kube-") {
		role = correlate.Creator
	}
	if k, _ := d.credential(&l.User); !k.IsZero() && k.Kind != K8sCertificate {
		f.Parents = out.links.Append(f.Parents, correlate.Link{Role: role, Key: k, Proof: correlate.Issued, Method: method})
	}
	if d.e.Actor.Type != correlate.RoleType || len(f.Parents) == 0 {
		f.Parents = out.links.Append(f.Parents, correlate.Link{Role: role, Principal: d.e.Actor, Proof: correlate.Attested, Method: method})
	}
	out.tell(d.e, &f)
}
