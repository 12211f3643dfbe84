package index

import (
	"cmp"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/arena"
)

// A worker has the keys whose hash falls to it.
type worker struct {
	pile     pile
	deferred []correlate.Fact
	mem      correlate.Memory
	fact     [1]correlate.Fact
	applied  uint64
}

// A telling is a record of a fact on its way to its worker.
type telling struct {
	hash   uint64 // of the fact's key
	record *kgo.Record
}

// sorted tells the facts of a partition from its marks.
func (r *rebuild) sorted(p kgo.FetchTopicPartition) (facts []telling, marks []placedMark) {
	facts = make([]telling, 0, len(p.Records))
	for _, record := range p.Records {
		if record.Attrs.IsControl() {
			continue
		}
		value := arena.View(record.Value) // which nobody writes again
		if k, ok := keyOf(value); ok {
			facts = append(facts, telling{r.hash(k), record})
			continue
		}
		_, m, err := decodeRecord(value)
		switch {
		case err != nil:
			r.unreadable(record, err)
		case m != nil && p.Topic == r.cfg.SessionsTopic:
			marks = append(marks, placedMark{p.Partition, *m})
		}
	}
	return facts, marks
}

// keyOf is the key of a record that holds a fact, as far as can be told from its
// beginning.
func keyOf(value string) (correlate.Key, bool) {
	if len(value) < 2 || len(value) > MaxFactBytes || value[0] != codecVersion || value[1] != isFact {
		return correlate.Key{}, false
	}
	rd := reader{s: value[2:]}
	k := rd.key()
	return k, rd.err == nil && !k.IsZero()
}

// apply has a worker apply those facts that are its own.
func (r *rebuild) apply(own uint64, facts []telling) {
	w, n := r.workers[own], uint64(len(r.workers))
	for i := range facts {
		if hash := facts[i].hash; hash>>8%n == own {
			r.one(w, hash, facts[i].record)
		}
	}
}

// one applies one fact.
func (r *rebuild) one(w *worker, hash uint64, record *kgo.Record) {
	defer w.mem.Reset()
	rd := reader{s: arena.View(record.Value[2:]), mem: &w.mem}
	w.fact[0] = correlate.Fact{Key: rd.key()}
	f, body := &w.fact[0], rd.s
	rd.body(f)
	if err := rd.end("fact"); err != nil || f.Kind == 0 {
		r.unreadable(record, cmp.Or(err, errEmpty))
		return
	}
	if !r.store.meet(f.Key) {
		r.hot.set(hash, correlate.Session{Key: f.Key, Facts: w.fact[:]}, whole)
		w.pile.add(f, body)
		w.applied++
		return
	}
	reach := int64(whole)
	_, alias := r.lives[f.Key.Kind]
	if alias {
		reach = nanos(f.Time)
	}
	held, floor, ok := r.hot.get(hash, f.Key, reach, whole, nil)
	if !ok {
		w.deferred = append(w.deferred, f.Clone())
		return
	}
	merged, news := join(held, w.fact[:])
	if len(news) == 0 {
		return
	}
	r.hot.set(hash, merged, floorFor(merged, floor, alias))
	for i := range news {
		w.pile.add(&news[i], "")
	}
	w.applied += uint64(len(news))
}
