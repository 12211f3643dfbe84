package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"whence/rules"
)

// rulesMetrics tell of the rules in use.
type rulesMetrics struct {
	rules, refused prometheus.Gauge
	reloads        *prometheus.CounterVec
}

func newRulesMetrics() *rulesMetrics {
	return &rulesMetrics{
		rules:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "whence_rules", Help: "Rules in use."}),
		refused: prometheus.NewGauge(prometheus.GaugeOpts{Name: "whence_rules_refused", Help: "1 while the newest rules are wrong and those before are in use."}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "whence_rules_reloads_total", Help: "Changed rules, by whether they were used or refused.",
		}, []string{"result"}),
	}
}

func (m *rulesMetrics) register(reg prometheus.Registerer) {
	reg.MustRegister(m.rules, m.refused, m.reloads)
}

func (m *rulesMetrics) show(s *rules.Set, refused bool) {
	m.rules.Set(float64(len(s.Versions())))
	m.refused.Set(0)
	if refused {
		m.refused.Set(1)
	}
}
