package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/rules/notice"
	"whence/sinks"
)

// NotifyConfig says how one receiver is told of alerts.
type NotifyConfig struct {
	// Group is the consumer group of the pipeline; the receiver has one of its own,
	// Group.notify. and its name.
	Group string
	// Alerts is the topic of alerts, in our JSON, keyed by their ids.
	Alerts string
	// Notices is a compacted topic that keeps what was told. Receivers share it.
	Notices string
	// Wants says which alerts are the receiver's; nil for all.
	Wants func(*correlate.Alert) bool
	// Most is how many alerts are remembered: see notice.NewDesk.
	Most           int
	SessionTimeout time.Duration
}

// MostAlerts is what NotifyConfig.Most usually is: about 30 MB, if all are open.
const MostAlerts = 20_000

// A Notifier tells one receiver of alerts. Of all instances one does, whom the receiver's
// consumer group gives all partitions of the alerts topic: groups and inhibitions are of
// alerts from all of them.
//
// A record counts as read when all that follows from it was taken by the receiver and
// noted on the notices topic. Who comes next after a crash reads the notices, and the
// records since: it tells again what may not have been taken, under the same key, and
// knows what was. So nothing is lost, and a receiver that is away holds up its own place in
// the topic and nothing else: what waits is on the topic.
//
// A process that slept while another took over may send once more what it was sending.
// It can note nothing: see notes.
type Notifier struct {
	cfg      NotifyConfig
	kafka    []kgo.Opt
	receiver sinks.Receiver
	metrics  *NotifyMetrics
	log      *slog.Logger
	now      func() time.Time
	policies atomic.Pointer[map[string]notice.Policy]
	silences atomic.Pointer[notice.Silences]
	client   *kgo.Client
	// Of the goroutine of the term.
	failures *failures
	measured time.Time // when it was asked last how much is unread

	mu    sync.Mutex
	term  *term // nil while another instance tells, or none
	state NotifierStatus
}

// term is while this instance has the partitions.
type term struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// NewNotifier contacts nobody. now is the wall clock, by which silences go.
func NewNotifier(cfg NotifyConfig, kafka []kgo.Opt, to sinks.Receiver, m *NotifyMetrics, log *slog.Logger, now func() time.Time) *Notifier {
	if now == nil {
		now = correlate.FileClock{}.Now
	}
	n := &Notifier{cfg: cfg, kafka: kafka, receiver: to, metrics: m, log: log.With("receiver", to.Name()), now: now}
	n.policies.Store(&map[string]notice.Policy{})
	n.state = NotifierStatus{Receiver: to.Name()}
	return n
}

// UsePolicies has it go by what rules say of telling from now on. It is safe for
// concurrent use, before Run too.
func (n *Notifier) UsePolicies(p map[string]notice.Policy) { n.policies.Store(&p) }

// UseSilences likewise has it go by silences; nil for none.
func (n *Notifier) UseSilences(s *notice.Silences) { n.silences.Store(s) }

func (n *Notifier) group() string { return n.cfg.Group + ".notify." + n.receiver.Name() }

// Begin has a receiver that was never told of anything be told from here on: alerts that
// are on the topic already are history. Call it before a pipeline runs that may raise the
// first. A repeat changes nothing.
func (n *Notifier) Begin(ctx context.Context) error {
	client, err := kgo.NewClient(n.kafka...)
	if err != nil {
		return fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	committed, err := fetchCommitted(ctx, admin, n.group())
	if err != nil {
		return err
	}
	if len(committed[n.cfg.Alerts]) > 0 {
		return nil // a partition that was added since is read from its begin
	}
	ends, err := admin.ListEndOffsets(ctx, n.cfg.Alerts)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("list the ends of the alerts topic: %w", err)
	}
	resp, err := admin.CommitOffsets(ctx, n.group(), ends.Offsets())
	if err == nil {
		err = resp.Error()
	}
	if err != nil && !foreign(err) { // another instance is faster: then it has begun
		return fmt.Errorf("commit where group %s begins: %w", n.group(), err)
	}
	return nil
}

// Run tells until ctx is done, and returns nil then. What fails is tried again.
func (n *Notifier) Run(ctx context.Context) (err error) {
	end := func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
		if len(parts[n.cfg.Alerts]) > 0 {
			n.endTerm()
		}
	}
	n.failures = newFailures(n.log, "the alerts topic cannot be read to tell of alerts; it is tried again")
	n.client, err = kgo.NewClient(slices.Concat(n.kafka, []kgo.Opt{
		kgo.ConsumerGroup(n.group()), kgo.ConsumeTopics(n.cfg.Alerts), kgo.Balancers(sole{new(atomic.Bool)}), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.SessionTimeout(n.cfg.SessionTimeout), kgo.HeartbeatInterval(n.cfg.SessionTimeout / 10), kgo.FetchMaxBytes(1 << 20),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			if len(parts[n.cfg.Alerts]) > 0 {
				n.beginTerm(ctx)
			}
		}),
		kgo.OnPartitionsRevoked(end), kgo.OnPartitionsLost(end),
	})...)
	if err != nil {
		return fmt.Errorf("connect to kafka: %w", err)
	}
	<-ctx.Done()
	n.endTerm()
	n.client.Close()
	return nil
}

// beginTerm and endTerm are called one after the other: by the client, and by Run when
// the client has begun its last one, which ends by itself as ctx is done.
func (n *Notifier) beginTerm(ctx context.Context) {
	n.endTerm() // a rebalance that gave back nothing
	ctx, cancel := context.WithCancel(ctx)
	t := &term{cancel, make(chan struct{})}
	n.mu.Lock()
	n.term = t
	n.mu.Unlock()
	go func() {
		defer close(t.done)
		n.patiently(ctx)
	}()
}

func (n *Notifier) endTerm() {
	n.mu.Lock()
	t := n.term
	n.term = nil
	n.mu.Unlock()
	if t != nil {
		t.cancel()
		<-t.done
	}
}

// patiently serves the term until ctx is done.
func (n *Notifier) patiently(ctx context.Context) {
	for failed := false; ctx.Err() == nil; failed = true {
		var err error
		if failed {
			err = n.rewind(ctx)
		}
		if err == nil {
			err = n.serve(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if !failed {
			n.log.Warn("telling of alerts breaks off and is begun again", "err", err)
		}
		pause(ctx, retryEvery)
	}
}

// pause waits, and returns early when ctx is done.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// NotifyMetrics are those of all notifiers of a process.
type NotifyMetrics struct {
	notices *prometheus.CounterVec
	backlog *prometheus.GaugeVec
	held    *prometheus.GaugeVec
	waiting *prometheus.GaugeVec
}

// NewNotifyMetrics registers the metrics; reg may be nil.
func NewNotifyMetrics(reg prometheus.Registerer) *NotifyMetrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "whence_" + name, Help: help}, labels)
	}
	m := &NotifyMetrics{
		notices: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "whence_notices_total", Help: "Notices of alerts, by what became of them: sent, failed (and tried again), refused by the receiver, forgotten as there was no room.",
		}, []string{"receiver", "result"}),
		backlog: gauge("notices_backlog", "Records of the alerts topic that a receiver has not been told of.", "receiver"),
		held:    gauge("notices_held", "Open alerts that a receiver is not told of: suppressed, silenced, inhibited.", "receiver", "reason"),
		waiting: gauge("notices_waiting_seconds", "How long a receiver has not taken what it is told; 0 while it does.", "receiver"),
	}
	if reg != nil {
		reg.MustRegister(m.notices, m.backlog, m.held, m.waiting)
	}
	return m
}

var errNoAlert = errors.New("a record of the alerts topic is no alert")
