package index

import (
	"errors"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"whence/correlate"
	"whence/correlate/arena"
)

// known is what a Pebble knows of its own keys. Most keys that are looked up in vain
// were minted where we cannot see it, and come again with every event: to ask Pebble
// costs microseconds, to ask a sieve of all its keys some 30 ns.
//
// The sieve is in memory only. It is filled from the disk when the store is opened,
// in the background, and until then says yes to everything; and filled anew when a
// good part of what it knows has been swept. Whoever puts adds to it first.
type known struct {
	sieve   atomic.Pointer[sieve] // nil until the first is filled
	filling *sieve                // guarded by Pebble.put, as are calls of add
	swept   atomic.Int64          // rows, since the sieve was filled
	closing atomic.Bool
	done    chan struct{} // closed when the first filling has ended
}

var errClosing = errors.New("the store is being closed")

// Lacks reports that nothing is stored of k. When it says no there may be something,
// or it may have been swept.
func (p *Pebble) Lacks(k correlate.Key) bool {
	s := p.known.sieve.Load()
	return s != nil && !s.has(k)
}

// Resift lets Lacks know what was swept, if it is worth a read of all keys. forget
// is called just before that can show. It must not overlap with itself.
func (p *Pebble) Resift(forget func()) error {
	s, swept := p.known.sieve.Load(), p.known.swept.Load()
	if s == nil || swept < sieveKeys || swept < s.keys.Load()/4 {
		return nil
	}
	return p.resift(forget)
}

func (p *Pebble) resift(forget func()) error {
	swept := p.known.swept.Load()
	iter, err := p.sift(p.known.sieve.Load().keys.Load())
	if err == nil {
		err = p.fill(iter, forget)
	}
	if err != nil {
		return p.failed("sift keys", err)
	}
	p.known.swept.Add(-swept)
	return nil
}

// siftFirst fills the first sieve in the background.
func (p *Pebble) siftFirst() error {
	iter, err := p.sift(0)
	if err != nil {
		return err
	}
	p.known.done = make(chan struct{})
	go func() {
		defer close(p.known.done)
		// A read of the rows themselves finds what is wrong with them, and says so;
		// without a sieve all of them are read.
		_ = p.fill(iter, func() {})
	}()
	return nil
}

// sift begins a new sieve. It sees whatever was put before, and hears of all else.
func (p *Pebble) sift(keys int64) (*pebble.Iterator, error) {
	p.put.Lock()
	defer p.put.Unlock()
	lower, upper := span(factRows)
	iter, err := p.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper, KeyTypes: pebble.IterKeyTypePointsOnly})
	if err == nil {
		p.known.filling = newSieve(keys)
	}
	return iter, err
}

// fill adds the keys that iter comes by, and then puts the new sieve in use.
func (p *Pebble) fill(iter *pebble.Iterator, forget func()) error {
	const some = 1024
	more := iter.First()
	for more {
		p.put.Lock() // one batch at a time, so that nobody waits for long
		for n := 0; n < some && more; n++ {
			row := iter.Key()
			r := reader{s: arena.View(row[1:prefixLen(row)])}
			if k := r.key(); r.end("row") == nil {
				p.known.filling.add(k)
			}
			more = iter.Next()
		}
		p.put.Unlock()
		if p.known.closing.Load() {
			return errors.Join(errClosing, iter.Close())
		}
	}
	if err := iter.Close(); err != nil {
		return err
	}
	p.put.Lock()
	defer p.put.Unlock()
	forget()
	p.known.sieve.Store(p.known.filling)
	p.known.filling = nil
	return nil
}

// learn notes that k is about to be stored. The caller holds p.put.
func (p *Pebble) learn(k correlate.Key) {
	if s := p.known.sieve.Load(); s != nil {
		s.add(k)
	}
	if p.known.filling != nil {
		p.known.filling.add(k)
	}
}

// unlearn forgets every key: the store is empty. The caller holds p.put.
func (p *Pebble) unlearn() {
	if p.known.sieve.Load() != nil {
		p.known.sieve.Store(newSieve(0))
	}
	p.known.swept.Store(0)
}
