package pipeline

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestPoolsLendEnough: whatever goes back, a piece has room for its class.
func TestPoolsLendEnough(t *testing.T) {
	p := &pools{}
	for _, n := range []int{1, 1000, firstPooled - 1, firstPooled, firstPooled + 1, 100_000, 1 << 20, 3 << 20, 8 << 20, 9 << 20, 64 << 20} {
		p.PutDecompressBytes(make([]byte, n))
	}
	for _, n := range []int{0, 1, 8191, 8192, 8193, 20_000, 200_000, 1 << 20, 4 << 20} {
		for range 4 {
			if got := cap(p.GetDecompressBytes(make([]byte, n), kgo.CodecLz4)); got < n*unpacks {
				t.Errorf("%d bytes for a batch of %d", got, n)
			}
		}
	}
	if got := p.GetRecords(7); len(got) != 7 {
		t.Errorf("%d records", len(got))
	}
	p.PutRecords(make([]kgo.Record, 3))
	if got := p.GetRecords(7); len(got) != 7 {
		t.Errorf("%d records", len(got))
	}
}
