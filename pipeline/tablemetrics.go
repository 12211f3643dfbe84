package pipeline

import (
	"github.com/prometheus/client_golang/prometheus"

	"whence/correlate/index"
)

// tableStats shows what the session table did and holds: look-ups by the layer
// that answered, facts by what became of them, sizes, and how far behind it is.
type tableStats struct {
	table                          *index.Table
	lookups, facts, entries, bytes *prometheus.Desc
	lag, unreadable, sifted        *prometheus.Desc
}

func newTableStats(t *index.Table) *tableStats {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("whence_sessions_"+name, help, labels, nil)
	}
	return &tableStats{
		table:      t,
		lookups:    desc("lookups_total", "Look-ups of the session table, by what answered: hot, overflow, cache, store or absent.", "by"),
		facts:      desc("facts_total", "Facts, by what became of them: bound, skipped (known), refused (too large), published, applied.", "as"),
		entries:    desc("hot_entries", "Sessions in the exact table."),
		bytes:      desc("bytes", "Memory held, by layer; of the overflow, disk.", "layer"),
		lag:        desc("lag_records", "Records of the session topics not read yet."),
		sifted:     desc("sifted_total", "Starts at which all rows of the store had to be read for their keys."),
		unreadable: desc("unreadable_total", "Records of the session topics that could not be read."),
	}
}

// Describe implements prometheus.Collector.
func (c *tableStats) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, ch) }

// Collect implements prometheus.Collector.
func (c *tableStats) Collect(ch chan<- prometheus.Metric) {
	s := c.table.Stats()
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	count(c.lookups, s.HotHits, "hot")
	count(c.lookups, s.OverflowHits, "overflow")
	count(c.lookups, s.ColdHits, "cache")
	count(c.lookups, s.StoreReads-s.Absent, "store")
	count(c.lookups, s.Absent, "absent")
	count(c.facts, s.Bound, "bound")
	count(c.facts, s.Skipped, "skipped")
	count(c.facts, s.Refused, "refused")
	count(c.facts, s.Published, "published")
	count(c.facts, s.Applied, "applied")
	gauge(c.entries, int64(s.HotEntries))
	gauge(c.bytes, s.HotBytes, "hot")
	gauge(c.bytes, s.OverflowBytes, "overflow")
	gauge(c.bytes, s.CacheBytes, "cache")
	gauge(c.lag, s.Lag)
	count(c.unreadable, s.Unreadable)
	count(c.sifted, s.Sifted)
}
