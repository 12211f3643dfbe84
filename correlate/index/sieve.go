package index

import (
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"whence/correlate"
)

const (
	// sieveKeys is how many keys the first layer of a sieve is made for; each
	// further layer is for four times as many as the one before.
	sieveKeys = 1 << 19
	// sieveBits per key let about one unknown key of a hundred through.
	sieveBits = 12
	sieveMask = 6 // bits set per key, all in one cache line
	lineWords = 8
)

// A sieve tells keys that are certainly not in a store from those that may be: a
// Bloom filter whose bits for one key share a cache line, 1.5 bytes per key. It only
// grows. It is safe for concurrent use.
type sieve struct {
	seed   uint64
	layers atomic.Pointer[[]*layer]
	keys   atomic.Int64
	grows  sync.Mutex
}

type layer struct {
	words []atomic.Uint64
	room  atomic.Int64 // keys that may still be added
}

func newSieve(keys int64) *sieve {
	s := &sieve{seed: rand.Uint64()}
	first := newLayer(max(sieveKeys, int(keys)))
	s.layers.Store(&[]*layer{first})
	return s
}

func newLayer(keys int) *layer {
	l := &layer{words: make([]atomic.Uint64, (keys*sieveBits/64/lineWords+1)*lineWords)}
	l.room.Store(int64(keys))
	return l
}

// has reports whether k may have been added. It is never wrong when it says no.
func (s *sieve) has(k correlate.Key) bool { return s.holds(s.hash(k)) }

func (s *sieve) holds(hash uint64) bool {
	for _, l := range *s.layers.Load() {
		if l.has(hash) {
			return true
		}
	}
	return false
}

// add makes has say yes to k for good, and reports whether it did so before.
func (s *sieve) add(k correlate.Key) bool { return s.addHash(s.hash(k)) }

func (s *sieve) addHash(hash uint64) bool {
	if s.holds(hash) {
		return true
	}
	layers := *s.layers.Load()
	last := layers[len(layers)-1]
	if last.room.Add(-1) < 0 {
		last = s.grown(last)
	}
	last.set(hash)
	s.keys.Add(1)
	return false
}

// grown returns the layer that comes after a full one.
func (s *sieve) grown(full *layer) *layer {
	s.grows.Lock()
	defer s.grows.Unlock()
	layers := *s.layers.Load()
	last := layers[len(layers)-1]
	if last == full {
		last = newLayer(len(full.words) * 64 / sieveBits * 4)
		layers = append(layers[:len(layers):len(layers)], last)
		s.layers.Store(&layers)
	}
	last.room.Add(-1)
	return last
}

func (l *layer) has(hash uint64) bool {
	line, h := l.line(hash)
	for range sieveMask {
		if line[h>>6&7].Load()&(1<<(h&63)) == 0 {
			return false
		}
		h >>= 9
	}
	return true
}

func (l *layer) set(hash uint64) {
	line, h := l.line(hash)
	for range sieveMask {
		line[h>>6&7].Or(1 << (h & 63))
		h >>= 9
	}
}

// line picks a cache line by the hash, and makes other bits of it for within.
func (l *layer) line(hash uint64) ([]atomic.Uint64, uint64) {
	i, _ := bits.Mul64(hash, uint64(len(l.words)/lineWords))
	at := int(i) * lineWords
	return l.words[at : at+lineWords], bits.RotateLeft64(hash, 32) * 0x9e3779b97f4a7c15
}

// hash is the same in every process, as a sieve may outlive its own: see keepsake. The
// seed is chosen once for each sieve, so nobody outside can choose keys that fill one
// line of it.
func (s *sieve) hash(k correlate.Key) uint64 {
	return fold(fold(s.seed, string(k.Kind)), k.Value)
}

// fold mixes text into h, eight bytes at a time.
func fold(h uint64, text string) uint64 {
	const a, b = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h ^= uint64(len(text)) * a
	for len(text) >= 8 {
		h = mix(h^eight(text), a)
		text = text[8:]
	}
	rest := uint64(0)
	for i := range len(text) {
		rest |= uint64(text[i]) << (8 * i)
	}
	return mix(h^rest, b)
}

func mix(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}

func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
