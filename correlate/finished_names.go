package correlate

import (
	"unsafe"

	"whence/correlate/lexicon"
)

// sharedNames are texts that many walks have: each is kept once, and walks have its
// place. They only grow, up to their bound, and stay where they are. They are safe for
// concurrent use.
type sharedNames struct {
	places *lexicon.Lexicon[place]
	// text has its full capacity from the start and never moves. It is written within
	// the lock of places, each byte once and before its place is known to anybody.
	text []byte
	put  func(string) place
}

const (
	// Numbers and bytes of the names that walks share, and the longest text that may
	// become one.
	finishedNames    = 1 << 16
	finishedNameSize = 1 << placeBits
	maxName          = 256
)

// newSharedNames returns those of walks that take so many bytes.
func newSharedNames(size int) *sharedNames {
	n := &sharedNames{text: make([]byte, 0, min(size/8, finishedNameSize))}
	n.places = lexicon.New[place](finishedNames, cap(n.text))
	n.put = func(s string) place { // made once: as a method it would allocate each time
		p := placeOf(len(n.text), len(s), sharedText)
		n.text = append(n.text, s...) // the lexicon has no more bytes than there is room for
		return p
	}
	return n
}

func (n *sharedNames) memory() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(n.text)) }

// names are the shared ones, with the last that one walker asked for at hand: the
// lexicon itself takes a lock and a look into a map. They are owned by one goroutine.
type names struct {
	*sharedNames
	recent [recentNames]struct {
		name string // in the memory of the shared ones
		at   place
	}
}

const recentNames = 256

// place returns where s is, if it is one of the names or becomes one now.
func (n *names) place(s string) (place, bool) {
	if n == nil || s == "" || len(s) > maxName {
		return 0, false
	}
	v, w := ends(s[max(0, len(s)-16):])
	r := &n.recent[(v^w*digestA^uint64(len(s)))*digestB>>56%recentNames]
	if r.name == s {
		return r.at, true
	}
	id, ok := n.places.Number(s)
	if !ok {
		if !n.places.Sight(s) {
			return 0, false
		}
		if id, ok = n.places.Add(s, n.put); !ok {
			return 0, false
		}
	}
	r.at = n.places.At(uint64(id))
	r.name = (&texts{sharedText: n.memory()}).at(r.at)
	return r.at, true
}
