package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"whence/sinks"
)

// announced tells how much went to each destination in Kafka: is the SIEM fed?
type announced struct {
	counts             func() []sinks.Counts
	records, undecided *prometheus.Desc
}

// measureAnnounced registers the metrics of whatever is told of chains and alerts.
func measureAnnounced(reg prometheus.Registerer, to sinks.Sink) {
	if c, ok := to.(interface{ Counts() []sinks.Counts }); ok {
		reg.MustRegister(announced{
			counts: c.Counts,
			records: prometheus.NewDesc("whence_announced_total",
				"Records for a destination in Kafka: sent, filtered as its filter did not match, or failed, which are written again.",
				[]string{"destination", "result"}, nil),
			undecided: prometheus.NewDesc("whence_announced_undecided_total",
				"Records that were sent because the filter of their destination could not be evaluated.", []string{"destination"}, nil),
		})
	}
}

// Describe implements prometheus.Collector.
func (a announced) Describe(to chan<- *prometheus.Desc) {
	to <- a.records
	to <- a.undecided
}

// Collect implements prometheus.Collector.
func (a announced) Collect(to chan<- prometheus.Metric) {
	for _, c := range a.counts() {
		for _, r := range []struct {
			result string
			n      uint64
		}{{"sent", c.Sent}, {"filtered", c.Filtered}, {"failed", c.Failed}} {
			to <- prometheus.MustNewConstMetric(a.records, prometheus.CounterValue, float64(r.n), c.Name, r.result)
		}
		to <- prometheus.MustNewConstMetric(a.undecided, prometheus.CounterValue, float64(c.Undecided), c.Name)
	}
}
