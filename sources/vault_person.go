package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// person names p as a human if people log in this way, else leaves it unknown.
func (a *vaultLogin) person(p *correlate.Principal) {
	p.Type, p.ID = correlate.Unknown, cmp.Or(a.DisplayName, a.EntityID, "unknown")
	md := &a.Metadata
	for _, claim := range [...]string{md.Email, md.Mail, md.PreferredUsername, md.UPN, md.Username} {
		if mail := a.out.fold(claim); vaultIsMail(mail) {
			p.Type, p.ID = correlate.Human, mail
			if strings.HasSuffix(mail, ".gserviceaccount.com") {
				p.Type, p.Issuer = correlate.ServiceAccount, "gcp"
			}
			return
		}
	}
	if !a.named || a.name == "" || strings.ContainsAny(a.name, ":/ ") || !vaultIsPersons(a.method) {
		return // subjects of workloads look like repo:org/repo:... or system:serviceaccount:...
	}
	p.Type, p.ID = correlate.Human, ""
	if vaultIsMail(a.name) {
		p.ID = a.out.fold(a.name)
	} else {
		p.ID = a.out.text.Join(a.mount, ":", a.name)
	}
	if a.method == "github" || a.method == "okta" || a.method == "ldap" {
		p.Names = a.out.names.Append(p.Names, a.out.text.Join(a.method, ":", a.name))
	}
}

// vaultIsPersons reports whether people log in with an auth method.
func vaultIsPersons(method string) bool {
	switch method {
	case "oidc", "ldap", "userpass", "okta", "saml", "github", "radius", "kerberos":
		return true
	}
	return false
}

func vaultIsMail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " :/\t")
}
