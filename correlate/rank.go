package correlate

// knowledge is how much is known of what a chain could be built from.
//
// Facts that become known either add to what is reachable, or tell that something is
// over that a name led to, and then facts may go out of reach. So what is told of ends
// weighs more than any number of facts, and of ends those weigh more that are told of
// names nearer to the event: an end told of a name with n others on the way changes
// nothing of what lies before it, takes away what was reachable by it alone, ends among
// that, and cannot be taken away itself but by an end told of a name nearer still. In
// that order knowledge only grows, and does with every fact that can change the chain.
type knowledge struct {
	facts  int             // within reach
	ended  [maxReach]int32 // lines that told of an end, by the number of names on the way
	levels int             // of ended, that are not 0
}

func (k *knowledge) tell(level, n int) {
	k.ended[level] += int32(n)
	k.levels = max(k.levels, level+1)
}

// rank writes k as a number that orders as k does: as long as no line has told of an
// end, the number of facts. Otherwise it begins, for each level up to the last that is
// not 0, with a one and what was told there, and then has a zero and the number of
// facts, as large as there is room for: 17 bits with 1,000 ends of names nearest to the
// event, 8 with 100,000. More facts than that are not told apart.
func (k *knowledge) rank() uint32 { return k.code(rankBits) }

// code is rank in as many bits.
func (k *knowledge) code(size int) uint32 {
	if k.levels == 0 {
		return uint32(min(max(k.facts, 0), 1<<(size-1)-1))
	}
	w := bitWriter{room: size}
	for _, n := range k.ended[:k.levels] {
		w.write(1, 1)
		w.number(uint(n))
	}
	w.write(0, 1)
	return uint32(w.v<<w.room | uint64(min(uint(max(k.facts, 0)), 1<<w.room-1)))
}

// A bitWriter writes numbers one after the other, the first of which weighs most.
type bitWriter struct {
	v    uint64
	room int // bits left; what has none is left out
}

func (w *bitWriter) write(v uint, n int) {
	if n > w.room { // the beginning of it orders as well as it can
		v >>= n - w.room
		n = w.room
	}
	w.v = w.v<<n | uint64(v)
	w.room -= n
}

// numberBits are the lengths of numbers from one on: the longer ones begin where the
// shorter end, and are told by the ones before them.
var numberBits = [...]int{5, 10, 14, 17, 20}

// number writes n so that small numbers take few bits and order is kept.
func (w *bitWriter) number(n uint) {
	if n == 0 {
		w.write(0, 1)
		return
	}
	w.write(1, 1)
	n--
	last := len(numberBits) - 1
	for _, size := range numberBits[:last] {
		if n>>size == 0 {
			w.write(0, 1)
			w.write(n, size)
			return
		}
		w.write(1, 1)
		n -= 1 << size
	}
	size := numberBits[last]
	w.write(min(n, 1<<size-1), size)
}

// knowledgeOf reads a rank, as far as it had room for what it tells.
func knowledgeOf(rank uint32) knowledge {
	r := bitReader{v: uint64(rank), left: rankBits}
	var k knowledge
	for level := 0; r.read(1) == 1; level++ {
		if n := r.number(); n > 0 {
			k.tell(level, int(n))
		}
	}
	k.facts = int(r.read(r.left))
	return k
}

// A bitReader reads what a bitWriter wrote. What was left out is zero.
type bitReader struct {
	v    uint64
	left int
}

func (r *bitReader) read(n int) uint {
	some := min(n, r.left)
	r.left -= some
	return uint(r.v>>r.left&(1<<some-1)) << (n - some)
}

func (r *bitReader) number() uint {
	if r.read(1) == 0 {
		return 0
	}
	n, last := uint(1), len(numberBits)-1
	for _, size := range numberBits[:last] {
		if r.read(1) == 0 {
			return n + r.read(size)
		}
		n += 1 << size
	}
	return n + r.read(numberBits[last])
}
