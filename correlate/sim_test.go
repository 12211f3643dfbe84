package correlate

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The simulation runs the real resolver, window and marks in worlds of maps in
// place of Kafka and ClickHouse: several instances, lanes that move, crashes
// that lose memory at every point, processes that are paused and wake up, topic
// compaction, disks that vanish, sessions that expire, windows that are full.
// Whatever happens, the final chains must equal those of one calm instance, and
// within the allowed lateness a settled chain must never have been wrong.
//
// guards are what keeps it so. TestSimulationCanFail takes each away in turn and
// expects the simulation to notice.
type guards struct {
	bookmarks   bool // commit the offsets of parked chains beside the head
	store       bool // keep every fact, as a cache would not
	originInKey bool // key facts in the topic by origin, so compaction erases none
	waits       bool // wait for a stronger proof and for a second candidate
	rank        bool // order versions by what is known, not by how good it looks
	generations bool // ignore marks of an older generation
	catchUp     bool // read the sessions topic to its end before a lane starts
	repair      bool // walk settled chains again when a late fact arrives
	ends        bool // count what was told of ends
	weight      bool // let what was told of ends weigh more than facts
}

var allGuards = guards{true, true, true, true, true, true, true, true, true, true}

var worlds = flag.Uint64("worlds", 120, "how many random worlds TestSimulation makes")

func TestSimulation(t *testing.T) {
	reused := 0
	for seed := range *worlds {
		w := newWorld(seed)
		calm := newRun(w, allGuards, rand.New(rand.NewPCG(seed, 0)), calmly)
		calm.finish()
		if d := diff(w.oracle(), calm.sink.contents()); d != "" {
			t.Fatalf("world %d: a calm run differs from the oracle (-oracle +calm):\n%s", seed, d)
		}
		for faults := range uint64(5) {
			r := newRun(w, allGuards, rand.New(rand.NewPCG(seed, 1+faults)), wildly)
			r.finish()
			if d := diff(calm.sink.contents(), r.sink.contents()); d != "" {
				t.Fatalf("world %d, run %d differs from the calm run (-calm +wild):\n%s", seed, faults, d)
			}
			if wrong := r.settledWrong(); wrong != "" {
				t.Fatalf("world %d, run %d: %s", seed, faults, wrong)
			}
		}
		reused += w.reused
	}
	if reused < int(*worlds) {
		t.Errorf("only %d finished walks were used again", reused)
	}
}

func TestSimulationCanFail(t *testing.T) {
	for name, off := range map[string]func(*guards){
		"bookmarks":              func(g *guards) { g.bookmarks = false },
		"store":                  func(g *guards) { g.store = false },
		"origin in topic key":    func(g *guards) { g.originInKey = false },
		"waits":                  func(g *guards) { g.waits = false },
		"rank by knowledge":      func(g *guards) { g.rank = false },
		"generations":            func(g *guards) { g.generations = false },
		"catch up on assignment": func(g *guards) { g.catchUp = false },
		"repair of late facts":   func(g *guards) { g.repair = false },
		"rank by ends":           func(g *guards) { g.ends = false },
		"weight of ends":         func(g *guards) { g.weight = false },
	} {
		t.Run(name, func(t *testing.T) {
			g := allGuards
			off(&g)
			for seed := range uint64(400) {
				w := newWorld(seed)
				want := w.oracle()
				for faults := range uint64(3) {
					r := newRun(w, g, rand.New(rand.NewPCG(seed, 1+faults)), wildly)
					r.finish()
					if diff(want, r.sink.contents()) != "" || r.settledWrong() != "" {
						t.Logf("noticed in world %d", seed)
						return
					}
				}
			}
			t.Error("nothing went wrong without it: the simulation does not test this guard")
		})
	}
}

func diff(want, got map[string]string) string { return cmp.Diff(want, got) }

// --- the world: log lines, spread over raw partitions ---

const (
	lateness  = 2 * time.Minute
	keyLife   = 25 * time.Minute
	rawTopics = 2
	perTopic  = 2
	sessParts = 2
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type world struct {
	endings   bool
	naming    bool      // the index leaves out what is over of names
	lines     [][]Event // by raw partition
	kinds     Kinds
	directory *Directory
	witnesses map[Kind][]Witness
	reused    int // finished walks that were used again, in all runs
}

func topicOf(p int) string { return fmt.Sprintf("raw%d", p/perTopic) }

// newWorld makes random ancestry: logins of people, sessions asked for by other
// sessions, runs under reusable names, standing keys, weaker accounts of the
// same sessions, ends, approvals, and uses of all of these.
func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 99))
	w := &world{endings: rng.IntN(2) == 0, naming: seed%2 == 0}
	w.kinds = NewKinds(
		KindInfo{Kind: "login", Life: keyLife, Best: Issued},
		KindInfo{Kind: "role", Life: keyLife, Best: Issued},
		KindInfo{Kind: "run", Life: keyLife, Best: Issued},
		KindInfo{Kind: "sub", Alias: true, Life: keyLife, Best: Attested},
		KindInfo{Kind: "api", Best: Issued})
	w.witnesses = map[Kind][]Witness{}
	for k := range w.kinds {
		for i := range rawTopics {
			w.witnesses[k] = append(w.witnesses[k], Witness{fmt.Sprintf("raw%d", i), lateness})
		}
	}
	var err error
	w.directory, err = NewDirectory(1, []Entry{
		{ID: "p0@example.com", Type: Human, Aliases: []string{"idp:u0"}, Line: "1"},
		{ID: "p1@example.com", Type: Human, Aliases: []string{"idp:u1"}, Line: "2"},
		{ID: "robot", Type: ServiceAccount, Owner: "p0@example.com", Aliases: []string{"idp:svc0"}, Line: "3"},
	})
	if err != nil {
		panic(err)
	}
	var all []Event
	n := 0
	add := func(at time.Time, uses []Link, mints ...Fact) {
		n++
		e := Event{ID: NewID("sim", fmt.Sprint(seed), fmt.Sprint(n)), Source: "sim", EventID: fmt.Sprint(n), Time: at, Primary: true,
			Action: "act", Class: Write, Outcome: Success, Uses: uses, Actor: Principal{Type: RoleType, ID: "x", Issuer: "sim"}}
		e.ActionID = e.ID
		for _, f := range mints {
			f.Origin, f.Source, f.EventID, f.Time = e.ID, e.Source, e.EventID, at
			if f.Start.IsZero() {
				f.Start = at
			}
			e.Mints = append(e.Mints, f)
		}
		if rng.IntN(12) == 0 && len(mints) > 0 {
			return // this line was lost
		}
		all = append(all, e)
	}
	var keys []Key
	at := epoch
	pick := func() Key { return keys[max(0, len(keys)-1-rng.IntN(8))] }
	for i := range 30 + rng.IntN(60) {
		at = at.Add(time.Duration(5+rng.IntN(300)) * time.Second)
		switch c := rng.IntN(10); {
		case len(keys) < 2 || c == 0:
			k := Key{"login", fmt.Sprint(i)}
			p := Principal{Type: Human, ID: fmt.Sprintf("u%d", rng.IntN(3)), Issuer: "idp"}
			if rng.IntN(5) == 0 {
				p = Principal{Type: ServiceAccount, ID: fmt.Sprintf("svc%d", rng.IntN(2)), Issuer: "idp"}
			}
			add(at, nil, Fact{Kind: Account, Key: k, Principal: p, Proof: Issued, Method: "login"})
			keys = append(keys, k)
		case c <= 2:
			k := Key{"role", fmt.Sprint(i)}
			parent := pick()
			role := Principal{Type: RoleType, ID: fmt.Sprintf("r%d", rng.IntN(3)), Issuer: "sim"}
			f := Fact{Kind: Account, Key: k, Principal: role, Proof: Issued, Method: "assume",
				Parents: []Link{{Role: Requestor, Key: parent, Proof: Issued, Method: "assume"}}}
			if rng.IntN(4) == 0 {
				f.Parents[0] = Link{Role: Requestor, Key: Key{"sub", fmt.Sprint(rng.IntN(2))}, Proof: Inferred, Method: "sub"}
			}
			if rng.IntN(3) == 0 {
				f.Parents = append(f.Parents, Link{Role: Requestor, Principal: Principal{Type: Human, ID: "u0", Issuer: "idp"}, Proof: Claimed, Method: "name"})
			}
			if rng.IntN(4) == 0 {
				f.End = at.Add(time.Duration(10+rng.IntN(30)) * time.Minute)
			}
			add(at, []Link{{Role: Acting, Key: parent, Proof: Attested, Method: "key"}}, f)
			if rng.IntN(3) == 0 { // a weaker account of the same session, by another line
				add(at.Add(time.Second), nil, Fact{Kind: Account, Key: k, Principal: role, Proof: Claimed, Method: "weak",
					Parents: []Link{{Role: Requestor, Key: pick(), Proof: Claimed, Method: "weak"}}})
			}
			keys = append(keys, k)
		case c == 3:
			k, sub := Key{"run", fmt.Sprint(i)}, Key{"sub", fmt.Sprint(rng.IntN(2))}
			who := Link{Role: Requestor, Principal: Principal{Type: Human, ID: fmt.Sprintf("u%d", rng.IntN(3)), Issuer: "idp"}, Proof: Attested, Method: "actor"}
			end := at.Add(time.Duration(1+rng.IntN(20)) * time.Minute)
			run := Principal{Type: CIRun, ID: k.Value, Issuer: "ci"}
			if rng.IntN(4) == 0 { // another run asked for it, under a name
				who = Link{Role: Requestor, Key: Key{"sub", fmt.Sprint(rng.IntN(2))}, Proof: Inferred, Method: "sub"}
			}
			binding := Fact{Kind: Binding, Key: sub, Target: k, Proof: Attested, Method: "run"}
			if rng.IntN(4) == 0 {
				binding.Principal.ID = "job" // one of several
			}
			over := binding
			over.Start, over.End, over.Reason = at, end, "completed"
			add(at, nil,
				Fact{Kind: Account, Key: k, Principal: run, Proof: Issued, Method: "run", Parents: []Link{who}},
				binding)
			if rng.IntN(3) == 0 {
				add(at.Add(time.Duration(rng.IntN(60))*time.Second), nil, binding)
			}
			add(end, nil,
				Fact{Kind: Account, Key: k, Principal: run, Proof: Issued, Method: "run", Parents: []Link{who}, Start: at, End: end},
				over)
			keys = append(keys, k)
		case c == 4:
			k := Key{"api", fmt.Sprint(i)}
			add(at, nil, Fact{Kind: Account, Key: k, Standing: true, Principal: Principal{Type: ServiceAccount, ID: "svc0", Issuer: "idp"},
				Proof: Issued, Method: "create", Parents: []Link{{Role: Creator, Key: pick(), Proof: Issued, Method: "create"}}})
			keys = append(keys, k)
		case c == 5 && w.endings:
			add(at, nil, Fact{Kind: Ending, Key: pick(), Proof: Issued, Method: "revoke", Reason: "revoked"})
		case c == 6 && w.endings:
			add(at, nil, Fact{Kind: Approval, Key: pick(), Principal: Principal{Type: Human, ID: fmt.Sprintf("u%d", rng.IntN(3)), Issuer: "idp"},
				Proof: Attested, Method: "review"})
		default:
			uses := []Link{{Role: Acting, Key: pick(), Proof: Attested, Method: "key"}}
			switch rng.IntN(6) {
			case 0:
				uses = append(uses, Link{Role: Requestor, Principal: Principal{Type: Human, ID: "u1", Issuer: "idp"}, Proof: Claimed, Method: "claim"})
			case 1:
				uses = append(uses, Link{Role: Requestor, Key: Key{"sub", fmt.Sprint(rng.IntN(2))}, Proof: Inferred, Method: "sub"})
			}
			add(at, uses)
		}
	}
	w.spread(rng, all)
	return w
}

// spread delivers each line to a partition, late by less than the lateness, some
// of them twice.
func (w *world) spread(rng *rand.Rand, all []Event) {
	type arrival struct {
		e  Event
		at time.Time
	}
	parts := make([][]arrival, rawTopics*perTopic)
	for _, e := range all {
		for range 1 + rng.IntN(8)/7 {
			p := rng.IntN(len(parts))
			parts[p] = append(parts[p], arrival{e, e.Time.Add(time.Duration(rng.Int64N(int64(lateness))))})
		}
	}
	for p := range parts {
		slices.SortStableFunc(parts[p], func(a, b arrival) int { return a.at.Compare(b.at) })
		var es []Event
		for off, a := range parts[p] {
			a.e.Evidence = Evidence{Topic: topicOf(p), Partition: int32(p % perTopic), Offset: int64(off), SHA256: "x"}
			es = append(es, a.e)
		}
		w.lines = append(w.lines, es)
	}
}

// oracle resolves every line over every fact at once.
func (w *world) oracle() map[string]string {
	s := &simStore{facts: map[Key]Session{}}
	for _, p := range w.lines {
		for _, e := range p {
			s.put(e.Mints)
		}
	}
	out := map[string]string{}
	r := &Resolver{Index: s, Kinds: w.kinds, Directory: w.directory, Epoch: 1}
	for _, p := range w.lines {
		for _, e := range p {
			c := must(r.Resolve(context.Background(), e))
			r.Settle(&c, FileClock{})
			out[c.ID.String()] = content(c)
		}
	}
	return out
}

func (w *world) resolver(s *simStore) *Resolver {
	var ix Index = s
	if w.naming {
		ix = naming{s, &w.kinds}
	}
	return &Resolver{Index: ix, Kinds: w.kinds, Directory: w.directory, Epoch: 1}
}

func content(c Chain) string {
	c.Version = 0
	c.Evidence = Evidence{}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
