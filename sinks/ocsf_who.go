package sinks

import (
	"net/netip"
	"strings"

	"whence/correlate"
)

// actor writes who acted: its executor, with the key it acted with.
func (d *ocsfWriter) actor(n string, p *correlate.Principal) {
	c := d.c
	d.open(n)
	d.user("user", p)
	if k := c.Key(); !k.IsZero() || c.Context.Session != "" {
		d.open("session")
		if c.Context.Session != "" {
			d.text("uid", c.Context.Session)
		} else {
			d.text("uid", k.Value)
		}
		d.text("credential_uid", k.Value)
		d.text("issuer", p.Issuer)
		d.end()
	}
	d.text("app_name", c.Context.App)
	if p.Issuer != "" {
		d.open("idp")
		d.text("name", p.Issuer)
		d.end()
	}
	d.end()
}

// user writes a principal.
func (d *ocsfDocument) user(n string, p *correlate.Principal) {
	d.open(n)
	switch p.Type {
	case correlate.Human:
		d.number("type_id", 1)
		d.word("type", "User")
	case correlate.ServiceAccount, correlate.Workload, correlate.Schedule:
		d.number("type_id", 4)
		d.word("type", "Service")
	case correlate.Unknown, "":
		d.number("type_id", 0)
		d.word("type", "Unknown")
	default:
		d.number("type_id", ocsfOther)
		d.text("type", string(p.Type))
	}
	d.text("uid", p.ID)
	if p.Name != "" {
		d.text("name", p.Name)
	} else {
		d.text("name", named(p))
	}
	if isEmail(p.ID) {
		d.text("email_addr", p.ID)
	}
	d.end()
}

// source writes where the event came from: an address, a host, or whatever the log has
// in its place. An API Activity must have one.
func (d *ocsfWriter) source(required bool) {
	ip := d.c.Context.IP
	if ip == "" && !required {
		return
	}
	d.open("src_endpoint")
	switch {
	case isIP(ip):
		d.text("ip", ip)
	case isHost(ip):
		d.text("hostname", ip)
	case ip != "":
		d.text("name", ip)
	default:
		d.word("name", "unknown")
	}
	d.end()
}

// clouds are those whose accounts and regions the profile is for.
var clouds = []struct{ prefix, provider string }{{"aws.", "AWS"}, {"azure.", "Azure"}, {"gcp.", "GCP"}}

func (d *ocsfWriter) inCloud() bool { return cloudOf(d.c.Source) != "" }

func cloudOf(source string) string {
	for _, c := range clouds {
		if strings.HasPrefix(source, c.prefix) {
			return c.provider
		}
	}
	return ""
}

func (d *ocsfWriter) cloud() {
	provider := cloudOf(d.c.Source)
	if provider == "" {
		return
	}
	d.open("cloud")
	d.word("provider", provider)
	if account := d.c.Context.Account; account != "" {
		d.open("account")
		d.text("uid", account)
		d.end()
	}
	d.text("region", d.c.Context.Region)
	d.end()
}

// isIP reports whether s is an address as OCSF has it.
func isIP(s string) bool {
	if len(s) < 2 || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == ':', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false // no error is made, on the heap, for what is a name
		}
	}
	if strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isHost reports whether s could be a host's name.
func isHost(s string) bool {
	if s == "" || s[0] == '.' || s[0] == '-' {
		return false
	}
	letters := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters = true
		case c >= '0' && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return letters
}

// isEmail reports whether s is an e-mail address as OCSF has it.
func isEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 {
		return false
	}
	for i := range at {
		c := s[i]
		if !alphanumeric(c) && strings.IndexByte("!#$%&'*+,-./=?^_`{|}~", c) < 0 {
			return false
		}
	}
	dot, domain := -1, s[at+1:]
	for i := range len(domain) {
		switch c := domain[i]; {
		case c == '.':
			if dot < 0 {
				dot = i
			}
		case !alphanumeric(c) && c != '-':
			return false
		}
	}
	return dot > 0 && dot < len(domain)-1
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
