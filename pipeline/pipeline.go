// Package pipeline reads raw topics in a consumer group, one lane per partition,
// and takes every batch along one path: decode, bind, resolve, judge, sinks,
// commit. It is the only package that knows consumer groups. It never stores
// anything itself: Kafka is the only durable thing whence owns.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/correlate/index"
	"whence/correlate/ledger"
	"whence/rules"
	"whence/sinks"
	"whence/sources"
	"whence/sources/prices"
)

// Deps are what a pipeline works with. It owns none of them: the caller closes
// the table and the sink after Run has returned.
type Deps struct {
	// Kafka are the options every client is made with: brokers, TLS, SASL.
	Kafka    []kgo.Opt
	Table    *index.Table
	Resolver *correlate.Resolver
	Sink     sinks.Sink
	// Archive is what repair reads; without one there is none while the pipeline runs.
	Archive Archive
	// History is what rules over time are computed from; without one there are none.
	History History
	// Store and Announce are the two sides of Sink: what keeps the archive, and what
	// only tells others, nil for none. Repair needs them apart. Without Store, Sink is
	// that of the archive alone.
	Store, Announce sinks.Sink
	// Rules are what is judged by until UseRules names others.
	Rules   *rules.Set
	Metrics prometheus.Registerer // may be nil
	Log     *slog.Logger
	// Now is the wall clock; nil for the real one.
	Now func() time.Time
	// Ledger signs what is entered of every row that is written; nil for no ledger.
	Ledger *ledger.Signer
	// Prices are what model calls cost where their line does not say; nil for unknown.
	Prices *prices.Book
}

// A Pipeline is one instance of a consumer group.
type Pipeline struct {
	*shared
	kafka     []kgo.Opt
	group     *group
	repairing *repairing // nil for none
	// Ready is closed once the sessions topic has been read to its end and the
	// group has been joined.
	Ready chan struct{}
}

// shared is what all lanes of an instance use. Everything in it is safe for
// concurrent use.
type shared struct {
	cfg      Config
	table    *index.Table
	resolver *correlate.Resolver // see walks
	sink     sinks.Sink
	rules    *rules.Set
	signer   *ledger.Signer // nil for no ledger
	prices   *prices.Book   // nil for none
	letters  *deadLetters
	metrics  *metrics
	clock    *correlate.Marks
	log      *slog.Logger
	outage   *outage
	turns    *turns
	intake   *intake
	resume   func(topic string, partition int32)
	lanes    atomic.Int32 // how many there are
	// newer has replaced resolver, when the directory has changed; nil before.
	newer atomic.Pointer[correlate.Resolver]
	// newerRules has replaced rules, when they have changed; nil before.
	newerRules atomic.Pointer[rules.Set]
	// maxBatchBytes bounds what a fetched batch may unpack to.
	maxBatchBytes int
	// at is called after every part of a step; tests make it fail there.
	at func(point string) error
	// poison makes lanes overwrite what they lent as soon as it is theirs again, in
	// tests: whoever kept it against the rules writes or parks garbage.
	poison bool
}

// share is a lane's part of what all lanes may have, at least least of it.
func (s *shared) share(of, least int) int { return max(of/max(1, int(s.lanes.Load())), least) }

// New checks cfg and prepares a pipeline. It contacts nobody.
func New(cfg Config, d Deps) (*Pipeline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &shared{
		cfg: cfg, table: d.Table, resolver: d.Resolver, sink: d.Sink, rules: d.Rules, signer: d.Ledger, prices: d.Prices,
		metrics: newMetrics(d.Metrics), log: d.Log, outage: &outage{log: d.Log}, at: func(string) error { return nil },
		maxBatchBytes: 256 << 20,
	}
	s.turns = newTurns(cfg, s.newKit)
	s.clock = correlate.NewMarks(cfg.Group, d.Table.SessionsPartitions(), Witnesses(cfg), d.Now)
	s.intake = &intake{clock: s.clock, bound: cfg.QueueBytes, long: cfg.IdleAfter / 2}
	d.Table.Follow(s.clock)
	if d.Metrics != nil {
		d.Metrics.MustRegister(newTableStats(d.Table), newWaitStats(s))
	}
	p := &Pipeline{shared: s, kafka: d.Kafka, Ready: make(chan struct{})}
	if d.Archive != nil && cfg.RepairEvery > 0 {
		p.repairing = &repairing{Repair: newRepair(cfg, d, s.clock), metrics: s.metrics, owned: map[int32]struct{}{},
			failures: newFailures(d.Log, "the sessions topic cannot be read for repair; it is tried again")}
		p.repairing.judges.onError = s.ruleFailed
		p.repairing.times.Repair = p.repairing.Repair
	}
	return p, nil
}

// Witnesses says which topics can mint which kinds, and how late.
func Witnesses(cfg Config) map[correlate.Kind][]correlate.Witness {
	ws := map[correlate.Kind][]correlate.Witness{}
	for _, t := range cfg.Topics {
		src, _ := sources.Find(t.Source)
		lateness := src.Lateness
		if d, ok := cfg.Lateness[src.Name]; ok {
			lateness = d
		}
		for _, k := range src.Kinds {
			ws[k.Kind] = append(ws[k.Kind], correlate.Witness{Topic: t.Name, Lateness: lateness})
		}
	}
	return ws
}

// Kinds is what the configured sources mint.
func Kinds(cfg Config) correlate.Kinds {
	var ss []sources.Source
	for _, t := range cfg.Topics {
		if s, ok := sources.Find(t.Source); ok {
			ss = append(ss, s)
		}
	}
	return sources.Kinds(ss...)
}

// Run consumes until ctx is done, then finishes the batches in hand, commits and
// leaves the group. It returns nil after an orderly stop, and an error when
// something can never work: the caller exits.
func (p *Pipeline) Run(ctx context.Context) error {
	err := p.run(ctx)
	if stopped := ctx.Err(); stopped != nil && errors.Is(err, stopped) {
		return nil
	}
	return err
}

func (p *Pipeline) run(ctx context.Context) error {
	// A reject that lands twice is two equal records; a stop that hangs because
	// the brokers are away is worse.
	admin, err := kgo.NewClient(append(p.kafka[:len(p.kafka):len(p.kafka)], kgo.AllowIdempotentProduceCancellation())...)
	if err != nil {
		return fmt.Errorf("connect to kafka: %w", err)
	}
	defer admin.Close()
	p.letters = &deadLetters{client: admin, topic: p.cfg.RejectsTopic}
	if err := p.awaitTopics(ctx, kadm.NewClient(admin)); err != nil {
		return err
	}
	if err := p.table.CatchUp(ctx); err != nil {
		return fmt.Errorf("catch up with the sessions topic: %w", err)
	}

	g, gctx := errgroup.WithContext(ctx)
	following, stopFollowing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopFollowing()
	p.group = newGroup(p.shared, kadm.NewClient(admin))
	// The table is followed until the last lane is done: lanes bind to the end.
	g.Go(func() error {
		if err := p.table.Run(following, p.group.wake); err != nil && following.Err() == nil {
			return fmt.Errorf("follow the sessions topic: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		defer stopFollowing()
		return p.group.run(gctx, p.kafka, p.Ready)
	})
	g.Go(func() error { return p.refreshTopics(gctx, kadm.NewClient(admin)) })
	g.Go(func() error { return p.sweep(gctx) })
	if p.repairing != nil {
		g.Go(func() error { return p.repairing.Run(gctx) })
	}
	return g.Wait()
}

// awaitTopics waits until the broker answers and every raw topic exists, and
// says what it waits for.
func (p *Pipeline) awaitTopics(ctx context.Context, admin *kadm.Client) error {
	var said string
	for {
		missing, err := p.expectTopics(ctx, admin)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && len(missing) == 0:
			if said != "" {
				p.log.Info("kafka is there")
			}
			return nil
		}
		now := "topics " + strings.Join(missing, ", ") + " to be created"
		if err != nil {
			now = "kafka to answer"
		}
		if now != said {
			p.log.Warn("waiting for "+now, "err", err)
			said = now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

// expectTopics tells the clock how many partitions each raw topic has, and
// returns the topics that are not there.
func (p *Pipeline) expectTopics(ctx context.Context, admin *kadm.Client) (missing []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	names := topicNames(p.cfg)
	details, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	for _, n := range names {
		if !details.Has(n) || len(details[n].Partitions) == 0 {
			missing = append(missing, n)
			continue
		}
		p.clock.Expect(n, len(details[n].Partitions))
	}
	return missing, nil
}

// refreshTopics notices partitions that are added while we run.
func (p *Pipeline) refreshTopics(ctx context.Context, admin *kadm.Client) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	failed := newFailures(p.log, "partitions added to raw topics would go unnoticed")
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if _, err := p.expectTopics(ctx, admin); err != nil && ctx.Err() == nil {
				failed.note("", 0, err)
			}
			for _, n := range topicNames(p.cfg) {
				if t := p.clock.ReadUpTo(n); !t.IsZero() {
					p.metrics.eventLag.WithLabelValues(n).Set(p.clock.Now().Sub(t).Seconds())
				}
			}
		}
	}
}

// sweepEvery is how often the local store forgets what is long over.
const sweepEvery = time.Hour

// sweep forgets, in event time: what every topic has been read past by more than
// the retention. While one has not reported yet nothing is forgotten.
func (p *Pipeline) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		var read time.Time
		for _, n := range topicNames(p.cfg) {
			t := p.clock.ReadUpTo(n)
			if t.IsZero() {
				read = time.Time{}
				break
			}
			if read.IsZero() || t.Before(read) {
				read = t
			}
		}
		if read.IsZero() {
			continue
		}
		if _, err := p.table.Sweep(ctx, read); err != nil && ctx.Err() == nil {
			p.log.Warn("the local session store could not be swept and grows", "err", err)
		}
	}
}

func topicNames(cfg Config) []string {
	names := map[string]struct{}{}
	for _, t := range cfg.Topics {
		names[t.Name] = struct{}{}
	}
	return slices.Sorted(maps.Keys(names))
}
