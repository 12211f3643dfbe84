package main

// dice draws numbers that follow from a seed alone: what a session is called must
// be computed again from its number, because ten million of them are not kept.
// (splitmix64: one addition and three shifts a draw.)
type dice uint64

// diceFor is the dice of thing number i.
func diceFor(seed, i uint64) dice {
	return dice(mix(seed+1) ^ mix(i*0x9e3779b97f4a7c15+0x632be59bd9b4e019))
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	return mix(uint64(*d))
}

// below draws from 0 to n-1.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// share draws from 0 up to 1.
func (d *dice) share() float64 { return float64(d.next()>>11) / (1 << 53) }

const (
	hexDigits = "0123456789abcdef"
	base32    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// letters appends n characters of alphabet, whose length is a power of two.
func (d *dice) letters(b []byte, n int, alphabet string) []byte {
	mask := uint64(len(alphabet) - 1)
	for n > 0 {
		for v, k := d.next(), min(n, 12); k > 0; k, n, v = k-1, n-1, v>>5 {
			b = append(b, alphabet[v&mask])
		}
	}
	return b
}

func (d *dice) uuid(b []byte) []byte {
	for i, n := range [...]int{8, 4, 4, 4, 12} {
		if i > 0 {
			b = append(b, '-')
		}
		b = d.letters(b, n, hexDigits)
	}
	return b
}

func pick[T any](d *dice, of []T) T { return of[d.below(len(of))] }
