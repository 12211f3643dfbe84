package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"whence/correlate"
	"whence/correlate/arena"
)

// Pebble is a Store on local disk. It writes no log of its own and syncs nothing
// before Close: the topics are its log. Facts and position of one Put land in one
// batch, and batches become durable in the order they were made, so after a crash
// the store is as it was some time ago and reads on from there.
type Pebble struct {
	dir     string
	db      *pebble.DB
	lock    io.Closer
	rebuilt string
	fs      vfs.FS
	failing *failing

	opts      *pebble.Options
	compactor *compactor
	work1     sync.Once
	closing   atomic.Bool

	put     sync.Mutex // Put reads, merges and writes
	known   known
	marks   map[string]correlate.Mark // by row; guarded by put
	lasting atomic.Pointer[func(*correlate.Fact) bool]
}

// OpenPebble opens the store in dir and makes the directory if need be.
// cacheBytes bounds the cache of blocks read from disk. A directory that is
// damaged or was written by a release with other rows is emptied, since the
// topics give everything back: Rebuilt then says why. A directory that is in use
// by another process, or that holds anything else, is an error and left alone.
//
// It merges nothing on disk until a Table over it has caught up with the topics.
//
// When the disk takes nothing more Failed tells, and the owner is to end.
func OpenPebble(dir string, cacheBytes int64) (*Pebble, error) {
	return openPebbleOn(vfs.Default, dir, cacheBytes)
}

func openPebbleOn(fs vfs.FS, dir string, cacheBytes int64) (*Pebble, error) {
	p := &Pebble{dir: dir, fs: fs, failing: newFailing(dir)}
	if err := p.claim(); err != nil {
		return nil, fmt.Errorf("open session store %s: %w", dir, err)
	}
	why := p.unusable()
	if why == "" {
		if err := p.open(cacheBytes); err != nil {
			why = err.Error()
		}
	}
	if p.db != nil {
		return p, nil
	}
	p.rebuilt = why
	if err := errors.Join(p.wipe(), p.open(cacheBytes)); err != nil {
		return nil, fmt.Errorf("rebuild session store %s: %w", dir, errors.Join(err, p.lock.Close()))
	}
	return p, nil
}

// Rebuilt says why OpenPebble emptied the directory; empty if it did not.
func (p *Pebble) Rebuilt() string { return p.rebuilt }

func (p *Pebble) open(cacheBytes int64) error {
	cache := pebble.NewCache(max(cacheBytes, 1<<20))
	defer cache.Unref()
	p.compactor = &compactor{held: 1} // until work
	opts := &pebble.Options{
		Cache:      cache,
		Comparer:   comparer(),
		DisableWAL: true,
		// Without the goroutine that Pebble leaves behind when it cannot open.
		FS:                 hurried{p.fs, &p.closing},
		FormatMajorVersion: pebble.FormatNewest,
		Lock:               p.lock.(*pebble.Lock),
		Logger:             pebbleLog{p.failing},
		EventListener:      &pebble.EventListener{BackgroundError: p.failing.note},
		MemTableSize:       16 << 20,
		// While facts are loaded in bulk nothing is compacted, and Put must not wait
		// for what has piled up then.
		L0StopWritesThreshold: 1 << 20,
	}
	opts.Experimental.CompactionScheduler = p.compactor
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		// Against Snappy 8 % less processor time to write and 8 % less disk, reads
		// the same; ZSTD saves another 20 % of disk for twice the time. Larger blocks
		// or memtables make reads dearer: both come out of one cache.
		opts.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.MinLZCompression }
	}
	opts.EnsureDefaults()
	db, err := pebble.Open(p.dir, opts)
	if err != nil {
		return err
	}
	p.db, p.opts = db, opts
	if err := errors.Join(p.readMarks(), p.siftFirst()); err != nil {
		p.db = nil
		return errors.Join(err, db.Close())
	}
	return nil
}

// Get implements Store.
func (p *Pebble) Get(k correlate.Key, at time.Time, life time.Duration) (correlate.Session, error) {
	var facts []correlate.Fact
	err := p.rows(k, at, life, func(value []byte) error {
		f, err := readRow(k, string(value))
		facts = append(facts, f)
		return err
	})
	if err != nil {
		return correlate.Session{}, p.failed("read session", err)
	}
	return gather(k, facts), nil
}

// tell implements teller.
func (p *Pebble) tell(k correlate.Key, at time.Time, life time.Duration, tell func(*correlate.Fact)) error {
	err := p.rows(k, at, life, func(value []byte) error {
		f, err := readRow(k, arena.View(value))
		if err == nil {
			tell(&f)
		}
		return err
	})
	if err != nil {
		return p.failed("read name", err)
	}
	return nil
}

// rows calls f with the facts of k, oldest first: see Get.
func (p *Pebble) rows(k correlate.Key, at time.Time, life time.Duration, f func(value []byte) error) error {
	iter, err := p.db.NewIter(&pebble.IterOptions{KeyTypes: pebble.IterKeyTypePointsOnly, UseL6Filters: true})
	if err != nil {
		return err
	}
	var buf [256]byte
	from := appendPrefix(buf[:0], k)
	if floor := floorOf(at, life); floor != whole {
		from = appendMoment(from, floor)
	}
	for ok := iter.SeekPrefixGE(from); ok; ok = iter.Next() {
		if err := f(iter.Value()); err != nil {
			return errors.Join(err, iter.Close())
		}
	}
	return iter.Close()
}

// readRow reads a fact, whose texts are in value.
func readRow(k correlate.Key, value string) (correlate.Fact, error) {
	f := correlate.Fact{Key: k}
	r := reader{s: value}
	r.body(&f)
	return f, damaged(r.end("row"))
}

// Put implements Store.
func (p *Pebble) Put(facts []correlate.Fact, pos Position) error {
	p.put.Lock()
	defer p.put.Unlock()
	var all []correlate.Fact
	var row []byte
	for _, g := range byKey(facts) {
		told := gather(g.key, g.facts).Facts
		if p.Lacks(g.key) {
			all = append(all, told...)
			continue
		}
		for _, f := range told {
			row = appendRow(row[:0], &f)
			stronger, err := p.merged(row, f)
			if err != nil {
				return p.failed("write facts", err)
			}
			all = append(all, stronger)
		}
	}
	return p.write(all, pos)
}

// putJoined is Put of facts that were joined already with what is held of them.
func (p *Pebble) putJoined(facts []correlate.Fact, pos Position) error {
	p.put.Lock()
	defer p.put.Unlock()
	return p.write(facts, pos)
}

// write stores facts and position in one batch. The caller holds p.put.
func (p *Pebble) write(facts []correlate.Fact, pos Position) error {
	if err := p.failing.now(); err != nil {
		return err
	}
	b := p.db.NewBatchWithSize(256 * (len(facts) + len(pos)))
	defer b.Close()
	var row, body []byte
	for i := range facts {
		f := &facts[i]
		p.learn(f.Key)
		row, body = appendRow(row[:0], f), appendBody(body[:0], f)
		if err := b.Set(row, body, nil); err != nil {
			return p.failed("write facts", err)
		}
	}
	for tp, next := range pos {
		if err := b.Set(positionRow(tp), binary.BigEndian.AppendUint64(nil, uint64(next)), nil); err != nil {
			return p.failed("write position", err)
		}
	}
	if err := p.keepSifted(b); err != nil {
		return p.failed("write keys", err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return p.failed("write facts", err)
	}
	return nil
}

// merged is f joined with the telling of it that row holds, if any.
func (p *Pebble) merged(row []byte, f correlate.Fact) (correlate.Fact, error) {
	value, closer, err := p.db.Get(row)
	if errors.Is(err, pebble.ErrNotFound) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	defer closer.Close()
	held, err := readRow(f.Key, string(value))
	if err != nil {
		return f, err
	}
	return gather(f.Key, []correlate.Fact{held, f}).Facts[0], nil
}

// Position implements Store.
func (p *Pebble) Position() (Position, error) {
	pos := Position{}
	err := p.scan(positionRows, func(row, value []byte) error {
		tp, next, err := readPosition(row, value)
		pos[tp] = next
		return damaged(err)
	})
	if err != nil {
		return nil, p.failed("read position", err)
	}
	return pos, nil
}

// Reset implements Store.
func (p *Pebble) Reset() error {
	p.put.Lock()
	defer p.put.Unlock()
	b := p.db.NewBatch()
	defer b.Close()
	for _, rows := range []byte{factRows, keepsakeRow, markRows, positionRows} {
		lower, upper := span(rows)
		if err := b.DeleteRange(lower, upper, nil); err != nil {
			return p.failed("reset", err)
		}
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return p.failed("reset", err)
	}
	p.unlearn()
	clear(p.marks)
	return nil
}

// work lets the store merge what it holds, which it does not do before.
func (p *Pebble) work() { p.work1.Do(p.compactor.release) }

func (p *Pebble) keep(lasting func(*correlate.Fact) bool) { p.lasting.Store(&lasting) }

// Close implements Store: it writes out what is in memory and syncs. What cannot be
// written is left to the next start, to be read from the topics; so is what is being
// merged left to be merged.
func (p *Pebble) Close() error {
	p.closing.Store(true)
	p.compactor.Unregister() // or it goes on with what fails
	<-p.known.done
	err := errors.Join(p.closeKeepsake(), p.flush(), p.db.Close(), p.lock.Close())
	if err != nil {
		return fmt.Errorf("close session store: %w", err)
	}
	return nil
}

// flush writes out what is in memory. Pebble's own would wait for ever where nothing
// can be written.
func (p *Pebble) flush() error {
	flushed, err := p.db.AsyncFlush()
	if err != nil {
		return err
	}
	select {
	case <-flushed:
		return nil
	case <-p.failing.since:
		return p.failing.err
	}
}

// scan calls f with every row of one sort, in order, until it returns an error.
func (p *Pebble) scan(rows byte, f func(row, value []byte) error) error {
	lower, upper := span(rows)
	iter, err := p.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper, KeyTypes: pebble.IterKeyTypePointsOnly})
	if err != nil {
		return err
	}
	for ok := iter.First(); ok; ok = iter.Next() {
		if err := f(iter.Key(), iter.Value()); err != nil {
			return errors.Join(err, iter.Close())
		}
	}
	return iter.Close()
}
