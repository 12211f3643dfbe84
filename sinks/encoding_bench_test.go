package sinks

import (
	"testing"
)

// What one chain costs to write for others. Nothing is allocated but the record's
// bytes, which have room here.
func BenchmarkEncoding(b *testing.B) {
	c := siemChains()["api_activity"]
	for _, e := range Encodings() {
		b.Run(string(e), func(b *testing.B) {
			b.ReportAllocs()
			var doc []byte
			for b.Loop() {
				doc, _ = e.AppendChain(doc[:0], &c) // its time has four digits
			}
			b.ReportMetric(float64(len(doc)), "B/doc")
		})
	}
	b.Run("marshal", func(b *testing.B) { // as it was before
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestEncodingAllocatesNothing(t *testing.T) {
	room := make([]byte, 0, 64<<10)
	for _, e := range Encodings() {
		for name, c := range siemChains() {
			if n := testing.AllocsPerRun(50, func() { _, _ = e.AppendChain(room, &c) }); n != 0 {
				t.Errorf("%s, %s: %v allocations", e, name, n)
			}
		}
		if e == Native {
			continue // an alert's own JSON is made by encoding/json: alerts are few
		}
		for name, a := range siemAlerts() {
			if n := testing.AllocsPerRun(50, func() { _, _ = e.AppendAlert(room, &a) }); n != 0 {
				t.Errorf("%s, %s: %v allocations", e, name, n)
			}
		}
	}
	k := &Kafka{cfg: KafkaConfig{}.Default(), idle: make(chan *sending, 1)}
	out := &Output{}
	for _, c := range siemChains() {
		out.Chains = append(out.Chains, c)
	}
	n := testing.AllocsPerRun(50, func() {
		s := k.take()
		if err := s.encode(k, out); err != nil || len(s.list) != len(out.Chains) {
			t.Errorf("%d records, %v", len(s.list), err)
		}
		k.give(s)
	})
	if n != 0 {
		t.Errorf("records of %d chains: %v allocations", len(out.Chains), n)
	}
}
