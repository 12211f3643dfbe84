//go:build unix

package sinks_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sinks"
)

// What a lane's sink does to the rows of its steps. Rows, hops and keys have just
// been made, in memory that is used again; their text lies where it was found: that
// of a line in its record, that of a session in one of many places, in no order, and
// names that many sessions share in one.
func BenchmarkEncodeCold(b *testing.B) {
	const (
		step     = 512 // as a lane writes
		sessions = 40_000
		lines    = 10_240
	)
	t := newTown(sessions)
	var made []correlate.Chain
	for i := range lines {
		made = append(made, t.line(i))
	}
	encode := sinks.NewEncoder()
	var out sinks.Output
	var room lent
	var took []time.Duration
	next := 0
	b.ReportAllocs()
	for b.Loop() {
		out.Chains, room = out.Chains[:0], lent{room.hops[:0], room.keys[:0], room.links[:0], room.read}
		for range step {
			out.Chains = append(out.Chains, room.lend(made[next%lines]))
			next++
		}
		before := processorTime(b)
		if _, err := encode(&out); err != nil {
			b.Fatal(err)
		}
		took = append(took, processorTime(b)-before)
	}
	// The median of the steps: what else runs on the machine takes the caches of some.
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/step, "encode-ns/row")
	b.ReportMetric(0, "ns/op") // much of it is spent on making the rows
}

// lent is the memory of the rows of a step.
type lent struct {
	hops  []correlate.Hop
	keys  []correlate.Key
	links []correlate.Link
	read  int
}

// lend returns c with its lists in l, after a look at the text, as whoever made it
// has had.
func (l *lent) lend(c correlate.Chain) correlate.Chain {
	n := len(l.hops)
	l.hops = append(l.hops, c.Hops...)
	c.Hops = l.hops[n:len(l.hops):len(l.hops)]
	n = len(l.keys)
	l.keys = append(l.keys, c.Walked...)
	c.Walked = l.keys[n:len(l.keys):len(l.keys)]
	n = len(l.links)
	l.links = append(l.links, c.Uses...)
	c.Uses = l.links[n:len(l.links):len(l.links)]
	for i := range c.Hops {
		h := &c.Hops[i]
		l.look(h.Key.Value, h.Principal.ID, h.EventID)
	}
	for i := range c.Walked {
		l.look(c.Walked[i].Value)
	}
	for i := range c.Uses {
		l.look(c.Uses[i].Key.Value)
	}
	for i := range c.Resources {
		l.look(c.Resources[i].ID)
	}
	l.look(c.EventID, c.Actor.ID, c.Actor.Names[0], c.Context.IP, c.Context.Agent, c.Context.Account, c.Context.Session, c.Evidence.SHA256)
	return c
}

func (l *lent) look(texts ...string) {
	for _, s := range texts {
		for i := 0; i < len(s); i += 32 {
			l.read += int(s[i])
		}
	}
}

// town is sessions, and the names they share.
type town struct {
	sessions []correlate.Chain
	names    map[string]string
	room     []byte
	r        *rand.Rand
}

func newTown(sessions int) *town {
	t := &town{names: map[string]string{}, r: rand.New(rand.NewPCG(3, 4))}
	for i := range sessions {
		c := usualChain(i)
		t.share(&c.Requestor)
		for j := range c.Hops {
			h := &c.Hops[j]
			t.share(&h.Principal)
			h.EventID, h.Source, h.Method = t.apart(h.EventID), t.name(h.Source), t.name(h.Method)
			h.Time = h.Time.Truncate(time.Second)
			t.key(&h.Key)
		}
		for j := range c.Walked {
			t.key(&c.Walked[j])
		}
		t.sessions = append(t.sessions, c)
	}
	return t
}

// line is a line of some session.
func (t *town) line(n int) correlate.Chain {
	c := usualChain(n)
	s := &t.sessions[t.r.IntN(len(t.sessions))]
	c.Requestor, c.Hops, c.Walked = s.Requestor, s.Hops, s.Walked
	// The line has its own copy of what it says of its session.
	c.Time = c.Time.Truncate(time.Second)
	c.Uses = append([]correlate.Link(nil), s.Uses...)
	for i := range c.Uses {
		u := &c.Uses[i]
		u.Key.Value, u.Principal.ID = t.apart(u.Key.Value), t.apart(u.Principal.ID)
		u.At = u.At.Truncate(time.Second)
	}
	c.Actor = s.Actor
	c.Actor.ID, c.Actor.Name = t.apart(c.Actor.ID), t.apart(c.Actor.Name)
	c.Actor.Names = []string{t.apart(c.Actor.Names[0])}
	c.Action = t.name(c.Action)
	c.EventID, c.Evidence.SHA256 = t.apart(c.EventID), t.apart(c.Evidence.SHA256)
	x := &c.Context
	x.IP, x.Agent, x.Account, x.Region, x.Session = t.apart(x.IP), t.apart(x.Agent), t.apart(x.Account), t.apart(x.Region), t.apart(x.Session)
	for i := range c.Resources {
		c.Resources[i].ID = t.apart(c.Resources[i].ID)
	}
	t.apart(string(make([]byte, 600))) // the rest of the line
	if n%20 == 0 {                     // what is not resolved yet
		c.Requestor, c.Status, c.Reason = correlate.Principal{}, correlate.Partial, "no log of it being issued"
		c.Hops, c.Missing, c.Waits = c.Hops[:1], c.Hops[0].Key, c.Walked[:1]
	}
	return c
}

func (t *town) share(p *correlate.Principal) {
	p.Name, p.Issuer = t.name(p.Name), t.name(p.Issuer)
	if p.Type == correlate.Human {
		p.ID = t.name(p.ID)
	} else {
		p.ID = t.apart(p.ID)
	}
}

func (t *town) key(k *correlate.Key) {
	k.Kind, k.Value = correlate.Kind(t.name(string(k.Kind))), t.apart(k.Value)
}

func (t *town) name(s string) string {
	if _, ok := t.names[s]; !ok {
		t.names[s] = s
	}
	return t.names[s]
}

// apart is s in memory next to what was put there before.
func (t *town) apart(s string) string {
	if cap(t.room)-len(t.room) < len(s) {
		t.room = make([]byte, 0, 64<<10)
	}
	from := len(t.room)
	t.room = append(t.room, s...)
	return arena.View(t.room[from:])
}
