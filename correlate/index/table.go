package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// ErrClosed is returned by a Table after Close.
var ErrClosed = errors.New("session table is closed")

// stripes is how many locks the keys are spread over.
const stripes = 1024

// Table is the session table: it publishes facts, follows what everyone has
// published, and answers look-ups from this machine alone. Its methods are safe
// for concurrent use, but CatchUp comes before Run, once, and nothing else is
// done with the table before CatchUp has returned, save Follow.
//
// The order of its life is Open, Follow, CatchUp, Run (in a goroutine of its
// owner) beside Lookup and Bind, then Close once Run has returned.
type Table struct {
	cfg     Config
	opts    []kgo.Opt
	store   Store
	log     *slog.Logger
	lives   map[correlate.Kind]time.Duration
	lasting func(*correlate.Fact) bool

	producer   *kgo.Client
	consumer   *kgo.Client // nil before CatchUp
	sessions   int         // partitions of the sessions topic
	registry   int         // partitions of the registry topic
	identities Position    // the topics' own ids

	// locks keep caches and store in step; see apply. closed is guarded by all
	// of them together.
	locks  [stripes]sync.RWMutex
	closed bool
	shut   atomic.Bool // closed, for whoever holds none of them
	seed   maphash.Seed

	compact  *compact // of both caches
	hot      *hot
	overflow *overflow // of the hot one
	cold     *cold
	rolls    *rolls // of names
	knows    knower // the store, or nil
	put      func([]correlate.Fact, Position) error
	stamps   stamps

	marks  atomic.Pointer[correlate.Marks]
	known  []atomic.Int64 // by partition of the sessions topic: see Known
	passed []atomic.Int64 // likewise: the offset before which all marks were passed on
	notify atomic.Pointer[func([]correlate.Key)]
	bulk   bulk
	next   map[TopicPartition]int64 // next offset to read; of CatchUp, then Run
	ends   map[TopicPartition]int64 // known end of each partition; likewise
	away   bool                     // a broker is, and the log says so; likewise
	counts counts
}

// Open dials the brokers with opts, once to write and, in CatchUp, once to read,
// and puts the caches in front of store. The topics must exist: see EnsureTopics.
// kinds is what the enabled sources mint; it says how long aliases matter and
// what never expires. The table owns store from here on: Close closes it, and so
// does Open when it fails. A store that was filled from other topics than these
// is emptied, which log says.
func Open(ctx context.Context, cfg Config, opts []kgo.Opt, store Store, kinds correlate.Kinds, log *slog.Logger) (*Table, error) {
	t := newTable(cfg, store, kinds, log)
	t.opts = opts
	if err := t.open(ctx); err != nil {
		return nil, fmt.Errorf("open session table: %w", errors.Join(err, t.Close()))
	}
	return t, nil
}

// newTable is a table without topics, and without its cold cache.
func newTable(cfg Config, store Store, kinds correlate.Kinds, log *slog.Logger) *Table {
	t := &Table{
		cfg: cfg, store: store, log: log,
		lives: lives(kinds), lasting: lasting(kinds),
		seed: maphash.MakeSeed(), compact: newCompact(), put: store.Put,
		bulk: reads(),
		next: map[TopicPartition]int64{}, ends: map[TopicPartition]int64{},
	}
	t.hot = newHot(cfg.HotBytes, t.compact, t.hash)
	t.rolls = newRolls(cfg.HotBytes, t.compact)
	t.knows, _ = store.(knower)
	if j, ok := store.(joiner); ok {
		t.put = j.putJoined
	}
	return t
}

func (t *Table) open(ctx context.Context) error {
	if err := t.cfg.Validate(); err != nil {
		return err
	}
	var err error
	if t.cold, err = newCold(t.cfg.CacheBytes, t.compact); err != nil {
		return err
	}
	if k, ok := t.store.(keeper); ok {
		k.keep(t.lasting)
	}
	if err := t.spill(); err != nil {
		return err
	}
	if r, ok := t.store.(interface{ Rebuilt() string }); ok && r.Rebuilt() != "" {
		t.log.Warn("the local session store was emptied and is rebuilt from the topics", "why", r.Rebuilt())
	}
	if s, ok := t.store.(interface{ Sifting() string }); ok && s.Sifting() != "" {
		t.counts.sifted.Add(1)
		t.log.Info("the keys of the local session store are read from its rows; until then look-ups read it more often", "why", s.Sifting())
	}
	// A failed write is tried again after the next metadata, for which the
	// client's own default waits five seconds; so long would Bind hold its lane.
	sooner := []kgo.Opt{kgo.MetadataMinAge(time.Second)}
	t.producer, err = kgo.NewClient(slices.Concat(sooner, t.opts, []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(time.Millisecond), // every Bind waits for its acks
		// A Bind whose caller goes must return, even with the brokers away and its
		// records on the wire. A fact that lands twice is one fact.
		kgo.AllowIdempotentProduceCancellation(),
	})...)
	if err != nil {
		return err
	}
	return t.meet(ctx)
}

// spill gives the hot table its overflow, if the store has room for one.
func (t *Table) spill() error {
	s, ok := t.store.(spooler)
	if !ok || t.hot == nil || t.cfg.OverflowBytes == 0 {
		return nil
	}
	file, err := s.spool()
	if err != nil {
		return fmt.Errorf("make the overflow of the session table: %w", err)
	}
	t.overflow = newOverflow(file, t.cfg.OverflowBytes, func(err error) {
		t.log.Warn("the session table's overflow takes no more; sessions that have left memory are read from the local store, for twenty times the processor time", "error", err)
	})
	t.hot.spill(t.overflow)
	return nil
}

// meet learns the topics' partitions and ids, and empties a store that was filled
// from others: it holds facts that these topics do not have, and they would never
// be published.
func (t *Table) meet(ctx context.Context) error {
	topics, err := kadm.NewClient(t.producer).ListTopics(ctx, t.cfg.SessionsTopic, t.cfg.RegistryTopic)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	t.identities = Position{}
	for name, partitions := range map[string]*int{t.cfg.SessionsTopic: &t.sessions, t.cfg.RegistryTopic: &t.registry} {
		topic := topics[name]
		if topic.Err != nil || len(topic.Partitions) == 0 {
			return fmt.Errorf("topic %s: it does not exist or may not be read: %w", name, topic.Err)
		}
		*partitions = len(topic.Partitions)
		if id := topic.ID; id != (kadm.TopicID{}) { // brokers before 2.8 have none
			t.identities[TopicPartition{name, identity}] = int64(binary.BigEndian.Uint64(id[:8]) ^ binary.BigEndian.Uint64(id[8:]))
		}
	}
	t.known, t.passed = make([]atomic.Int64, t.sessions), make([]atomic.Int64, t.sessions)
	pos, err := t.store.Position()
	if err != nil {
		return err
	}
	for tp, held := range pos {
		if tp.Topic != t.cfg.SessionsTopic && tp.Topic != t.cfg.RegistryTopic {
			return t.startOver("it was filled from another topic", "topic", tp.Topic)
		}
		if id, ok := t.identities[tp]; ok && held != id {
			return t.startOver("a topic was made anew", "topic", tp.Topic)
		}
	}
	return t.store.Put(nil, t.identities)
}

// startOver empties the store.
func (t *Table) startOver(why string, args ...any) error {
	t.log.Warn("the local session store is rebuilt from the topics: "+why, args...)
	if err := t.store.Reset(); err != nil {
		return err
	}
	return t.store.Put(nil, t.identities)
}

// Follow sets where marks read from the sessions topic go. It must be called
// before CatchUp, or marks are missed. Marks that a former run has read are not
// read again; lanes refresh theirs.
func (t *Table) Follow(m *correlate.Marks) { t.marks.Store(m) }

// Topics are the two that facts are in: sessions, then registry.
func (t *Table) Topics() []string { return []string{t.cfg.SessionsTopic, t.cfg.RegistryTopic} }

// Retention is how long the sessions topic keeps what expires.
func (t *Table) Retention() time.Duration { return t.cfg.Retention }

// SessionsPartitions is how many partitions the sessions topic has. Partitions
// added later are read and written to after a restart.
func (t *Table) SessionsPartitions() int { return t.sessions }

// Lookup implements correlate.Index. Facts that were bound here, or of which Run
// or CatchUp has told, are always in what it returns. Of an alias, bindings older
// than the alias can matter are left out.
func (t *Table) Lookup(ctx context.Context, k correlate.Key, at time.Time) (correlate.Session, error) {
	return t.LookupIn(ctx, k, at, nil)
}

// LookupIn implements correlate.LendingIndex. What comes from the hot table costs no
// allocation: lists are lent by mem, and texts are either where the table has them
// or written out on paper of which a sheet holds some forty look-ups' worth. Neither
// is written again, but a text that is kept keeps up to 64 KiB around it: clone it.
// Keys in the result are k itself, in the memory that k is in. If mem is nil lists
// are on the heap.
func (t *Table) LookupIn(_ context.Context, k correlate.Key, at time.Time, mem *correlate.Memory) (correlate.Session, error) {
	life := t.lives[k.Kind]
	floor, hash := floorOf(at, life), t.hash(k)
	if at, ok := t.hot.seat(hash, k); ok {
		if life == 0 && at.busy && at.entry == nil {
			if s, ok := t.again(hash, k, mem); ok {
				return s, nil
			}
		} else if s, _, ok := t.hot.open(hash, &at, k, floor, floor, mem); ok {
			return s, nil
		}
	}
	if t.lacks(k) {
		if t.shut.Load() {
			return correlate.Session{}, ErrClosed
		}
		t.counts.lacked.Add(1)
		return correlate.Session{Key: k}, nil
	}
	if s, ok := t.cold.get(hash, k, mem); ok {
		t.counts.coldHits.Add(1)
		return s, nil
	}
	return t.load(hash, k, at, life)
}

func (t *Table) hash(k correlate.Key) uint64 { return hashKey(t.seed, k) }

// lacks reports that the store is known to have nothing of k. No lock is needed: a
// fact is in the sieve before it is in the store, and in the store before Bind or
// Run let anybody know of it.
func (t *Table) lacks(k correlate.Key) bool { return t.knows != nil && t.knows.Lacks(k) }

// again returns a session that has left memory and is asked for again, out of the cold
// cache if it is there, or the overflow, and fills the cold one: see load for the stripe.
func (t *Table) again(hash uint64, k correlate.Key, mem *correlate.Memory) (correlate.Session, bool) {
	if s, ok := t.cold.get(hash, k, mem); ok {
		t.counts.coldHits.Add(1)
		return s, true
	}
	l := &t.locks[hash%stripes]
	l.RLock()
	defer l.RUnlock()
	if t.closed {
		return correlate.Session{}, false
	}
	epoch := t.cold.now()
	at, ok := t.hot.seat(hash, k)
	if !ok || !t.hot.take(hash, &at, k) {
		return correlate.Session{}, false
	}
	t.cold.put(hash, at.entry, epoch)
	s, _, ok := t.hot.open(hash, &at, k, whole, whole, mem)
	return s, ok
}

// load reads k from the store and fills a cache: the hot one with an alias, from a
// little earlier than was asked for, or with whatever there is if what it has no memory
// for goes to an overflow; the cold one with a whole session otherwise.
//
// The stripe is held, shared, from the read to the fill. Without it: load reads
// the store; apply stores a new fact and drops what is cached; load fills the
// cache with what it read, and the new fact is missed until the entry goes.
func (t *Table) load(hash uint64, k correlate.Key, at time.Time, life time.Duration) (correlate.Session, error) {
	l := &t.locks[hash%stripes]
	l.RLock()
	defer l.RUnlock()
	if t.closed {
		return correlate.Session{}, ErrClosed
	}
	t.counts.storeReads.Add(1)
	epoch := t.cold.now()
	longer := life + life/4
	s, err := t.store.Get(k, at, longer)
	if err != nil {
		return correlate.Session{}, fmt.Errorf("look up session: %w", err)
	}
	switch {
	case len(s.Facts) == 0:
		t.counts.absent.Add(1)
	case life > 0 || t.overflow.takes():
		t.hot.set(hash, s, floorOf(at, longer))
	default:
		t.cold.fill(hash, s, epoch)
	}
	return since(s, floorOf(at, life)), nil
}

// Sweep deletes from the store what is over for longer than the retention of the
// sessions topic, and returns how many facts that were. now is event time: the
// earliest anything may still happen at, not the time on the wall, or a replay of
// last year's logs loses its facts as it binds them. What is cached stays until
// it is pushed out; it can matter to nobody.
func (t *Table) Sweep(ctx context.Context, now time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("sweep sessions: %w", err)
	}
	if t.isClosed() {
		return 0, ErrClosed
	}
	n, err := t.store.Sweep(now.Add(-t.cfg.Retention))
	if err == nil && t.knows != nil {
		// A key that is swept and comes back is taken for new, so nothing old may be
		// cached of it.
		err = t.knows.Resift(t.cold.forget)
	}
	if err != nil {
		return n, fmt.Errorf("sweep sessions: %w", err)
	}
	return n, nil
}

// Close ends Bind and Run with an error, frees the clients and closes the store.
// It must not be called while Sweep runs. Calling it again does nothing.
func (t *Table) Close() error {
	if t.producer != nil {
		t.producer.Close()
	}
	if t.consumer != nil {
		t.consumer.Close()
	}
	for i := range t.locks {
		t.locks[i].Lock()
		defer t.locks[i].Unlock()
	}
	if t.closed {
		return nil
	}
	t.closed = true
	t.shut.Store(true)
	t.cold.close() // no fill can run into it: fills hold a stripe
	if err := errors.Join(t.overflow.close(), t.store.Close()); err != nil {
		return fmt.Errorf("close session table: %w", err)
	}
	return nil
}

func (t *Table) isClosed() bool {
	t.locks[0].RLock()
	defer t.locks[0].RUnlock()
	return t.closed
}
