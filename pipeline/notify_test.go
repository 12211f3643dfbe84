package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/rules/notice"
	"whence/sinks"
)

const (
	alertsTopic  = "whence.alerts"
	noticesTopic = "whence.notices"
)

// pager is a receiver that remembers. Before is called before it takes a notice, and
// after when it has, but has not answered: an error is the answer.
type pager struct {
	mu            sync.Mutex
	name          string
	took          []correlate.Notice
	before, after func(ctx context.Context) error
}

func (p *pager) Name() string { return p.name }

func (p *pager) Send(ctx context.Context, n *correlate.Notice) error {
	if p.before != nil {
		if err := p.before(ctx); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.took = append(p.took, *n)
	p.mu.Unlock()
	if p.after != nil {
		return p.after(ctx)
	}
	return nil
}

// told are the notices, as their kinds and rules, each once.
func (p *pager) told() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]bool{}
	for _, n := range p.took {
		if !seen[n.Key()] {
			seen[n.Key()] = true
			out = append(out, fmt.Sprintf("%s %s v%d", n.Kind, n.Alert.Rule, n.Alert.Version))
		}
	}
	return out
}

func (b *bench) notifier(p *pager) (*Notifier, *wire) {
	w := &wire{dial: b.dial}
	opts := []kgo.Opt{kgo.SeedBrokers(b.addrs...), kgo.Dialer(w.DialContext)}
	cfg := NotifyConfig{Group: b.cfg.Group, Alerts: alertsTopic, Notices: noticesTopic, Most: 100, SessionTimeout: b.cfg.SessionTimeout}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	n := NewNotifier(cfg, opts, p, NewNotifyMetrics(nil), log, nil)
	n.UsePolicies(map[string]notice.Policy{"grouped": {Group: []string{"requestor.id"}, Suppress: time.Hour}})
	return n, w
}

// runs runs a notifier until stop is called, in order, or kill, as kill -9 would.
func (b *bench) runs(p *pager) (n *Notifier, stop, kill func()) {
	n, w := b.notifier(p)
	if err := n.Begin(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("an orderly stop: %v", err)
		}
	})
	kill = func() {
		w.cut()
		stop()
	}
	b.t.Cleanup(kill)
	return n, stop, kill
}

func noticeBench(t *testing.T) *bench {
	b := trailBench(t)
	b.makeTopics(nil, alertsTopic, noticesTopic)
	return b
}

// raise puts an alert on the topic.
func (b *bench) raise(rule string, nth int, version uint64, state correlate.AlertState) {
	b.t.Helper()
	id := correlate.NewID(rule, fmt.Sprint(nth))
	a := correlate.Alert{
		ID: id, ChainID: id, Version: version, State: state, Rule: rule, Severity: "high", Time: began.Add(time.Duration(nth) * time.Minute),
		Executor: correlate.Principal{Type: correlate.Human, ID: "bob"}, Group: []string{"alice"},
	}
	value, err := json.Marshal(a)
	if err != nil {
		b.t.Fatal(err)
	}
	client := b.client()
	defer client.Close()
	if err := client.ProduceSync(b.t.Context(), &kgo.Record{Topic: alertsTopic, Key: []byte(id.String()), Value: value}).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
}

const (
	open   = correlate.AlertOpen
	closed = correlate.AlertClosed
)

func same(t *testing.T, p *pager, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, p.told()); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
}

// TestNoticesOfALife: what was there before is history; an alert is told, not again after
// a restart, and told to be over.
func TestNoticesOfALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := noticeBench(t), &pager{name: "soc"}
		b.raise("old", 1, 1, open)
		n, stop, _ := b.runs(p)
		time.Sleep(20 * time.Second)
		b.raise("grouped", 1, 1, open)
		b.raise("grouped", 2, 1, open)
		b.raise("single", 1, 1, open)
		time.Sleep(20 * time.Second)
		same(t, p, "opened grouped v1", "opened single v1")
		if s := n.Status(); !s.Here || s.Desk.Held[notice.Suppressed] != 1 || s.Backlog != 0 || s.Sent != 2 {
			t.Errorf("status %+v", s)
		}
		stop()
		b.raise("single", 1, 2, open) // an update that says nothing new
		b.raise("grouped", 1, 2, closed)
		_, stop, _ = b.runs(p)
		time.Sleep(20 * time.Second)
		stop()
		same(t, p, "opened grouped v1", "opened single v1", "resolved grouped v2", "opened grouped v1")
		if d := len(p.took) - 4; d != 0 {
			t.Errorf("%d notices came twice", d)
		}
	})
}

// TestReceiverAway holds up its own notices, and nobody else's.
func TestReceiverAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := noticeBench(t)
		away := true
		dead := &pager{name: "dead", before: func(context.Context) error {
			if away {
				return &sinks.SendError{Err: errors.New("connection refused")}
			}
			return nil
		}}
		well := &pager{name: "well"}
		n, stopDead, _ := b.runs(dead)
		_, stopWell, _ := b.runs(well)
		time.Sleep(20 * time.Second)
		for i := range 3 {
			b.raise("single", i, 1, open)
			time.Sleep(10 * time.Second)
		}
		same(t, well, "opened single v1", "opened single v1", "opened single v1")
		time.Sleep(2 * time.Minute)
		if s := n.Status(); s.Since.IsZero() || s.Err == nil || s.Backlog != 3 {
			t.Errorf("status of one that is away: %+v", s)
		}
		away = false
		time.Sleep(2 * time.Minute)
		same(t, dead, "opened single v1", "opened single v1", "opened single v1")
		if s := n.Status(); !s.Since.IsZero() || s.Backlog != 0 {
			t.Errorf("status of one that is back: %+v", s)
		}
		stopDead()
		stopWell()
	})
}

// TestNoticeRefused is given up; those after it are told.
func TestNoticeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := noticeBench(t)
		asked := 0
		p := &pager{name: "soc", before: func(context.Context) error {
			if asked++; asked <= mostRefusals {
				return &sinks.SendError{Status: 400}
			}
			return nil
		}}
		n, stop, _ := b.runs(p)
		time.Sleep(20 * time.Second)
		b.raise("first", 1, 1, open)
		b.raise("second", 2, 1, open)
		time.Sleep(time.Minute)
		stop()
		same(t, p, "opened second v1")
		if s := n.Status(); s.Refused != 1 || s.Sent != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

// TestNoticesTakenOver: one instance tells; when it dies the other does.
func TestNoticesTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := noticeBench(t), &pager{name: "soc"}
		one, _, kill := b.runs(p)
		time.Sleep(20 * time.Second)
		two, stop, _ := b.runs(p)
		time.Sleep(time.Minute)
		if !one.Status().Here || two.Status().Here {
			t.Fatalf("first tells: %t, second: %t; want the first alone, which was there", one.Status().Here, two.Status().Here)
		}
		b.raise("single", 1, 1, open)
		time.Sleep(20 * time.Second)
		kill()
		b.raise("single", 1, 2, closed)
		b.raise("single", 2, 1, open)
		time.Sleep(2 * time.Minute)
		stop()
		same(t, p, "opened single v1", "resolved single v2", "opened single v1")
	})
}

// TestNoticesSurviveCrashes kills the process before and after each notice is taken.
// Nothing is lost, and what is told again has its key.
func TestNoticesSurviveCrashes(t *testing.T) {
	calm := crashed(t, 0)
	if len(calm) < 5 {
		t.Fatalf("the calm run told %v", calm)
	}
	for n := 1; n <= 2*(len(calm)-2); n++ { // two are told after it
		if d := cmp.Diff(calm, crashed(t, n)); d != "" {
			t.Errorf("killed at moment %d (-calm +killed):\n%s", n, d)
		}
	}
}

// crashed tells a story and kills whoever tells it at the nth moment; 0 for never. It
// returns the keys that were told.
func crashed(t *testing.T, nth int) (keys []string) {
	synctest.Test(t, func(t *testing.T) {
		b := noticeBench(t)
		var kill, stop func()
		moment, p := 0, &pager{name: "soc"}
		die := func(ctx context.Context) error {
			if moment++; moment == nth {
				go func() {
					kill()
					_, stop, _ = b.runs(p)
				}()
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		p.before, p.after = die, die
		_, stop, kill = b.runs(p)
		time.Sleep(20 * time.Second)
		for i := range 3 {
			b.raise("single", i, 1, open)
			b.raise("grouped", i, 1, open)
			time.Sleep(time.Minute)
		}
		b.raise("single", 1, 2, closed)
		time.Sleep(time.Minute)
		b.raise("grouped", 0, 2, closed)
		time.Sleep(time.Minute)
		stop()
		if nth > 0 && moment < nth {
			t.Fatalf("there were %d moments", moment)
		}
		for _, one := range p.took {
			keys = append(keys, string(one.Kind)+" "+one.Key())
		}
		slices.Sort(keys)
		if again := len(keys) - len(slices.Compact(slices.Clone(keys))); again > 1 {
			t.Errorf("%d notices were told again; want 1 at most", again)
		}
		keys = slices.Compact(keys)
	})
	return keys
}

// TestNoticesKeepTheirKey: a process dies when a notice was taken, and a newer version of
// the alert comes before the next reads it. What may have been sent comes again as it was.
func TestNoticesKeepTheirKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := noticeBench(t), &pager{name: "soc"}
		_, _, kill := b.runs(p)
		time.Sleep(20 * time.Second)
		died := make(chan struct{})
		p.after = func(ctx context.Context) error {
			go func() {
				kill()
				close(died)
			}()
			<-ctx.Done()
			return ctx.Err()
		}
		b.raise("single", 1, 1, open)
		<-died
		p.after = nil
		b.raise("single", 1, 2, open)
		_, stop, _ := b.runs(p)
		time.Sleep(time.Minute)
		b.raise("single", 1, 3, closed)
		time.Sleep(20 * time.Second)
		stop()
		var keys []string
		for _, n := range p.took {
			keys = append(keys, fmt.Sprintf("%s v%d", n.Kind, n.Alert.Version))
		}
		if d := cmp.Diff([]string{"opened v1", "opened v1", "resolved v3"}, keys); d != "" {
			t.Errorf("told (-want +got):\n%s", d)
		}
	})
}
