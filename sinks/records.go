package sinks

import (
	"encoding/hex"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// sending is the memory of one write: the bytes of all its records, one after the
// other, and the records. It is used again once all are acknowledged; what may still
// be on its way is left to the collector.
type sending struct {
	bytes   []byte
	marks   []mark
	records []kgo.Record
	list    []*kgo.Record
}

// mark says where a record's key and value end in the bytes.
type mark struct {
	topic      string
	key, value int
}

const (
	// maxIdle is how many sendings are kept to be used again, and maxIdleBytes how
	// large each may be; what is more goes to the collector.
	maxIdle      = 16
	maxIdleBytes = 4 << 20
)

// take returns a sending that is empty.
func (k *Kafka) take() *sending {
	select {
	case s := <-k.idle:
		return s
	default:
		return &sending{}
	}
}

// give takes s back. Nobody may hold its records.
func (k *Kafka) give(s *sending) {
	if cap(s.bytes) > maxIdleBytes {
		return
	}
	clear(s.records)
	clear(s.list)
	s.bytes, s.marks, s.records, s.list = s.bytes[:0], s.marks[:0], s.records[:0], s.list[:0]
	select {
	case k.idle <- s:
	default: // enough are there
	}
}

// encode makes the records of what is wanted here of out. Facts have a topic of their
// own, and rejects go with their bytes to the dead letters: neither is this sink's.
func (s *sending) encode(k *Kafka, out *Output) (err error) {
	if k.cfg.Chains != "" {
		for i := range out.Chains {
			if err := s.chain(k, &out.Chains[i]); err != nil {
				return err
			}
		}
	}
	if k.cfg.Alerts != "" {
		for i := range out.Alerts {
			if err := s.alert(k, &out.Alerts[i]); err != nil {
				return err
			}
		}
	}
	s.slice()
	return nil
}

func (s *sending) chain(k *Kafka, c *correlate.Chain) (err error) {
	if f := k.cfg.Filter.Chain; f != nil && !k.count.wants(f(c)) {
		return nil
	}
	s.bytes = k.cfg.Key.appendChain(s.bytes, c)
	key := len(s.bytes)
	if s.bytes, err = k.cfg.Encoding.AppendChain(s.bytes, c); err != nil {
		return err
	}
	s.marks = append(s.marks, mark{k.cfg.Chains, key, len(s.bytes)})
	return nil
}

func (s *sending) alert(k *Kafka, a *correlate.Alert) (err error) {
	if f := k.cfg.Filter.Alert; f != nil && !k.count.wants(f(a)) {
		return nil
	}
	s.bytes = k.cfg.Key.appendAlert(s.bytes, a)
	key := len(s.bytes)
	if s.bytes, err = k.cfg.Encoding.AppendAlert(s.bytes, a); err != nil {
		return err
	}
	s.marks = append(s.marks, mark{k.cfg.Alerts, key, len(s.bytes)})
	return nil
}

// slice makes the records, now that the bytes do not move any more.
func (s *sending) slice() {
	if n := len(s.marks); cap(s.records) < n {
		s.records, s.list = make([]kgo.Record, 0, n), make([]*kgo.Record, 0, n)
	}
	from := 0
	for _, m := range s.marks {
		s.records = append(s.records, kgo.Record{
			Topic: m.topic, Key: s.bytes[from:m.key:m.key], Value: s.bytes[m.key:m.value:m.value],
		})
		s.list = append(s.list, &s.records[len(s.records)-1])
		from = m.value
	}
}

func appendIDText(b []byte, id correlate.ID) []byte { return hex.AppendEncode(b, id[:]) }
