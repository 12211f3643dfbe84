package index

import (
	"bytes"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"whence/correlate"
)

// sweepBatch bounds what a sweep deletes in one write.
const sweepBatch = 1000

// Sweep implements Store. It deletes row by row what it has seen, so a fact that
// is put meanwhile stays, whatever its key.
func (p *Pebble) Sweep(before time.Time) (int, error) {
	lasting := standing
	if f := p.lasting.Load(); f != nil {
		lasting = *f
	}
	s := sweep{db: p.db, before: before, lasting: lasting}
	defer func() { p.known.swept.Add(int64(s.swept)) }()
	if err := p.scan(factRows, s.row); err != nil {
		return s.swept, p.failed("sweep", err)
	}
	s.next(nil)
	if err := s.delete(); err != nil {
		return s.swept, p.failed("sweep", err)
	}
	return s.swept, nil
}

// sweep walks the rows in order and gathers those to delete.
type sweep struct {
	db      *pebble.DB
	before  time.Time
	lasting func(*correlate.Fact) bool

	prefix []byte        // of the session being looked at
	key    correlate.Key // its key
	rows   [][]byte      // its rows that go if all do
	alive  bool          // one stays
	doomed [][]byte      // rows to delete: at most sweepBatch, and one session's more
	swept  int
}

func (s *sweep) row(row, value []byte) error {
	if n := prefixLen(row); !bytes.Equal(row[:n], s.prefix) {
		s.next(row[:n])
		k, err := rowKey(row)
		if err != nil {
			return damaged(err)
		}
		s.key = k
	}
	if len(s.doomed) >= sweepBatch {
		if err := s.delete(); err != nil {
			return err
		}
	}
	f, err := readRow(s.key, string(value))
	if err != nil {
		return err
	}
	switch gone := !s.lasting(&f) && over(&f, s.before); {
	case gone && f.Kind == correlate.Binding:
		s.doomed = append(s.doomed, bytes.Clone(row))
	case gone && !s.alive:
		s.rows = append(s.rows, bytes.Clone(row))
	case !gone:
		s.alive, s.rows = true, nil
	}
	return nil
}

// next closes the session at hand and begins the one with that prefix.
func (s *sweep) next(prefix []byte) {
	s.doomed = append(s.doomed, s.rows...)
	s.prefix, s.rows, s.alive = append(s.prefix[:0], prefix...), nil, false
}

func (s *sweep) delete() error {
	b := s.db.NewBatch()
	defer b.Close()
	for _, row := range s.doomed {
		if err := b.Delete(row, nil); err != nil {
			return err
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return err
	}
	s.swept += len(s.doomed)
	s.doomed = s.doomed[:0]
	return nil
}
