package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/rules"
	"whence/sinks"
	"whence/sources/simulate"
)

// bench is a broker, with raw topics full of an estate's lines, and the one sink
// that all instances write to. Unless a test asks for another (see everywhere) the
// broker is a fake one in a bubble of fake time.
type bench struct {
	t    *testing.T
	sink *memSink
	cfg  Config
	// addrs and dial are how the broker is reached.
	addrs []string
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	// network and cluster are the fake broker's; cluster is nil on another.
	network kfake.VirtualNetwork
	cluster *kfake.Cluster
	// replication is that of all topics.
	replication int16
	// every and patience are how often until looks, and for how long.
	every, patience time.Duration
	instances       []*instance // all there ever were
	// store is what instances keep facts in; nil for memory.
	store func() index.Store
	// directory, of an epoch, is what new instances and repairs go by; nil for none.
	directory *correlate.Directory
	epoch     uint32
	// anew has repairs walk chains of earlier epochs again.
	anew bool
	// repaired is what the last repair did.
	repaired Repaired
}

const rawPartitions = 2

// began is about when benches of fake time begin, and lines are read.
var began = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T, events int) *bench {
	t.Helper()
	b := emptyBench(t)
	b.fill(events)
	return b
}

// fill makes raw topics with an estate's lines.
func (b *bench) fill(events int) {
	b.t.Helper()
	b.open(events)
	client := b.client()
	defer client.Close()
	if err := client.ProduceSync(b.t.Context(), lines(events)...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

// open makes the raw topics of an estate, and leaves them empty.
func (b *bench) open(events int) {
	b.t.Helper()
	if b.real() {
		b.cfg.MaxWait = 2 * time.Second // nobody can wait for what is late
	}
	scopes := simulate.New(estate(events)).Scopes()
	for _, name := range []string{"aws.cloudtrail", "okta.system_log", "vault.audit", "github.webhook", "github.audit", "litellm.spend"} {
		b.cfg.Topics = append(b.cfg.Topics, Topic{Name: "raw." + name, Source: name, Scope: scopes[name]})
	}
	b.cfg.Lateness = map[string]time.Duration{}
	for _, tc := range b.cfg.Topics {
		b.cfg.Lateness[tc.Source] = estate(events).Lateness(tc.Source)
	}
	b.makeTopics(nil, topicNames(b.cfg)...)
}

// emptyBench has a fake broker with our own topics, and no raw topic yet.
func emptyBench(t *testing.T) *bench {
	t.Helper()
	// Bubbles begin in the year 2000, when none of these logs existed.
	time.Sleep(time.Until(began))
	b := &bench{t: t, sink: newMemSink(), replication: 1, every: time.Second, patience: 2 * time.Hour}
	var err error
	b.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(b.network.Listen))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.cluster.Close)
	b.addrs, b.dial = b.cluster.ListenAddrs(), b.network.DialContext
	b.cfg = Default()
	b.cfg.IdleAfter = time.Second
	b.cfg.RepairEvery = 0
	b.cfg.DrainTimeout = 5 * time.Second
	b.cfg.SessionTimeout = 10 * time.Second
	b.prepare()
	return b
}

// prepare makes our own topics.
func (b *bench) prepare() {
	b.t.Helper()
	b.makeTopics(nil, b.cfg.RejectsTopic)
	client := b.client()
	defer client.Close()
	if err := index.EnsureTopics(b.t.Context(), client, b.tableConfig()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) makeTopics(configs map[string]*string, names ...string) {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	made, err := kadm.NewClient(client).CreateTopics(b.t.Context(), rawPartitions, b.replication, configs, names...)
	if err == nil {
		err = made.Error()
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func estate(events int) simulate.Config {
	c := simulate.Default()
	c.Events, c.Span, c.Delay = events, 30*time.Minute, 0.05
	c.Start = began.Add(-2 * time.Hour) // the same in every run
	return c
}

// lines are the estate's, in the order in which they are delivered.
func lines(events int) (records []*kgo.Record) {
	for r := range simulate.New(estate(events)).Records {
		rec := &kgo.Record{Topic: "raw." + r.Source, Key: r.Key, Value: r.Value}
		for k, v := range r.Headers {
			rec.Headers = append(rec.Headers, kgo.RecordHeader{Key: k, Value: []byte(v)})
		}
		records = append(records, rec)
	}
	return records
}

func (b *bench) client(opts ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.addrs...), kgo.Dialer(b.dial))...)
	if err != nil {
		b.t.Fatal(err)
	}
	return client
}

func (b *bench) tableConfig() index.Config {
	c := index.Default()
	c.Partitions, c.Replication, c.CacheBytes = 2, b.replication, 0
	return c
}

// instance is one process. kill takes it off the network at once, as kill -9
// would: it can neither commit nor leave the group.
type instance struct {
	*Pipeline
	cancel context.CancelFunc
	done   chan error
	closed chan struct{}
	wire   *wire
	log    *journal
	reg    *prometheus.Registry
}

// start runs an instance with an empty store. at, if not nil, is called after
// every part of a step.
func (b *bench) start(at func(in *instance, point string) error) *instance {
	b.t.Helper()
	in := b.build()
	if at != nil {
		in.at = func(point string) error { return at(in, point) }
	}
	b.launch(in)
	return in
}

// build makes an instance that does not run yet.
func (b *bench) build() *instance {
	b.t.Helper()
	in := &instance{
		done: make(chan error, 1), closed: make(chan struct{}), wire: &wire{dial: b.dial},
		log: &journal{}, reg: prometheus.NewRegistry(),
	}
	opts := []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(in.wire.DialContext)}
	log := slog.New(slog.NewTextHandler(in.log, nil))
	store := index.Store(index.NewMemory())
	if b.store != nil {
		store = b.store()
	}
	table, err := index.Open(b.t.Context(), b.tableConfig(), opts, store, Kinds(b.cfg), log)
	if err != nil {
		b.t.Fatal(err)
	}
	in.Pipeline, err = New(b.cfg, Deps{
		Kafka: opts, Table: table, Sink: b.sink, Archive: b.sink, Rules: rules.Library(), Log: log, Metrics: in.reg,
		Resolver: &correlate.Resolver{Index: table, Kinds: Kinds(b.cfg), Finished: correlate.NewFinished(8 << 20)},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	in.poison = true
	if b.directory != nil {
		in.Use(b.directory, b.epoch)
	}
	return in
}

// launch runs an instance until it is stopped or killed, or the test ends.
func (b *bench) launch(in *instance) {
	ctx, cancel := context.WithCancel(context.Background())
	in.cancel = cancel
	b.instances = append(b.instances, in)
	b.t.Cleanup(func() {
		in.kill()
		<-in.closed
	})
	go func() {
		defer close(in.closed)
		in.done <- in.Run(ctx)
		in.table.Close()
	}()
}

func (in *instance) kill() {
	in.wire.cut()
	in.cancel()
}

// stop ends an instance in order.
func (in *instance) stop(t *testing.T) {
	t.Helper()
	in.cancel()
	if err := <-in.done; err != nil {
		t.Errorf("an orderly stop: %v", err)
	}
	<-in.closed
}

// finish runs one instance until every chain is settled and nothing is left to
// commit, and stops it.
func (b *bench) finish() {
	b.t.Helper()
	in := b.start(nil)
	b.until("everything has settled and is committed", func() bool { return b.sink.settled() && b.read() })
	in.stop(b.t)
	b.repair()
}

// repair walks again what late facts touch. Chains that were complete at first
// sight were not parked, and may have been written before all that is known now.
func (b *bench) repair() {
	b.t.Helper()
	opts := []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(b.dial)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	table, err := index.Open(b.t.Context(), b.tableConfig(), opts, index.NewMemory(), Kinds(b.cfg), log)
	if err != nil {
		b.t.Fatal(err)
	}
	defer table.Close()
	r := NewRepair(b.cfg, Deps{
		Kafka: opts, Table: table, Sink: b.sink, Archive: b.sink, Rules: rules.Library(), Log: log,
		Resolver: &correlate.Resolver{Index: table, Kinds: Kinds(b.cfg), Directory: b.directory, Epoch: b.epoch},
	})
	once := r.Once
	if b.anew {
		once = r.Anew
	}
	b.repaired, err = once(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
}

// read reports whether the group has committed the end of every partition.
func (b *bench) read() bool {
	b.t.Helper()
	committed, all := b.offsets(), true
	for _, name := range topicNames(b.cfg) {
		b.ends(name).Each(func(end kadm.ListedOffset) {
			at, _ := committed.Lookup(name, end.Partition) // 0 without a commit
			all = all && at.At == end.Offset
		})
	}
	return all
}

// offsets are what the group has committed; it need not be there yet, nor who
// coordinates it.
func (b *bench) offsets() kadm.OffsetResponses {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	committed, err := kadm.NewClient(client).FetchOffsets(b.t.Context(), b.cfg.Group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) && !errors.Is(err, kerr.CoordinatorNotAvailable) {
		b.t.Fatal(err)
	}
	return committed
}

// memSink keeps, per id, the row of the highest version.
type memSink struct {
	mu     sync.Mutex
	chains map[correlate.ID]correlate.Chain
	alerts map[correlate.ID]correlate.Alert
	facts  map[correlate.Key][]correlate.Fact
	rows   int
	reject map[string]int
	// hold, if set, is what Write does first: it may block, and decides what Write
	// returns.
	hold func(ctx context.Context) error
	// seen, if set, is called with every row.
	seen func(c *correlate.Chain)
}

func newMemSink() *memSink {
	return &memSink{chains: map[correlate.ID]correlate.Chain{}, alerts: map[correlate.ID]correlate.Alert{}, facts: map[correlate.Key][]correlate.Fact{}, reject: map[string]int{}}
}

func (s *memSink) Name() string                { return "memory" }
func (s *memSink) Close(context.Context) error { return nil }

func (s *memSink) Write(ctx context.Context, out *sinks.Output) error {
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		if err := hold(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows += len(out.Chains)
	for i := range out.Facts {
		f := out.Facts[i].Clone()
		s.facts[f.Key] = append(s.facts[f.Key], f)
	}
	for i := range out.Chains {
		c := &out.Chains[i]
		if s.seen != nil {
			s.seen(c)
		}
		if old, ok := s.chains[c.ID]; !ok || c.Version > old.Version {
			s.chains[c.ID] = c.Clone()
		}
	}
	for _, a := range out.Alerts {
		if old, ok := s.alerts[a.ID]; !ok || a.Version >= old.Version { // of two of one version the later
			s.alerts[a.ID] = a
		}
	}
	for _, r := range out.Rejects {
		s.reject[fmt.Sprintf("%s %s/%d@%d", r.Reason, r.Topic, r.Partition, r.Offset)]++
	}
	return nil
}

func (s *memSink) unsettled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.chains {
		if !c.Settled {
			n++
		}
	}
	return n
}

func (s *memSink) settled() bool { return s.len() > 0 && s.unsettled() == 0 }

func (s *memSink) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rows
}

// len is how many chains there are.
func (s *memSink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.chains)
}

// contents is what is in the sink, without coordinates and versions.
func (s *memSink) contents(t *testing.T) map[string]string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]string{}
	for id, c := range s.chains {
		c.Version, c.Evidence = 0, correlate.Evidence{SHA256: c.Evidence.SHA256}
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		out[id.String()] = string(b)
	}
	for id, a := range s.alerts {
		if a.State == correlate.AlertOpen {
			out["alert "+id.String()] = a.Rule
		}
	}
	return maps.Clone(out)
}

// Naming, Unsettled, StaleAlerts and Facts make the sink an Archive.
func (s *memSink) Naming(_ context.Context, keys []correlate.Key, from, to time.Time, yield func(correlate.Chain) error) error {
	return s.each(yield, func(c *correlate.Chain) bool {
		return !c.Time.Before(from) && !c.Time.After(to) &&
			slices.ContainsFunc(c.Walked, func(k correlate.Key) bool { return slices.Contains(keys, k) })
	})
}

func (s *memSink) Unsettled(_ context.Context, before time.Time, yield func(correlate.Chain) error) error {
	return s.each(yield, func(c *correlate.Chain) bool { return !c.Settled && c.Time.Before(before) })
}

func (s *memSink) Older(_ context.Context, version uint64, yield func(correlate.Chain) error) error {
	return s.each(yield, func(c *correlate.Chain) bool { return c.Version < version })
}

func (s *memSink) each(yield func(correlate.Chain) error, want func(*correlate.Chain) bool) error {
	s.mu.Lock()
	var found []correlate.Chain
	for _, c := range s.chains {
		if want(&c) {
			found = append(found, c)
		}
	}
	s.mu.Unlock()
	for _, c := range found {
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *memSink) StaleAlerts(_ context.Context, versions map[string]string, yield func(correlate.Alert, correlate.Chain) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alerts {
		if c := s.chains[a.ChainID]; a.State == correlate.AlertOpen && (c.Version > a.Version || versions[a.Rule] != a.RuleVersion) {
			if err := yield(a, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *memSink) Facts(_ context.Context, keys []correlate.Key) ([]correlate.Fact, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []correlate.Fact
	for _, k := range keys {
		out = append(out, s.facts[k]...)
	}
	return out, nil
}
