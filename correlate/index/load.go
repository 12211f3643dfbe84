package index

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"whence/correlate"
)

// A loader is a Store that takes facts by the hundred thousand for a fraction of what
// Put costs. Pebble is one.
type loader interface {
	// beginLoad comes before load. So many facts may come. endLoad comes after it.
	beginLoad(facts int64) error
	endLoad() error
	// meet reports whether something may be stored of k, and notes that from now on
	// something is. It is safe for concurrent use, for keys of which no two are the same.
	meet(k correlate.Key) bool
	// load stores the rows of piles, and empties these. No two piles have rows of one key,
	// and what was held of a row has been joined to it. It is durable, and it does not
	// move the position: that is for a Put, after it.
	load(piles []*pile) error
}

// tableBytes is how many bytes of rows go into one file: as small as those of Pebble's
// own, so that it can merge a few at a time.
const tableBytes = 16 << 20

func (p *Pebble) beginLoad(facts int64) error {
	<-p.known.done
	p.compactor.hold()
	p.put.Lock()
	defer p.put.Unlock()
	p.known.loading = true
	if s := p.known.sieve.Load(); s != nil && s.keys.Load() == 0 {
		p.known.sieve.Store(newSieve(facts)) // of one layer
	}
	return p.unkeep()
}

// endLoad leaves nothing of what was loaded to be read again after a crash.
func (p *Pebble) endLoad() error {
	defer p.compactor.release()
	p.put.Lock()
	p.known.loading, p.known.learned = false, true
	err := p.write(nil, nil)
	p.put.Unlock()
	return errors.Join(err, p.flush())
}

func (p *Pebble) meet(k correlate.Key) bool {
	s := p.known.sieve.Load()
	return s == nil || s.add(k)
}

// load writes the rows in order to files and adds these to the store, all at once.
// Meanwhile the position of what was loaded before gets to the disk.
func (p *Pebble) load(piles []*pile) error {
	_, err := p.db.AsyncFlush()
	if err == nil {
		err = p.ingest(piles)
	}
	for _, r := range piles {
		r.reset()
	}
	if err != nil {
		return p.failed("load facts", err)
	}
	return nil
}

func (p *Pebble) ingest(piles []*pile) error {
	var all sync.WaitGroup
	for _, r := range piles {
		all.Go(r.sort)
	}
	all.Wait()
	if !slices.ContainsFunc(piles, func(r *pile) bool { return len(r.rows) > 0 }) {
		return nil
	}
	parts := apart(piles)
	files, errs := make([][]string, len(parts)), make([]error, len(parts))
	for i := range parts {
		all.Go(func() { files[i], errs[i] = p.writeTables(i, parts[i]) })
	}
	all.Wait()
	paths, err := slices.Concat(files...), errors.Join(errs...)
	if err == nil && len(paths) > 0 {
		err = p.db.Ingest(context.Background(), paths) // takes them away
	}
	if err != nil {
		for _, path := range paths {
			_ = p.fs.Remove(path) // or the next load does, by its name
		}
	}
	return err
}

// apart cuts sorted piles into as many ranges of rows, of about the same size: of each
// range the rows that every pile has in it.
func apart(piles []*pile) [][]slice {
	longest := slices.MaxFunc(piles, func(a, b *pile) int { return cmp.Compare(len(a.rows), len(b.rows)) })
	parts := make([][]slice, len(piles))
	from := make([]int, len(piles))
	for i := range parts {
		for j, r := range piles {
			to := len(r.rows)
			if i < len(parts)-1 {
				cut := longest.key(&longest.rows[len(longest.rows)*(i+1)/len(parts)])
				to, _ = slices.BinarySearchFunc(r.rows, cut, func(row pileRow, cut []byte) int { return bytes.Compare(r.key(&row), cut) })
			}
			parts[i] = append(parts[i], slice{r, r.rows[from[j]:to]})
			from[j] = to
		}
	}
	return parts
}

// A slice is some rows of a pile.
type slice struct {
	pile *pile
	rows []pileRow
}

// writeTables writes the rows of all slices, in order, to files named after part.
func (p *Pebble) writeTables(part int, slices []slice) (paths []string, err error) {
	var w *sstable.Writer
	defer func() {
		if w != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	written := 0
	for {
		first := -1
		for i := range slices {
			if s := &slices[i]; len(s.rows) > 0 && (first < 0 || bytes.Compare(s.key(), slices[first].key()) < 0) {
				first = i
			}
		}
		if first < 0 {
			return paths, nil
		}
		s := &slices[first]
		if w == nil {
			path := filepath.Join(p.dir, fmt.Sprintf("load-%d-%d.sst", part, len(paths)))
			f, err := p.fs.Create(path, vfs.WriteCategoryUnspecified)
			if err != nil {
				return paths, err
			}
			paths = append(paths, path)
			w = sstable.NewWriter(objstorageprovider.NewFileWritable(f), p.opts.MakeWriterOptions(0, p.db.TableFormat()))
		}
		value := s.pile.value(&s.rows[0])
		if err := w.Set(s.key(), value); err != nil {
			return paths, err
		}
		written += len(value)
		s.rows = s.rows[1:]
		if written >= tableBytes {
			if err := w.Close(); err != nil {
				return paths, err
			}
			w, written = nil, 0
		}
	}
}

func (s *slice) key() []byte { return s.pile.key(&s.rows[0]) }
