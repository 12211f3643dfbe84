package correlate

import (
	stdcmp "cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
)

// --- Kafka and ClickHouse, as maps ---

// simStore is the local copy of the sessions topic.
type simStore struct {
	facts  map[Key]Session
	drop   func() bool    // a store that forgets, when the guard is off
	places map[Key]uint32 // in stamps, whose values count changes
	stamps []uint32
	silent bool // it does not tell that facts came, to see that it is noticed
}

// Stamp implements Stamper.
func (s *simStore) Stamp(k Key) Stamp {
	i, ok := s.places[k]
	if !ok {
		if s.places == nil {
			s.places = map[Key]uint32{}
		}
		i = uint32(len(s.stamps))
		s.places[k], s.stamps = i, append(s.stamps, 0)
	}
	return Stamp{i, s.stamps[i]}
}

// Holds implements Stamper.
func (s *simStore) Holds(stamps []Stamp) bool {
	return s.silent || !slices.ContainsFunc(stamps, func(st Stamp) bool { return s.stamps[st.Place] != st.Value })
}

func (s *simStore) Lookup(_ context.Context, k Key, _ time.Time) (Session, error) {
	return s.facts[k], nil
}

// put merges facts and returns the keys whose session changed.
func (s *simStore) put(fs []Fact) (changed []Key) {
	for _, f := range fs {
		if s.drop != nil && s.drop() {
			continue
		}
		before := s.facts[f.Key]
		after := before.Merge(NewSession(f.Key, f))
		if len(after.Facts) != len(before.Facts) {
			s.facts[f.Key] = after
			s.stamps[s.Stamp(f.Key).Place]++
			changed = append(changed, f.Key)
		}
	}
	return changed
}

// sweep forgets what expired before t; standing keys never do.
func (s *simStore) sweep(t time.Time) {
	for k, ss := range s.facts {
		s.facts[k] = Session{Key: k, Facts: slices.DeleteFunc(slices.Clone(ss.Facts), func(f Fact) bool { return k.Kind != "api" && f.Time.Before(t) })}
	}
}

type topicRecord struct {
	key  string
	fact *Fact
	mark *Mark
}

type commit struct {
	head      int64
	bookmarks []int64
}

// simSink keeps, per chain, the row of the highest version, and all facts.
type simSink struct {
	rows   map[ID]Chain
	better func(a, b *Chain) bool
	facts  simStore
	letGo  map[ID]bool
	// settled is what lanes first called settled.
	settled map[ID]Chain
}

func (s *simSink) write(c Chain, byRepair bool) {
	if old, ok := s.rows[c.ID]; !ok || s.better(&c, &old) {
		s.rows[c.ID] = c
	}
	if _, ok := s.settled[c.ID]; c.Settled && !ok && !byRepair {
		s.settled[c.ID] = c
	}
}

func (s *simSink) contents() map[string]string {
	out := map[string]string{}
	for id, c := range s.rows {
		out[id.String()] = content(c)
	}
	return out
}

// --- the system ---

type run struct {
	w         *world
	g         guards
	rng       *rand.Rand
	wild      bool
	sessions  [][]topicRecord // by partition
	commits   []commit        // by raw partition
	owner     []int           // instance, by raw partition
	gen       []int32
	instances []*instance
	sink      simSink
	zombies   bool   // a process worked on after its partitions were given away
	stranded  string // a chain that no window held any more and no lane finished
}

type instance struct {
	id     int
	store  *simStore
	read   []int // position, by sessions partition
	marks  *Marks
	lanes  map[int]*simLane
	paused bool
}

type simLane struct {
	raw    int
	gen    int32
	next   int64
	head   int64 // below it, only bookmarked records are processed
	marked map[int64]bool
	window *Window
	inbox  []Key
	walker *Walker
	seen   time.Time
}

const (
	calmly = false
	wildly = true
)

func newRun(w *world, g guards, rng *rand.Rand, wild bool) *run {
	n := len(w.lines)
	r := &run{w: w, g: g, rng: rng, wild: wild, sessions: make([][]topicRecord, sessParts),
		commits: make([]commit, n), owner: make([]int, n), gen: make([]int32, n)}
	r.sink = simSink{rows: map[ID]Chain{}, facts: simStore{facts: map[Key]Session{}}, letGo: map[ID]bool{}, settled: map[ID]Chain{}}
	r.sink.better = func(a, b *Chain) bool { return a.Version > b.Version }
	if !g.rank {
		// The version that looks best: better status, then proof, then more hops.
		looks := func(c *Chain) int {
			o := map[Status]int{Attributed: 4, Automated: 3, Ambiguous: 2, Partial: 1}[c.Status]
			return o<<16 | int(c.Proof)<<8 | len(c.Hops)
		}
		r.sink.better = func(a, b *Chain) bool {
			return stdcmp.Or(stdcmp.Compare(looks(a), looks(b)), stdcmp.Compare(a.Version, b.Version)) > 0
		}
	}
	r.orderEnds()
	instances := 1
	if wild {
		instances = 1 + rng.IntN(3)
	}
	for i := range instances {
		r.instances = append(r.instances, &instance{id: i})
		r.boot(r.instances[i], true)
	}
	for p := range n {
		r.assign(p, rng.IntN(instances))
	}
	return r
}

// boot gives an instance empty memory, and an empty disk if wiped.
func (r *run) boot(in *instance, wiped bool) {
	in.lanes = map[int]*simLane{}
	in.marks = NewMarks("g", sessParts, r.w.witnesses, func() time.Time { return epoch })
	for i := range rawTopics {
		in.marks.Expect(fmt.Sprintf("raw%d", i), perTopic)
	}
	if wiped || in.store == nil {
		in.store = &simStore{facts: map[Key]Session{}}
		if !r.g.store {
			in.store.drop = func() bool { return r.rng.IntN(20) == 0 }
		}
	}
	// A store that survived is read again from the start: marks live in memory.
	in.read = make([]int, sessParts)
	in.paused = false
	for p := range sessParts {
		r.follow(in, p, len(r.sessions[p])) // catch up before joining
	}
}

// assign moves a raw partition to an instance, under a new generation.
func (r *run) assign(p, to int) {
	r.owner[p] = to
	r.gen[p]++
	c := r.commits[p]
	size := 1 << 30
	if r.wild && r.rng.IntN(4) == 0 {
		size = 6000 // room for a few chains only
	}
	l := &simLane{raw: p, gen: r.gen[p], next: c.head, head: c.head, marked: map[int64]bool{}, window: NewWindow(size)}
	for _, b := range c.bookmarks {
		l.marked[b] = true
		l.next = min(l.next, b)
	}
	in := r.instances[to]
	if r.g.catchUp {
		// The former owner may have written chains from facts that this instance
		// has not read yet: less knowledge would settle them and lose to the row
		// that is there.
		for p := range sessParts {
			r.follow(in, p, len(r.sessions[p]))
		}
	}
	in.lanes[p] = l
	// The first mark of a generation says that nothing has been read under it.
	// Without it a former owner that wakes up late would still speak for the
	// partition until the new one has something to say.
	r.announce(l, time.Time{})
}

// follow reads n records of one sessions partition.
func (r *run) follow(in *instance, p, n int) {
	for ; n > 0 && in.read[p] < len(r.sessions[p]); n-- {
		rec := r.sessions[p][in.read[p]]
		in.read[p]++
		switch {
		case rec.fact != nil:
			in.notify(in.store.put([]Fact{*rec.fact}))
		case rec.mark != nil:
			m := *rec.mark
			if !r.g.generations {
				m.Generation = 1
			}
			in.marks.Observe(int32(p), m)
		}
	}
}

func (in *instance) notify(keys []Key) {
	for _, l := range in.lanes {
		l.inbox = append(l.inbox, keys...)
	}
}

func sessionsPartition(k Key) int {
	h := fnv.New32a()
	h.Write([]byte(k.String()))
	return int(h.Sum32() % sessParts)
}

// step is the path of a batch: bind, resolve, write, commit, with a crash
// possible after each. It reports false if the process died.
func (r *run) step(in *instance, l *simLane, n int) bool {
	var batch []Event
	for ; n > 0 && l.next < int64(len(r.w.lines[l.raw])); n-- {
		off := l.next
		l.next++
		if off < l.head && !l.marked[off] {
			continue // between bookmarks: already done
		}
		batch = append(batch, r.w.lines[l.raw][off])
	}
	l.head = max(l.head, l.next)
	var facts []Fact
	for _, e := range batch {
		facts = append(facts, e.Mints...)
	}
	for i := range facts { // bind: publish, then make visible
		key := fmt.Sprintf("%d/%s", facts[i].Kind, facts[i].Key)
		if r.g.originInKey {
			key += "/" + facts[i].Target.String() + "/" + facts[i].Origin.String()
		}
		p := sessionsPartition(facts[i].Key)
		r.sessions[p] = append(r.sessions[p], topicRecord{key: key, fact: &facts[i]})
	}
	if r.crash(in) {
		return false
	}
	in.notify(in.store.put(facts))
	for _, e := range batch {
		if e.Time.After(l.seen) {
			l.seen = e.Time
		}
	}

	out := r.resolve(in, l, batch)
	if r.crash(in) {
		return false
	}
	r.sink.facts.put(facts)
	for i, c := range out {
		if r.wild && i == len(out)/2 && r.crash(in) {
			return false // half of the batch is written
		}
		r.sink.write(c, false)
	}
	if r.crash(in) {
		return false
	}
	r.commit(l)
	return true
}

// resolve walks new and woken chains, parks what may still improve, and returns
// what is to be written.
func (r *run) resolve(in *instance, l *simLane, batch []Event) []Chain {
	res := r.w.resolver(in.store)
	if l.walker == nil || l.walker.Index != res.Index {
		res.Finished = NewFinished(1 << 20)
		res.Finished.eager = true
		l.walker = res.NewWalker()
		l.walker.Poison()
	}
	var out []Chain
	one := func(e *Event, offset int64) {
		var c Chain
		if err := l.walker.Walk(context.Background(), e, &c); err != nil {
			panic(err)
		}
		if !r.g.waits {
			c.Waits = slices.DeleteFunc(slices.Clone(c.Waits), func(k Key) bool { return k != c.Missing })
		}
		l.walker.Settle(&c, in.marks)
		if c.Settled {
			l.window.Release(c.ID)
		} else {
			for _, id := range l.window.Park(offset, &c, epoch) {
				r.sink.letGo[id] = true
			}
		}
		out = append(out, c.Clone())
	}
	l.walker.Ahead(batch)
	for i := range batch {
		one(&batch[i], batch[i].Evidence.Offset)
	}
	keys := l.inbox
	l.inbox = nil
	again := func(refs []Ref) {
		for _, ref := range refs {
			if p, ok := l.window.Read(ref); ok {
				one(&p.Chain.Event, p.Offset)
			}
		}
	}
	again(l.window.Wake(keys))
	again(l.window.Settled(in.marks, 0, math.MaxInt))
	r.w.reused += l.walker.Reused()
	l.walker.Reset()
	l.window.Reset()
	return out
}

func (r *run) commit(l *simLane) {
	if l.gen != r.gen[l.raw] {
		return // fenced: another instance owns it
	}
	c := commit{head: l.head}
	for o := range l.marked {
		if o >= l.next {
			c.bookmarks = append(c.bookmarks, o) // not yet fetched again
		}
	}
	if r.g.bookmarks {
		c.bookmarks = append(c.bookmarks, l.window.Offsets()...)
	}
	r.commits[l.raw] = c
}

func (r *run) announce(l *simLane, t time.Time) {
	m := Mark{Group: "g", Topic: topicOf(l.raw), Partition: int32(l.raw % perTopic), Generation: l.gen, Time: t}
	for p := range r.sessions {
		r.sessions[p] = append(r.sessions[p], topicRecord{key: fmt.Sprintf("mark/%s/%d/%d", m.Topic, m.Partition, m.Generation), mark: &m})
	}
}

// crash kills the instance once in a while: its memory is gone, sometimes its
// disk too, and its partitions go to the others until it is back.
func (r *run) crash(in *instance) bool {
	if !r.wild || r.rng.IntN(60) != 0 {
		return false
	}
	var lost []int
	for p, o := range r.owner {
		if o == in.id {
			lost = append(lost, p)
		}
	}
	r.boot(in, r.rng.IntN(2) == 0)
	for _, p := range lost {
		r.assign(p, r.rng.IntN(len(r.instances)))
	}
	return true
}

// pause stops a process long enough for its partitions to be given away.
func (r *run) pause(in *instance) {
	in.paused = true
	for p, o := range r.owner {
		if o == in.id {
			r.assign(p, (in.id+1)%len(r.instances))
		}
	}
}

// wake lets a paused process go on until it notices: it finishes a batch, and
// takes the time it slept for time that its partitions were idle.
func (r *run) wake(in *instance) {
	in.paused = false
	for _, p := range sortedLanes(in) {
		l := in.lanes[p]
		if r.owner[p] == in.id && r.gen[p] == l.gen {
			continue
		}
		r.zombies = true
		if !r.step(in, l, 2) {
			return
		}
		r.announce(l, l.seen.Add(6*time.Hour))
		delete(in.lanes, p)
	}
}

// compact keeps the last record of each key, as the broker does in its own time.
func (r *run) compact() {
	for p := range r.sessions {
		last := map[string]int{}
		for i, rec := range r.sessions[p] {
			last[rec.key] = i
		}
		for i, rec := range r.sessions[p] {
			if rec.key != "" && last[rec.key] != i {
				r.sessions[p][i] = topicRecord{}
			}
		}
	}
}

// finish drives everything until all lines are read and nothing moves any more.
func (r *run) finish() {
	for !r.done() {
		in := r.instances[r.rng.IntN(len(r.instances))]
		if r.wild && r.rng.IntN(80) == 0 && len(r.instances) > 1 && !in.paused {
			r.pause(in)
		}
		if in.paused {
			if r.rng.IntN(10) == 0 {
				r.wake(in)
			}
			continue
		}
		switch p := r.rng.IntN(sessParts); r.rng.IntN(12) {
		case 0, 1, 2:
			r.follow(in, p, 1+r.rng.IntN(5))
		case 3:
			if r.wild {
				r.compact()
			}
		case 4:
			if r.wild {
				// An ancestor may have been minted a life before its child, and
				// that one a life before its own: retention spans a chain of lives.
				in.store.sweep(r.readTo().Add(-6 * keyLife))
			}
		default:
			ps := sortedLanes(in)
			if len(ps) == 0 {
				continue
			}
			l := in.lanes[ps[r.rng.IntN(len(ps))]]
			if r.step(in, l, 1+r.rng.IntN(4)) && r.rng.IntN(2) == 0 {
				r.announce(l, l.seen)
			}
		}
	}
	r.settle()
	for id, c := range r.sink.rows {
		if !c.Settled && !r.sink.letGo[id] && !r.zombies {
			r.stranded = fmt.Sprintf("chain %s was neither settled nor let go: %s", id, content(c))
		}
	}
	if r.g.repair {
		r.repair()
	}
}

func sortedLanes(in *instance) []int {
	var ps []int
	for p := range in.lanes {
		ps = append(ps, p)
	}
	slices.Sort(ps)
	return ps
}

func (r *run) done() bool {
	for p, c := range r.commits {
		if c.head < int64(len(r.w.lines[p])) {
			return false
		}
	}
	return !slices.ContainsFunc(r.instances, func(in *instance) bool { return in.paused })
}

// readTo is how far every raw partition has been committed, in event time.
func (r *run) readTo() time.Time {
	t := epoch.Add(1000 * time.Hour)
	for p, c := range r.commits {
		if int(c.head) < len(r.w.lines[p]) {
			for _, e := range r.w.lines[p][c.head:] {
				if e.Time.Before(t) {
					t = e.Time
				}
			}
		}
		for _, b := range c.bookmarks {
			if e := r.w.lines[p][b]; e.Time.Before(t) {
				t = e.Time
			}
		}
	}
	return t
}

// settle lets every lane go idle at its end until all marks are known.
func (r *run) settle() {
	r.wild = false
	for range 3 {
		for _, in := range r.instances {
			for _, p := range sortedLanes(in) {
				l := in.lanes[p]
				for l.next < int64(len(r.w.lines[p])) {
					r.step(in, l, 10)
				}
				r.announce(l, epoch.Add(1000*time.Hour))
			}
		}
		for _, in := range r.instances {
			for p := range sessParts {
				r.follow(in, p, len(r.sessions[p]))
			}
			for _, p := range sortedLanes(in) {
				r.step(in, in.lanes[p], 1)
			}
		}
	}
}

// repair walks again the chains that name the key of any fact in the topic, and
// those left unsettled, over the topic's table and the facts the sink keeps, and
// writes the ones that come out better.
func (r *run) repair() {
	in := &instance{id: -1}
	r.boot(in, true)
	ix := &simStore{facts: map[Key]Session{}}
	for _, s := range in.store.facts {
		ix.put(s.Facts)
	}
	for _, s := range r.sink.facts.facts {
		ix.put(s.Facts)
	}
	res := r.w.resolver(ix)
	for _, old := range r.sink.rows {
		if old.Settled && !slices.ContainsFunc(old.Walked, func(k Key) bool { return len(ix.facts[k].Facts) > 0 }) {
			continue
		}
		c := must(res.Resolve(context.Background(), old.Event))
		res.Settle(&c, in.marks)
		r.sink.write(c, true)
	}
}

// settledWrong reports a chain that a lane called settled and that came out
// otherwise although every fact arrived in time, or one that was lost on the way
// to settling. Ends are left out: a late end is repair's by design.
func (r *run) settledWrong() string {
	if r.stranded != "" {
		return r.stranded
	}
	if r.w.endings {
		return ""
	}
	for id, was := range r.sink.settled {
		is := r.sink.rows[id]
		if slices.ContainsFunc(is.Hops, func(h Hop) bool { return h.State != "" }) {
			continue
		}
		if was.Status != is.Status || !was.Requestor.Same(is.Requestor) {
			return fmt.Sprintf("chain %s settled wrongly (-settled +final):\n%s", id, cmp.Diff(content(was), content(is)))
		}
	}
	return ""
}
