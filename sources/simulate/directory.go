package simulate

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Directory is the operator's directory of the estate, as YAML in the shape of
// docs/DESIGN.md section 6.
func (e *Estate) Directory() []byte {
	c := newCast(e.cfg)
	var b bytes.Buffer
	b.WriteString("people:\n")
	for _, p := range c.people {
		manager := ""
		if p.manager != nil {
			manager = p.manager.email
		}
		entry(&b, [][2]string{{"id", p.email}, {"name", p.name}, {"type", "human"}, {"unit", p.unit}, {"manager", manager}, {"until", day(p.until)}}, p.aliases())
	}
	b.WriteString("services:\n")
	for _, s := range c.services {
		entry(&b, [][2]string{{"id", s.id}, {"name", s.name}, {"type", s.kind}, {"unit", s.unit}, {"owner", s.owner.email}}, s.aliases)
	}
	b.WriteString("schedules:\n")
	for _, s := range c.schedules {
		entry(&b, [][2]string{{"id", s.id}, {"name", s.name}, {"type", "schedule"}, {"owner", s.owner.email}},
			s.aliases())
	}
	return b.Bytes()
}

// aliases are the names that logs give the person.
func (p *person) aliases() []string {
	aliases := []string{"okta:" + p.oktaID, "github:" + p.login, "aws.identitystore:" + p.idcID}
	if p.iamUser != nil {
		aliases = append(aliases, "aws:"+p.iamUser.arn())
	}
	return aliases
}

func (s *schedule) aliases() []string {
	return []string{"github.workflow:" + s.repo.fullName() + "/" + s.path}
}

// entry writes one list element. All text is ASCII without control characters,
// for which a Go string literal is a YAML one.
func entry(b *bytes.Buffer, fields [][2]string, aliases []string) {
	lead := "  - "
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		fmt.Fprintf(b, "%s%s: %s\n", lead, f[0], strconv.Quote(f[1]))
		lead = "    "
	}
	quoted := make([]string, len(aliases))
	for i, a := range aliases {
		quoted[i] = strconv.Quote(a)
	}
	fmt.Fprintf(b, "    aliases: [%s]\n", strings.Join(quoted, ", "))
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// Scopes is the scope to configure for the sources whose lines do not say where
// they come from.
func (e *Estate) Scopes() map[string]string { return map[string]string{vaultAudit: "prod/file0"} }
