package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/correlate/ledger"
	"whence/sinks"
)

// An Archive holds what was written: repair reads it back. Each method calls
// yield once for every row and stops at its error.
type Archive interface {
	// Naming yields the current chains between from and to that looked up any of
	// keys in their walk.
	Naming(ctx context.Context, keys []correlate.Key, from, to time.Time, yield func(correlate.Chain) error) error
	// Unsettled yields the current chains from before a time that are not settled.
	Unsettled(ctx context.Context, before time.Time, yield func(correlate.Chain) error) error
	// Older yields the current chains of a lower version.
	Older(ctx context.Context, version uint64, yield func(correlate.Chain) error) error
	// StaleAlerts yields open alerts whose chain has a newer version, or whose rule is
	// not one of versions, which are by rule.
	StaleAlerts(ctx context.Context, versions map[string]string, yield func(correlate.Alert, correlate.Chain) error) error
	// Facts returns every fact about keys, expired ones too.
	Facts(ctx context.Context, keys []correlate.Key) ([]correlate.Fact, error)
}

// A Repair walks again what late facts touch and what full windows let go.
type Repair struct {
	cfg      Config
	kafka    []kgo.Opt
	topics   []string // where facts are: sessions and registry
	table    *index.Table
	clock    *correlate.Marks
	resolver atomic.Pointer[correlate.Resolver] // see use
	wider    *widerIndex
	judges   judges
	archive  Archive
	history  History    // nil for no rules over time
	sink     sinks.Sink // of the archive
	announce sinks.Sink // nil for nobody
	log      *slog.Logger
	walked   map[correlate.ID]struct{} // in the repair under way
	signer   *ledger.Signer            // nil for no ledger
	ledger   *ledger.Run               // of the repair under way
	stopped  bool                      // it is a command, and settles what is old
	all      bool                      // chains of earlier epochs too
}

// Repaired says what a repair did.
type Repaired struct {
	Facts    int `json:"facts"`    // read from the topics since the last repair
	Chains   int `json:"chains"`   // walked again
	Improved int `json:"improved"` // written with a higher version
	Alerts   int `json:"alerts"`   // updated or closed
	Windows  int `json:"windows"`  // of rules over time that were computed
}

// NewRepair prepares a repair over d, which has an archive.
func NewRepair(cfg Config, d Deps) *Repair {
	clock := correlate.NewMarks(cfg.Group, d.Table.SessionsPartitions(), Witnesses(cfg), d.Now)
	d.Table.Follow(clock)
	return newRepair(cfg, d, clock)
}

func newRepair(cfg Config, d Deps, clock *correlate.Marks) *Repair {
	r := &Repair{
		cfg: cfg, kafka: d.Kafka, topics: d.Table.Topics(), table: d.Table, clock: clock,
		archive: d.Archive, history: d.History, sink: d.Sink, log: d.Log, walked: map[correlate.ID]struct{}{},
		signer: d.Ledger,
	}
	r.judges.onError = func(rule string, first bool, err error) {
		if first {
			d.Log.Warn("a rule fails: what it fails on it neither matches nor passes", "rule", rule, "err", err)
		}
	}
	r.judges.use(d.Rules)
	r.wider = &widerIndex{table: d.Table, archive: d.Archive, known: map[correlate.Key]correlate.Session{}, now: clock.Now}
	var life time.Duration
	for _, k := range d.Resolver.Kinds {
		life = max(life, k.Life)
	}
	r.wider.reach = d.Table.Retention() - 2*life
	r.use(d.Resolver)
	return r
}

// Once repairs everything there is now: it reads the facts that arrived since
// the last time, walks the chains that name them, settles what can be settled,
// and closes alerts that a better chain has answered. A repeat finds nothing to
// do. It commits its place only after what it wrote is durable.
func (r *Repair) Once(ctx context.Context) (Repaired, error) {
	var done Repaired
	if err := r.expectPartitions(ctx); err != nil {
		return done, err
	}
	client, err := kgo.NewClient(r.kafka...)
	if err != nil {
		return done, fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	late, err := r.late(ctx, kadm.NewClient(client))
	if err != nil {
		return done, err
	}
	// The table catches up after the end was taken down up to which facts count as
	// repaired: it knows all of them, and a chain that has been walked once needs
	// no second walk for the next of them.
	clear(r.walked)
	r.openLedger(late.after)
	if err := r.table.CatchUp(ctx); err != nil {
		return done, fmt.Errorf("catch up with the sessions topic: %w", err)
	}
	if err := r.lateFacts(ctx, late, &done); err != nil {
		return done, fmt.Errorf("repair after late facts: %w", err)
	}
	r.stopped = true
	if err := r.unsettled(ctx, r.clock.Now(), &done); err != nil {
		return done, err
	}
	if r.all {
		if err := r.anew(ctx, &done); err != nil {
			return done, err
		}
	}
	if err := r.staleAlerts(ctx, &done); err != nil {
		return done, fmt.Errorf("judge open alerts again: %w", err)
	}
	times := timekeeper{Repair: r}
	if err := times.look(ctx, r.readPast(), &done); err != nil {
		return done, fmt.Errorf("compute rules over time: %w", err)
	}
	if err := r.closeLedger(ctx, late); err != nil {
		return done, fmt.Errorf("close the ledger: %w", err)
	}
	return done, nil
}

func (r *Repair) expectPartitions(ctx context.Context) error {
	client, err := kgo.NewClient(r.kafka...)
	if err != nil {
		return fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	details, err := kadm.NewClient(client).ListTopics(ctx, topicNames(r.cfg)...)
	if err != nil {
		return fmt.Errorf("list raw topics: %w", err)
	}
	for _, n := range topicNames(r.cfg) {
		r.clock.Expect(n, len(details[n].Partitions))
	}
	return nil
}

// repairBatch is how many chains are walked and written at once, and mostHeld how
// many are read before the first of them is: a name that many bear may be named by
// millions.
const (
	repairBatch = 2000
	mostHeld    = 4_000
)

// inBatches works on the chains that read yields, those that were walked already
// excepted. While read goes on, what work writes is not seen by it: ClickHouse reads
// what there was when the query began.
func (r *Repair) inBatches(read func(func(correlate.Chain) error) error, work func([]correlate.Chain) error) error {
	var held []correlate.Chain
	flush := func() error {
		for batch := range slices.Chunk(held, repairBatch) {
			if err := work(batch); err != nil {
				return err
			}
		}
		clear(held)
		held = held[:0]
		return nil
	}
	err := read(func(c correlate.Chain) error {
		if _, ok := r.walked[c.ID]; ok {
			return nil
		}
		r.walked[c.ID] = struct{}{}
		held = append(held, c)
		if len(held) < mostHeld {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// unsettled settles what can be settled of the chains from before a time.
func (r *Repair) unsettled(ctx context.Context, before time.Time, done *Repaired) error {
	err := r.inBatches(func(yield func(correlate.Chain) error) error {
		return r.archive.Unsettled(ctx, before, yield)
	}, func(cs []correlate.Chain) error { return r.again(ctx, cs, done) })
	if err != nil {
		return fmt.Errorf("settle what was let go: %w", err)
	}
	return nil
}

// again walks chains again and writes those that come out better.
func (r *Repair) again(ctx context.Context, chains []correlate.Chain, done *Repaired) error {
	var out sinks.Output
	if err := r.prefetch(ctx, chains); err != nil {
		return err
	}
	judge := r.judges.now()
	w := r.resolver.Load().NewWalker() // lends to out, which is written before it goes
	for i := range chains {
		old := &chains[i]
		if behind(old, w.Resolver) {
			return errBehind
		}
		var c correlate.Chain
		r.wider.event = old.Time
		if err := w.Walk(ctx, &old.Event, &c); err != nil {
			return err
		}
		r.settle(&c, old, w)
		done.Chains++
		if c.Version <= old.Version {
			continue
		}
		out.Chains = append(out.Chains, c)
		out.Alerts = judge.Judge(old, &c, out.Alerts)
	}
	if out.Len() == 0 {
		return nil
	}
	if err := r.write(ctx, &out); err != nil {
		return fmt.Errorf("write %d repaired chains: %w", len(out.Chains), err)
	}
	done.Improved += len(out.Chains)
	done.Alerts += len(out.Alerts)
	return nil
}

// settle decides whether a chain that was walked again is settled: by the clock,
// because it was settled before, or because its event is longer ago than any lane
// would have kept it. A fact that improves a settled chain does not unsettle it.
// While lanes run, a backlog may be old and theirs all the same.
func (r *Repair) settle(c, old *correlate.Chain, w *correlate.Walker) {
	w.Settle(c, r.clock)
	if !c.Settled && (old.Settled || r.stopped && r.clock.Now().Sub(c.Time) >= r.cfg.MaxWait) {
		c.Settled = true
		c.Seal(w.Epoch)
	}
}

// prefetch reads the archive's facts of every key that chains looked up.
func (r *Repair) prefetch(ctx context.Context, chains []correlate.Chain) error {
	keys := map[correlate.Key]struct{}{}
	for i := range chains {
		if r.wider.recent(chains[i].Time) {
			continue
		}
		for _, k := range chains[i].Walked {
			keys[k] = struct{}{}
		}
	}
	return r.wider.prefetch(ctx, slices.SortedFunc(maps.Keys(keys), correlate.Key.Compare))
}

// staleAlerts judges open alerts against the chain as it is now, by the rules as they
// are now. That closes the ones whose chain was improved by a process that did not know
// of the alert: one that took a partition over between the alert's write and its
// commit; and those that another wording of their rule has opened.
func (r *Repair) staleAlerts(ctx context.Context, done *Repaired) error {
	var out sinks.Output
	judge := r.judges.now()
	err := r.archive.StaleAlerts(ctx, judge.Set().Versions(), func(a correlate.Alert, c correlate.Chain) error {
		if now := judge.Again(a, &c); now.Version != a.Version || now.State != a.State || now.RuleVersion != a.RuleVersion {
			out.Alerts = append(out.Alerts, now)
		}
		return nil
	})
	if err != nil || out.Len() == 0 {
		return err
	}
	if err := r.write(ctx, &out); err != nil {
		return fmt.Errorf("write %d alerts: %w", len(out.Alerts), err)
	}
	done.Alerts += len(out.Alerts)
	return nil
}

// widerIndex looks keys up in the table and in the archive, which keeps what has
// expired from the topic. It is for one repair and one goroutine.
type widerIndex struct {
	table   correlate.Index
	archive Archive
	known   map[correlate.Key]correlate.Session
	event   time.Time // that of the chain being walked
	// The topic still has all that events from so long ago need: an ancestor may have
	// been minted a life before its child.
	reach time.Duration
	now   func() time.Time
}

// recent reports whether the archive has nothing to add for events of a time.
func (w *widerIndex) recent(event time.Time) bool { return w.now().Sub(event) < w.reach }

// maxKnown bounds the archive's answers that are kept; then all are forgotten.
const maxKnown = 200_000

// Lookup implements correlate.Index.
func (w *widerIndex) Lookup(ctx context.Context, k correlate.Key, at time.Time) (correlate.Session, error) {
	s, err := w.table.Lookup(ctx, k, at)
	if err != nil || w.recent(w.event) {
		return s, err
	}
	old, ok := w.known[k]
	if !ok {
		facts, err := w.archive.Facts(ctx, []correlate.Key{k})
		if err != nil {
			return s, fmt.Errorf("read facts from the archive: %w", err)
		}
		old = correlate.NewSession(k, facts...)
		if len(w.known) >= maxKnown {
			clear(w.known)
		}
		w.known[k] = old
	}
	return s.Merge(old), nil
}

// LookupName implements correlate.NamingIndex.
func (w *widerIndex) LookupName(ctx context.Context, k correlate.Key, at time.Time, mem *correlate.Memory) (correlate.Named, error) {
	if names, ok := w.table.(correlate.NamingIndex); ok && w.recent(w.event) {
		return names.LookupName(ctx, k, at, mem)
	}
	s, err := w.Lookup(ctx, k, at)
	return correlate.Named{Facts: s.Facts}, err
}

// prefetch reads the archive's facts of many keys in one query.
func (w *widerIndex) prefetch(ctx context.Context, keys []correlate.Key) error {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k correlate.Key) bool { _, ok := w.known[k]; return ok })
	if len(keys) == 0 {
		return nil
	}
	facts, err := w.archive.Facts(ctx, keys)
	if err != nil {
		return fmt.Errorf("read facts from the archive: %w", err)
	}
	if len(w.known)+len(keys) > maxKnown {
		clear(w.known)
	}
	by := map[correlate.Key][]correlate.Fact{}
	for _, f := range facts {
		by[f.Key] = append(by[f.Key], f)
	}
	for _, k := range keys {
		w.known[k] = correlate.NewSession(k, by[k]...)
	}
	return nil
}
