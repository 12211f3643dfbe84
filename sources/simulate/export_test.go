package simulate

import "whence/correlate"

// Entries is the directory as correlate has it, for tests that cannot read YAML.
func (e *Estate) Entries() []correlate.Entry {
	c := newCast(e.cfg)
	var out []correlate.Entry
	for _, p := range c.people {
		entry := correlate.Entry{ID: p.email, Name: p.name, Type: correlate.Human, Unit: p.unit, Until: p.until, Aliases: p.aliases()}
		if p.manager != nil {
			entry.Manager = p.manager.email
		}
		out = append(out, entry)
	}
	for _, s := range c.services {
		out = append(out, correlate.Entry{ID: s.id, Name: s.name, Type: correlate.PrincipalType(s.kind), Unit: s.unit, Owner: s.owner.email, Aliases: s.aliases})
	}
	for _, s := range c.schedules {
		out = append(out, correlate.Entry{ID: s.id, Name: s.name, Type: correlate.Schedule, Owner: s.owner.email, Aliases: s.aliases()})
	}
	return out
}
