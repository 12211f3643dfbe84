package correlate

// ManySums takes the SHA-256 of many texts, two at a time where the processor can: two
// lines of 1.4 KB take 0.63 of what they take one after the other (BenchmarkManySums, on
// Zen 5), which is almost as many of its instructions as it can do. More than two at a
// time would gain nothing. The zero ManySums is ready for use. It is not safe for
// concurrent use.
type ManySums struct {
	a, b sumStream
	one  Sums
}

// Hex writes the SHA-256 of each of texts in lower-case hex to the one of hexes at its
// place: HexBytes.
func (s *ManySums) Hex(hexes, texts [][]byte) {
	if !sumFast {
		for i, text := range texts {
			s.one.Hex(hexes[i], text)
		}
		return
	}
	a, b, next := &s.a, &s.b, 0
	for {
		for _, s := range [...]*sumStream{a, b} {
			if s.done() && next < len(texts) {
				s.begin(hexes[next], texts[next])
				next++
			}
		}
		switch {
		case !a.done() && !b.done():
			n := min(len(a.left), len(b.left), mostSumBytes)
			sumBoth(&a.state, &b.state, &a.left[0], &b.left[0], n/blockBytes)
			a.went(n)
			b.went(n)
		case !a.done():
			a.alone()
		case !b.done():
			b.alone()
		default:
			return
		}
	}
}

// mostSumBytes bounds how long the processor is at it at once: it cannot be preempted.
const mostSumBytes = 64 << 10

// A sumStream is a text that is being hashed, if there is any.
type sumStream struct {
	state sumState
	left  []byte // to be hashed next: whole blocks
	end   []byte // and after that
	tail  [2 * blockBytes]byte
	hex   []byte
}

func (s *sumStream) done() bool { return len(s.left) == 0 }

func (s *sumStream) begin(hex, text []byte) {
	whole := len(text) / blockBytes * blockBytes
	blocks := pad(s.tail[:], copy(s.tail[:], text[whole:]), len(text))
	s.state, s.left, s.end, s.hex = sumStart, text[:whole], s.tail[:blocks*blockBytes], hex
	s.went(0)
}

// went takes note that n bytes are hashed. After the last of all it writes the sum.
func (s *sumStream) went(n int) {
	if s.left = s.left[n:]; len(s.left) > 0 {
		return
	}
	if s.left, s.end = s.end, nil; len(s.left) > 0 {
		return
	}
	s.state.hex(s.hex)
	s.left, s.hex = nil, nil
}

// alone goes on without another text: the last of all has nobody to wait with.
func (s *sumStream) alone() {
	n := min(len(s.left), mostSumBytes)
	sumBlocks(&s.state, &s.left[0], n/blockBytes)
	s.went(n)
}
