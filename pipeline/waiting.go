package pipeline

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"whence/sinks"
)

// slowKafka is when commits and marks count as held up: another broker takes over
// within seconds, and nobody needs to hear of that.
const slowKafka = 10 * time.Second

// An outage tells the log when Kafka stops to take commits and marks and when it
// goes on, once each. The client waits and tries again by itself. It is safe for
// concurrent use.
type outage struct {
	log *slog.Logger

	mu   sync.Mutex
	wait sinks.Wait // for nothing: it is zero
}

// during does what needs brokers, and tells if it fails or takes long.
func (o *outage) during(do func() error) error {
	slow := time.AfterFunc(slowKafka, func() { o.begin(errSlow) })
	err := do()
	slow.Stop()
	if err == nil {
		o.over()
	}
	return err
}

var errSlow = errors.New("no answer for " + slowKafka.String())

func (o *outage) begin(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wait.For == "" {
		o.wait = sinks.Wait{For: "kafka", Since: time.Now(), Why: "brokers cannot be reached, or partitions have no leader"}
		if errors.Is(err, errSlow) {
			o.wait.Since = o.wait.Since.Add(-slowKafka)
		}
		o.log.Warn("commits or marks fail and are tried again; after a crash their records would be read again", "err", err)
	}
	o.wait.Err = err
}

func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wait.For == "" {
		return
	}
	o.log.Info("commits and marks go through again", "after", time.Since(o.wait.Since).Round(time.Second))
	o.wait = sinks.Wait{}
}

func (o *outage) waiting() []sinks.Wait {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wait.For == "" {
		return nil
	}
	return []sinks.Wait{o.wait}
}

// Waiting returns what holds intake up now: brokers, and destinations of sinks. It is
// safe for concurrent use.
func (s *shared) Waiting() []sinks.Wait {
	all := s.outage.waiting()
	if w, ok := s.sink.(interface{ Waiting() []sinks.Wait }); ok {
		for _, w := range w.Waiting() {
			w.For = "sink " + w.For
			all = append(all, w)
		}
	}
	return all
}

// waitStats makes a metric of what Waiting returns.
type waitStats struct {
	*shared
	desc *prometheus.Desc
}

func newWaitStats(s *shared) waitStats {
	return waitStats{s, prometheus.NewDesc("whence_waiting_seconds", "How long intake has been held up, and by what. Nothing while it is not.", []string{"for"}, nil)}
}

// Describe implements prometheus.Collector.
func (w waitStats) Describe(to chan<- *prometheus.Desc) { to <- w.desc }

// Collect implements prometheus.Collector.
func (w waitStats) Collect(to chan<- prometheus.Metric) {
	for _, wait := range w.Waiting() {
		to <- prometheus.MustNewConstMetric(w.desc, prometheus.GaugeValue, time.Since(wait.Since).Seconds(), wait.For)
	}
}
