package index

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A keepsake is a sieve in a file beside the store, so that the next start need not
// read every row for its key:
//
//	magic id[8] seed[8] keys[8] layers[8] {words[8] room[8]} of each layer
//	the words of each layer
//	the hashes that were added to the last layer since
//
// A row of the store says which file it is, how long it was and what its checksum was
// when that row was written, and is written with the facts whose keys are new. So
// whatever a crash leaves of the store, its row tells how much of the file is about what
// it has, and whether that is there: the file need not be synced with the store, and one
// of another store, or of another time, is none. What comes after that in the file is of
// rows that the crash took, and is written over.
//
// Hashes are good only in the layer that they were added to: a key that a fuller sieve
// took for known was not added, and another sieve would not know it. So the file is
// written anew when the sieve gets another layer, and when it has become too long.
//
// It is guarded by Pebble.put.
type keepsake struct {
	fs   vfs.FS
	path string
	file vfs.File
	note keepsakeNote
	of   *sieve
	// layers of the sieve that are in the file, and how long it may become.
	layers int
	most   int64
	added  []byte // hashes to be written
}

// A keepsakeNote is what the store's row says.
type keepsakeNote struct {
	id, size uint64
	sum      uint32
}

const (
	keepsakeMagic = "whence sieve 1\n\n"
	keepsakeNamed = "sieve-"
	// keepsakeTail is how many bytes of hashes a file may have, more than a quarter of
	// its layers: they are read at a hundred million a second at best.
	keepsakeTail   = 8 << 20
	keepsakeLayers = 24 // of which the last would be for 4^23 times as many keys as the first
)

var (
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
	errKeepsake = errors.New("its content is not what the store was written with")
	errNote     = errors.New("the row about it cannot be read")
)

// newKeepsake writes s to a new file in dir. Nothing may be added to s meanwhile, but
// by those who have it all written again.
func newKeepsake(fs vfs.FS, dir string, s *sieve) (_ *keepsake, err error) {
	k := &keepsake{fs: fs, of: s, note: keepsakeNote{id: rand.Uint64()}}
	k.path = filepath.Join(dir, k.note.name())
	if k.file, err = fs.OpenReadWrite(k.path, vfs.WriteCategoryUnspecified); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.file.Close(), fs.Remove(k.path))
		}
	}()
	layers := *s.layers.Load()
	k.layers = len(layers)
	b := append(make([]byte, 0, 64<<10), keepsakeMagic...)
	for _, n := range []uint64{k.note.id, s.seed, uint64(s.keys.Load()), uint64(len(layers))} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for _, l := range layers {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(l.words)))
		b = binary.LittleEndian.AppendUint64(b, uint64(max(0, l.room.Load())))
	}
	for _, l := range layers {
		for i := range l.words {
			if b = binary.LittleEndian.AppendUint64(b, l.words[i].Load()); len(b) > cap(b)-8 {
				if err := k.append(b); err != nil {
					return nil, err
				}
				b = b[:0]
			}
		}
	}
	if err := k.append(b); err != nil {
		return nil, err
	}
	k.bound()
	return k, nil
}

func (k *keepsake) bound() {
	k.most = keepsakeTail
	for _, l := range *k.of.layers.Load() {
		k.most += int64(len(l.words)) * 8 * 5 / 4
	}
}

// openKeepsake reads the file that note is about, and goes on with it.
func openKeepsake(fs vfs.FS, dir string, note keepsakeNote) (_ *keepsake, err error) {
	k := &keepsake{fs: fs, note: note, path: filepath.Join(dir, note.name())}
	if _, err := fs.Stat(k.path); err != nil {
		return nil, err // to open it would make it
	}
	if k.file, err = fs.OpenReadWrite(k.path, vfs.WriteCategoryUnspecified); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.file.Close())
		}
	}()
	sum := crc32.New(castagnoli)
	all := &io.LimitedReader{R: io.NewSectionReader(k.file, 0, int64(note.size)), N: int64(note.size)}
	r := bufio.NewReaderSize(io.TeeReader(all, sum), 256<<10)
	if k.of, err = readSieve(r, note); err != nil {
		return nil, err
	}
	if sum.Sum32() != note.sum {
		return nil, errKeepsake
	}
	k.layers = len(*k.of.layers.Load())
	k.bound()
	return k, nil
}

// readSieve reads a sieve from all of r. It may be wrong if the checksum is.
func readSieve(r *bufio.Reader, note keepsakeNote) (*sieve, error) {
	var b [8]byte
	left := note.size
	number := func() (uint64, error) {
		if left < 8 {
			return 0, errKeepsake
		}
		left -= 8
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, fmt.Errorf("%w: %w", errKeepsake, err)
		}
		return binary.LittleEndian.Uint64(b[:]), nil
	}
	var head [6]uint64 // the magic is as long as two numbers
	for i := range head {
		n, err := number()
		if err != nil {
			return nil, err
		}
		head[i] = n
	}
	magic := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, head[0]), head[1])
	if string(magic) != keepsakeMagic || head[2] != note.id || head[5] == 0 || head[5] > keepsakeLayers {
		return nil, errKeepsake
	}
	s := &sieve{seed: head[3]}
	s.keys.Store(int64(head[4]))
	layers := make([]*layer, head[5])
	all := uint64(0)
	for i := range layers {
		words, err := number()
		if err != nil {
			return nil, err
		}
		room, err := number()
		if err != nil {
			return nil, err
		}
		if all += words; words == 0 || words%lineWords != 0 || words > left/8 || all > left/8 {
			return nil, errKeepsake
		}
		layers[i] = &layer{words: make([]atomic.Uint64, words)}
		layers[i].room.Store(int64(room))
	}
	s.layers.Store(&layers)
	for _, l := range layers {
		for i := range l.words {
			n, err := number()
			if err != nil {
				return nil, err
			}
			l.words[i].Store(n)
		}
	}
	last := layers[len(layers)-1]
	for left > 0 {
		hash, err := number()
		if err != nil {
			return nil, err
		}
		last.set(hash)
		last.room.Add(-1)
		s.keys.Add(1)
	}
	return s, nil
}

// add notes that a hash was added to the last layer.
func (k *keepsake) add(hash uint64) {
	k.added = binary.LittleEndian.AppendUint64(k.added, hash)
}

// full reports whether the sieve has to be written to another file.
func (k *keepsake) full() bool {
	return k.layers != len(*k.of.layers.Load()) || int64(k.note.size)+int64(len(k.added)) > k.most
}

// write writes what was added.
func (k *keepsake) write() error {
	err := k.append(k.added)
	k.added = k.added[:0]
	return err
}

func (k *keepsake) append(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	sum := crc32.Update(k.note.sum, castagnoli, b) // a file may change what it is given
	_, err := k.file.WriteAt(b, int64(k.note.size))
	if err != nil {
		return err
	}
	k.note.size, k.note.sum = k.note.size+uint64(len(b)), sum
	return nil
}

// close leaves the file to the next start.
func (k *keepsake) close() error { return errors.Join(k.file.Sync(), k.file.Close()) }

func (n keepsakeNote) name() string { return fmt.Sprintf("%s%016x", keepsakeNamed, n.id) }

func (n keepsakeNote) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, n.id), n.size)
	return binary.BigEndian.AppendUint32(b, n.sum)
}

func readKeepsakeNote(b []byte) (n keepsakeNote, err error) {
	if len(b) != 20 {
		return n, errNote
	}
	n = keepsakeNote{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint32(b[16:])}
	if n.size > 1<<40 {
		return n, errNote
	}
	return n, nil
}

// forgetKeepsakes deletes all files of sieves in dir but those that are kept.
func forgetKeepsakes(fs vfs.FS, dir string, kept ...string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		if strings.HasPrefix(name, keepsakeNamed) && !slices.Contains(kept, name) {
			errs = append(errs, fs.Remove(filepath.Join(dir, name)))
		}
	}
	return errors.Join(errs...)
}
