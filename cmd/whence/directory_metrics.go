package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"whence/correlate"
)

// directoryMetrics tell of the directory in use.
type directoryMetrics struct {
	entries, version, refused prometheus.Gauge
	reloads                   *prometheus.CounterVec
}

func newDirectoryMetrics() *directoryMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "whence_directory_" + name, Help: help})
	}
	return &directoryMetrics{
		entries: gauge("entries", "People, services and schedules in the directory in use."),
		version: gauge("version", "Version of the directory in use."),
		refused: gauge("refused", "1 while the newest directory is wrong and the one before is in use."),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "whence_directory_reloads_total", Help: "Changed directories, by whether they were used or refused.",
		}, []string{"result"}),
	}
}

func (m *directoryMetrics) register(reg prometheus.Registerer) {
	reg.MustRegister(m.entries, m.version, m.refused, m.reloads)
}

func (m *directoryMetrics) show(d *correlate.Directory, refused bool) {
	m.entries.Set(float64(d.Len()))
	m.version.Set(float64(d.Version))
	m.refused.Set(0)
	if refused {
		m.refused.Set(1)
	}
}
