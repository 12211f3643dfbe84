package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are all that the pipeline measures, each with the question it answers.
// They are registered where the caller says, never globally.
type metrics struct {
	records   *prometheus.CounterVec // how much comes in?
	events    *prometheus.CounterVec // how many log lines is that?
	rejects   *prometheus.CounterVec // what could not be decoded, and why?
	chains    *prometheus.CounterVec // how well are first versions attributed?
	improved  prometheus.Counter     // how many chains were written again, better?
	reused    prometheus.Counter     // how many of the walks were found finished?
	settled   *prometheus.CounterVec // how did chains settle: by the clock or by max_wait?
	parked    *prometheus.GaugeVec   // how many chains wait now?
	letGo     prometheus.Counter     // how many did a full window let go?
	alerts    *prometheus.CounterVec // what was found?
	ruleErrs  *prometheus.CounterVec // which rules fail at run time?
	step      *prometheus.HistogramVec
	eventLag  *prometheus.GaugeVec   // how far behind the wall is event time, by topic?
	paused    *prometheus.GaugeVec   // which partitions are held back?
	commitErr prometheus.Counter     // do commits fail?
	repaired  *prometheus.CounterVec // what has repair done beside the lanes?
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "whence_" + name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "whence_" + name, Help: help}, labels)
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "whence_" + name, Help: help}, labels)
	}
	m := &metrics{
		records:   counters("records_total", "Records read from raw topics.", "topic"),
		events:    counters("events_total", "Log lines decoded.", "source"),
		rejects:   counters("rejects_total", "Records or parts of them that could not be decoded.", "source", "reason"),
		chains:    counters("chains_total", "First versions of chains written, by status.", "source", "status"),
		improved:  counter("chains_improved_total", "Better versions of chains written."),
		reused:    counter("walks_reused_total", "Chains that were found by a finished walk of the same session."),
		settled:   counters("chains_settled_total", "Chains settled, by what settled them.", "by"),
		parked:    gauges("chains_parked", "Chains that may still improve.", "topic", "partition"),
		letGo:     counter("window_let_go_total", "Chains let go unsettled because a window was full."),
		alerts:    counters("alerts_total", "Alerts written.", "rule", "state"),
		ruleErrs:  counters("rule_errors_total", "Rules that failed at run time.", "rule"),
		eventLag:  gauges("event_time_lag_seconds", "Wall time less the event time every partition of a topic has been read to.", "topic"),
		paused:    gauges("partition_paused", "1 while intake of a partition is held back.", "topic", "partition"),
		commitErr: counter("commit_errors_total", "Offset commits that failed."),
		repaired:  counters("repair_total", "Facts repaired after, chains walked again, chains improved and alerts written by repair.", "what"),
		step: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "whence_step_seconds", Help: "Time a batch spent in each step.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"step"}),
	}
	if reg != nil {
		reg.MustRegister(m.records, m.events, m.rejects, m.chains, m.improved, m.reused, m.settled, m.parked, m.letGo, m.alerts,
			m.ruleErrs, m.eventLag, m.paused, m.commitErr, m.repaired, m.step)
	}
	return m
}

// timed observes how long a step took: defer m.timed("bind", time.Now())().
func (m *metrics) timed(step string, start time.Time) func() {
	return func() { m.step.WithLabelValues(step).Observe(time.Since(start).Seconds()) }
}
