package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// vaultIdentity is what an auth block says of who holds the token.
type vaultIdentity struct {
	// principal is whom the token stands for, of type unknown where the login
	// tells of nobody. actor is the same or, for a token made with another, the
	// workload that its maker says it is for.
	principal, actor correlate.Principal
	// links lead to whoever asked: the person or service, or the CI run.
	links []correlate.Link
	// parents are those of links that an account of the token needs: what the
	// principal itself does not say.
	parents []correlate.Link
}

// vaultPersons are the auth methods that people log in with.
var vaultPersons = []string{"oidc", "ldap", "userpass", "okta", "saml", "github", "radius", "kerberos"}

// vaultWho reads an auth block. method is the type of the auth mount and mount
// its path, both known on login lines only: later lines show the mount that the
// token was used on.
//
// Metadata and names come from the auth method, which vouches for them, unless
// the token was made with auth/token/create: those are named token-..., and
// their metadata is whatever their maker wrote.
func vaultWho(a *vaultAuth, method, mount string) vaultIdentity {
	m := vaultLogin{vaultAuth: a, prefix: strings.ReplaceAll(strings.TrimPrefix(mount, "auth/"), "/", "-")}
	if mount == "" {
		m.prefix, _, _ = strings.Cut(a.DisplayName, "-")
		m.prefix += "-"
		method = strings.TrimSuffix(m.prefix, "-")
	}
	m.method = method
	if !a.made() {
		p, links := m.identify()
		if p.Type != correlate.Unknown && len(links) == 0 {
			return vaultIdentity{principal: p, actor: p, links: []correlate.Link{{
				Role: correlate.Requestor, Principal: p, Proof: correlate.Attested, Method: "vault.auth_metadata",
			}}}
		}
		return vaultIdentity{principal: p, actor: p, links: links, parents: links}
	}
	// The directory must not find a name here that the maker chose.
	id := vaultIdentity{principal: correlate.Principal{
		Type: correlate.Unknown, ID: cmp.Or(a.EntityID, "token"), Name: a.DisplayName, Issuer: "vault",
	}}
	if a.root() {
		id.principal.ID = "root"
		id.actor = id.principal
		return id
	}
	p, links := m.identify()
	id.actor = id.principal
	if p.Type == correlate.Workload || p.Type == correlate.CIRun || p.Type == correlate.ServiceAccount {
		id.actor = p
	}
	if p.Type != correlate.Unknown && len(links) == 0 {
		links = []correlate.Link{{Role: correlate.Requestor, Principal: p}}
	}
	for _, l := range links {
		if l.Proof != correlate.Inferred {
			l.Proof = correlate.Claimed
		}
		l.Method = "vault.token_metadata"
		id.links = append(id.links, l)
	}
	return id
}

// made reports whether the token was made with another token, or is a root token.
func (a *vaultAuth) made() bool {
	return a.DisplayName == "token" || strings.HasPrefix(a.DisplayName, "token-") || a.root()
}

// root reports whether it is a root token: no auth method can give that policy.
func (a *vaultAuth) root() bool {
	for _, p := range a.Policies {
		if p == "root" {
			return true
		}
	}
	return false
}

// vaultLogin is an auth block with the auth method it came of.
type vaultLogin struct {
	*vaultAuth
	method string
	prefix string // of the display name: the mount, with dashes
}

// identify names the holder. A CI run and a cloud role come with links to what
// their own logs tell of them.
func (a *vaultLogin) identify() (correlate.Principal, []correlate.Link) {
	md := a.Metadata
	p := correlate.Principal{Issuer: "vault", Names: a.names()}
	switch {
	case md["role_name"] != "":
		return a.appRole(p)
	case md["service_account_name"] != "" && md["service_account_namespace"] != "":
		p.Type, p.Issuer = correlate.ServiceAccount, "k8s"
		p.ID = "system:serviceaccount:" + md["service_account_namespace"] + ":" + md["service_account_name"]
	case a.isRun():
		return a.run(p)
	case md["nomad_job_id"] != "":
		p.Type, p.Issuer = correlate.Workload, "nomad"
		p.ID = strings.Trim(md["nomad_namespace"]+"/"+md["nomad_job_id"]+"/"+md["nomad_task"], "/")
	case md["AllocationID"] != "":
		p.Type, p.Issuer, p.Name = correlate.Workload, "nomad", md["Task"]
		p.ID = strings.TrimSuffix(md["AllocationID"]+"/"+md["Task"], "/")
	case cmp.Or(md["canonical_arn"], md["client_arn"]) != "":
		return a.awsRole(p)
	case md["service_account_email"] != "":
		p.Type, p.Issuer, p.ID = correlate.ServiceAccount, "gcp", md["service_account_email"]
	case md["cert_name"] != "":
		p.Type, p.ID = correlate.Workload, cmp.Or(md["common_name"], md["cert_name"])
	default:
		a.person(&p)
	}
	return p, nil
}

func (a *vaultLogin) names() []string {
	var names []string
	for _, n := range []string{a.DisplayName, a.EntityID} {
		if n != "" {
			names = append(names, "vault:"+n)
		}
	}
	return names
}

// person names p as a human if people log in this way, else leaves it unknown.
func (a *vaultLogin) person(p *correlate.Principal) {
	p.Type, p.ID = correlate.Unknown, cmp.Or(a.DisplayName, a.EntityID, "unknown")
	for _, k := range []string{"email", "mail", "preferred_username", "upn", "username"} {
		if mail := correlate.Fold(a.Metadata[k]); vaultIsMail(mail) {
			p.Type, p.ID = correlate.Human, mail
			if strings.HasSuffix(mail, ".gserviceaccount.com") {
				p.Type, p.Issuer = correlate.ServiceAccount, "gcp"
			}
			return
		}
	}
	name, ok := strings.CutPrefix(a.DisplayName, a.prefix)
	if !ok || name == "" || strings.ContainsAny(name, ":/ ") || !vaultIsPersons(a.method) {
		return // subjects of workloads look like repo:org/repo:... or system:serviceaccount:...
	}
	p.Type, p.ID = correlate.Human, strings.TrimSuffix(a.prefix, "-")+":"+name
	if vaultIsMail(name) {
		p.ID = correlate.Fold(name)
	}
	if a.method == "github" || a.method == "okta" || a.method == "ldap" {
		p.Names = append(p.Names, a.method+":"+name)
	}
}

func vaultIsPersons(method string) bool {
	for _, m := range vaultPersons {
		if m == method {
			return true
		}
	}
	return false
}

func vaultIsMail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " :/\t")
}

// awsRole is a login with AWS credentials. The role session that signed it has a
// name in AWS's own log, which can be used again.
func (a *vaultLogin) awsRole(p correlate.Principal) (correlate.Principal, []correlate.Link) {
	md := a.Metadata
	p.Type, p.Issuer, p.ID = correlate.Unknown, "aws", cmp.Or(md["client_arn"], md["canonical_arn"])
	if strings.Contains(p.ID, ":role/") || strings.Contains(p.ID, ":assumed-role/") {
		p.Type = correlate.RoleType
	}
	_, resource, _ := strings.Cut(md["client_arn"], ":assumed-role/")
	_, session, _ := strings.Cut(resource, "/")
	id, _, _ := strings.Cut(md["client_user_id"], ":")
	if session == "" || !strings.HasPrefix(id, "AROA") {
		return p, nil
	}
	return p, []correlate.Link{{
		Role: correlate.Requestor, Key: correlate.Key{Kind: AWSRoleSession, Value: id + ":" + session},
		Proof: correlate.Inferred, Method: "vault.aws_role_session",
	}}
}
