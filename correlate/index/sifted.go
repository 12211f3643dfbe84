package index

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"whence/correlate"
	"whence/correlate/arena"
)

// known is what a Pebble knows of its own keys. Most keys that are looked up in vain
// were minted where we cannot see it, and come again with every event: to ask Pebble
// costs microseconds, to ask a sieve of all its keys some 30 ns.
//
// The sieve is in memory, and in a file beside the store for the next start. If that
// cannot be used it is filled from the rows when the store is opened, in the background,
// and until then says yes to everything; and it is filled anew when a good part of what
// it knows has been swept. Whoever puts adds to it first.
type known struct {
	sieve atomic.Pointer[sieve] // nil until the first is filled
	swept atomic.Int64          // rows, since the sieve was filled
	why   string                // the first is filled from rows; empty if it is not
	done  chan struct{}         // closed when the first filling has ended

	// Guarded by Pebble.put, as are calls of add.
	filling  *sieve
	keepsake *keepsake // nil while the sieve is in no file
	learned  bool      // something since the keepsake was written or, if there is none, at all
	loading  bool      // too much is learned to write it down
	unkept   bool      // it could not be written
}

var (
	errClosing = errors.New("the store is being closed")
	errEnough  = errors.New("enough was read")
)

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

// Sifting says why the store, as it was opened, had to read all its rows for their keys;
// empty if it had not.
func (p *Pebble) Sifting() string { return p.known.why }

// siftFirst gets the first sieve, or fills it in the background.
func (p *Pebble) siftFirst() (err error) {
	p.known.done = make(chan struct{})
	if p.known.why, err = p.kept(); err != nil {
		return err
	}
	if p.known.why == "" {
		close(p.known.done)
		return nil
	}
	iter, err := p.sift(0)
	if err != nil {
		return err
	}
	go func() {
		defer close(p.known.done)
		// A read of the rows themselves finds what is wrong with them, and says so;
		// without a sieve all of them are read.
		_ = p.fill(iter, func() {})
	}()
	return nil
}

// kept puts the sieve to use that was kept, or says why it cannot.
func (p *Pebble) kept() (why string, err error) {
	p.put.Lock()
	defer p.put.Unlock()
	value, closer, err := p.db.Get([]byte{keepsakeRow})
	if errors.Is(err, pebble.ErrNotFound) {
		some := false
		if err := p.scan(factRows, func(_, _ []byte) error { some = true; return errEnough }); err != nil && !errors.Is(err, errEnough) {
			return "", err
		}
		if some {
			return "they were not kept", nil
		}
		p.known.sieve.Store(newSieve(0))
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer closer.Close()
	if len(value) == 0 {
		return "the topics were being read when the store was last used", nil
	}
	note, err := readKeepsakeNote(value)
	if err == nil {
		p.known.keepsake, err = openKeepsake(p.fs, p.dir, note)
	}
	if err != nil {
		return fmt.Sprintf("what was kept of them: %v", err), nil
	}
	p.known.sieve.Store(p.known.keepsake.of)
	_ = forgetKeepsakes(p.fs, p.dir, note.name()) // or the next one does
	return "", nil
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
		if p.closing.Load() {
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
	p.known.filling, p.known.learned, p.known.unkept = nil, true, false
	former := p.known.keepsake
	if p.known.keepsake = nil; former != nil {
		_ = former.file.Close()
	}
	return p.write(nil, nil)
}

// learn notes that k is about to be stored. The caller holds p.put.
func (p *Pebble) learn(k correlate.Key) {
	if s := p.known.sieve.Load(); s != nil {
		if hash := s.hash(k); !s.addHash(hash) {
			p.known.learned = true
			if p.known.keepsake != nil {
				p.known.keepsake.add(hash)
			}
		}
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
	p.known.learned = false
	p.dropKeepsake()
}

// keepSifted writes down what was learned of keys for the rows of b, and has b tell what
// was written. The caller holds p.put.
func (p *Pebble) keepSifted(b *pebble.Batch) error {
	k := &p.known
	s := k.sieve.Load()
	if s == nil || !k.learned || k.loading || k.unkept {
		return nil
	}
	var err error
	if k.keepsake != nil && !k.keepsake.full() {
		err = k.keepsake.write()
	} else {
		err = p.newKeepsake(s)
	}
	if err != nil {
		// The disk is full, or broken: Pebble will say so. Without the file the next
		// start takes longer.
		k.unkept = true
		p.dropKeepsake()
		return b.Delete([]byte{keepsakeRow}, nil)
	}
	k.learned = false
	return b.Set([]byte{keepsakeRow}, k.keepsake.note.append(nil), nil)
}

// newKeepsake writes the sieve to a new file. That of before stays until there is another
// one: the disk may not have the row yet that tells of the new one.
func (p *Pebble) newKeepsake(s *sieve) error {
	keepsake, err := newKeepsake(p.fs, p.dir, s)
	if err != nil {
		return err
	}
	kept := []string{keepsake.note.name()}
	if former := p.known.keepsake; former != nil {
		kept = append(kept, former.note.name())
		_ = former.file.Close() // it was good until now
	}
	p.known.keepsake = keepsake
	return forgetKeepsakes(p.fs, p.dir, kept...)
}

// unkeep has the store tell that the sieve is in no file. The caller holds p.put.
func (p *Pebble) unkeep() error {
	p.dropKeepsake()
	if err := p.db.Set([]byte{keepsakeRow}, nil, pebble.NoSync); err != nil {
		return p.failed("write keys", err)
	}
	return p.flush()
}

func (p *Pebble) dropKeepsake() {
	if k := p.known.keepsake; k != nil {
		_ = k.file.Close() // it is of no use any more
		p.known.keepsake = nil
	}
}

func (p *Pebble) closeKeepsake() error {
	p.put.Lock()
	defer p.put.Unlock()
	k := p.known.keepsake
	if k == nil {
		return nil
	}
	p.known.keepsake = nil
	return k.close()
}
