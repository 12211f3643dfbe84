package simulate

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// dice draws everything that is left to chance. The same seeds give the same draws.
type dice struct{ r *rand.Rand }

func newDice(seed, stream uint64) dice { return dice{rand.New(rand.NewPCG(seed, stream))} }

func (d dice) chance(p float64) bool { return d.r.Float64() < p }

// between draws from lo to hi, both included.
func (d dice) between(lo, hi int) int { return lo + d.r.IntN(hi-lo+1) }

func (d dice) duration(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(d.r.Int64N(int64(hi-lo)+1))
}

func pick[T any](d dice, from []T) T { return from[d.r.IntN(len(from))] }

// weighted draws an index with the probability of its weight.
func (d dice) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := d.r.IntN(total)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	panic("simulate: weights do not add up")
}

func (d dice) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.r.Uint32())
	}
	return b
}

func (d dice) hex(n int) string { return hex.EncodeToString(d.bytes((n + 1) / 2))[:n] }

func (d dice) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[d.r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	base32Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base62Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// awsID draws one of AWS's unique ids: a prefix of four letters and 16 more, or 17 for principals.
func (d dice) accessKey(prefix string) string { return prefix + d.from(base32Letters, 16) }

func (d dice) principalID(prefix string) string { return prefix + d.from(base32Letters, 17) }

func (d dice) word(n int) string { return d.from(base62Letters, n) }

func (d dice) uuid() string {
	b := d.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// blob draws an opaque token as platforms print them.
func (d dice) blob(n int) string { return base64.StdEncoding.EncodeToString(d.bytes(n)) }

// ip draws an address of a documentation network.
func (d dice) ip(network string) string { return fmt.Sprintf("%s.%d", network, d.between(2, 250)) }

const (
	officeNet = "203.0.113"
	homeNet   = "198.51.100"
	runnerNet = "192.0.2"
)
