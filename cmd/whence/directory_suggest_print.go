package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// mostAliases bounds the names that are proposed for one entry.
const mostAliases = 20

// print writes what is proposed as YAML that is a directory, and what is not certain as
// comments.
func (c *census) print(to io.Writer, from string) error {
	p := &proposal{Writer: bufio.NewWriter(to), used: map[string]bool{}, census: c}
	for _, g := range c.groups() {
		p.sort(g)
	}
	fmt.Fprintf(p, "# From %s. Check it before you use it.\n", from)
	p.people()
	p.services("services", p.accounts)
	p.services("schedules", p.schedules)
	p.comments()
	return p.Flush()
}

// A proposal is what a census comes to.
type proposal struct {
	*bufio.Writer
	census *census
	used   map[string]bool // ids that are given out

	known, nameless, accounts, schedules, more []*group
}

func (p *proposal) sort(g *group) {
	switch {
	case g.listed != nil:
		p.more = append(p.more, g)
	case g.human() && len(g.emails()) > 0:
		p.known = append(p.known, g)
	case g.human():
		p.nameless = append(p.nameless, g)
	case g.members[0].principal.Type == correlate.Schedule:
		p.schedules = append(p.schedules, g)
	default:
		p.accounts = append(p.accounts, g)
	}
}

func (p *proposal) people() {
	if len(p.known) == 0 {
		return
	}
	fmt.Fprintln(p, "people:")
	for _, g := range p.known {
		emails := g.emails()
		id := emails[0]
		for _, m := range g.members { // the one that chains ended at most
			if e := correlate.Fold(m.principal.ID); isEmail(e) {
				id = e
				break
			}
		}
		p.used[id] = true
		fmt.Fprintf(p, "  - id: %s  # %s\n", yamlText(id), g.told())
		if len(emails) > 1 {
			fmt.Fprintf(p, "    # the logs give %d addresses to one account: is it one person?\n", len(emails))
		}
		p.rest(g, id)
	}
}

func (p *proposal) services(list string, groups []*group) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(p, "%s:\n", list)
	for _, g := range groups {
		first := g.members[0].principal
		fmt.Fprintf(p, "  - id: %s  # %s\n", yamlText(p.name(&first)), g.told())
		if i := slices.IndexFunc(sections, func(s section) bool { return s.list == list }); slices.Contains(sections[i].types[1:], first.Type) {
			fmt.Fprintf(p, "    type: %s\n", first.Type)
		}
		if first.Type == correlate.Unknown {
			fmt.Fprintf(p, "    # no log says whether it is a service or a person%s\n", p.looksLike(g))
		}
		fmt.Fprintln(p, "    owner:  # who answers for it?")
		p.rest(g, "")
	}
}

// rest are the name and the aliases of an entry.
func (p *proposal) rest(g *group, id string) {
	for _, m := range g.members {
		if m.principal.Name != "" && !isEmail(m.principal.Name) {
			fmt.Fprintf(p, "    name: %s\n", yamlText(m.principal.Name))
			break
		}
	}
	// A name with a * would be a pattern, and whoever is named so chose it.
	names := slices.DeleteFunc(slices.Clone(g.names), func(n string) bool { return n == id || strings.Contains(n, "*") })
	if len(names) == 0 {
		return
	}
	fmt.Fprintln(p, "    aliases:")
	for _, n := range names[:min(len(names), mostAliases)] {
		fmt.Fprintf(p, "      - %s\n", yamlText(n))
	}
	if more := len(names) - mostAliases; more > 0 {
		fmt.Fprintf(p, "      # and %d more: is there a pattern, with a *?\n", more)
	}
	for _, n := range g.shared[:min(len(g.shared), mostAliases)] {
		fmt.Fprintf(p, "      # not %s, which others have too\n", yamlText(n))
	}
}

// comments tell what is not certain.
func (p *proposal) comments() {
	for _, g := range p.more {
		fmt.Fprintf(p, "# %s (%s) has more names, by what one log line gives together (%s):\n", g.listed.ID, g.listed.Line, g.told())
		for _, n := range g.names[:min(len(g.names), mostAliases)] {
			fmt.Fprintf(p, "#     - %s\n", yamlText(n))
		}
	}
	if len(p.nameless) > 0 {
		fmt.Fprintln(p, "# People of whom no log gives an e-mail address: add the names to whose they are.")
	}
	for _, g := range p.nameless {
		fmt.Fprintf(p, "#     - %s  # %s%s\n", yamlText(strings.Join(g.names[:min(len(g.names), mostAliases)], " ")), g.told(), p.looksLike(g))
	}
	var claimed []string
	for key, s := range p.census.seen {
		if s.claimed > 0 && s.claimed == s.chains {
			claimed = append(claimed, fmt.Sprintf("#     - %s  # %s", yamlText(key.issuer+":"+key.id), count(s.chains, "chain")))
		}
	}
	if slices.Sort(claimed); len(claimed) > 0 {
		fmt.Fprintln(p, "# Only callers, or an inference, lead to these, so they are not proposed:")
		for _, line := range claimed {
			fmt.Fprintln(p, line)
		}
	}
}

// looksLike names a person whose address is spelled like a login: a hint, never more.
func (p *proposal) looksLike(g *group) string {
	for _, other := range p.known {
		for _, e := range other.emails() {
			local, _, _ := strings.Cut(e, "@")
			for _, m := range g.members {
				if a, b := letters(m.principal.ID), letters(local); a != "" && (a == b || m.principal.Name != "" && letters(m.principal.Name) == b) {
					return "; spelled like " + e
				}
			}
		}
	}
	return ""
}

var notLetters = regexp.MustCompile(`[^a-z0-9]+`)

func letters(s string) string { return notLetters.ReplaceAllString(strings.ToLower(s), "") }

// name makes an id for a service: with its issuer, as an id is a name too, which a
// login elsewhere could be spelled like.
func (p *proposal) name(of *correlate.Principal) string {
	text := cmp.Or(of.Name, of.ID[strings.LastIndexAny(of.ID, "/:")+1:], of.ID)
	base := strings.Trim(unfit.ReplaceAllString(strings.ToLower(of.Issuer+"-"+text), "-"), "-")
	id := base
	for n := 2; p.taken(id); n++ {
		id = fmt.Sprintf("%s-%d", base, n)
	}
	p.used[id] = true
	return id
}

var unfit = regexp.MustCompile(`[^a-z0-9._]+`)

func (p *proposal) taken(id string) bool {
	_, listed := p.census.directory.Find(correlate.Principal{ID: id})
	return listed || p.used[id]
}

// told says how much was seen of a group, and where.
func (g *group) told() string {
	s := count(g.chains, "chain")
	if !g.last.IsZero() {
		s += ", the last on " + g.last.UTC().Format(time.DateOnly)
	}
	if len(g.sources) > 0 {
		s += ": " + strings.Join(g.sources, " ")
	}
	return s
}

// bare is text that YAML takes as it stands, wherever a value may be.
var bare = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9@._/+=:-]*[A-Za-z0-9@._/+=-])?$`)

// yamlText writes text as a value of YAML. Logs are not ours: what they hold is quoted.
func yamlText(text string) string {
	switch strings.ToLower(text) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
	default:
		if bare.MatchString(text) {
			return text
		}
	}
	return fmt.Sprintf("%+q", text)
}
