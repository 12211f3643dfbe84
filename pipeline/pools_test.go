package pipeline

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestPoolsLendEnough: whatever goes back, a piece has room for its class.
func TestPoolsLendEnough(t *testing.T) {
	p := newPools()
	for _, n := range []int{1, 1000, firstPooled - 1, firstPooled, firstPooled + 1, 100_000, 1 << 20, 3 << 20, 8 << 20, 9 << 20, 64 << 20} {
		p.PutDecompressBytes(make([]byte, n))
	}
	for _, n := range []int{0, 1, 8191, 8192, 8193, 20_000, 200_000, 1 << 20, 4 << 20} {
		for range 4 {
			got := cap(p.GetDecompressBytes(make([]byte, n), kgo.CodecLz4))
			if want := n * firstGuess; got < want || want > firstPooled && got > 2*want {
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

// TestPoolsLearn: a log that packs worse than others must not take more room than it
// needs, and one that packs better must not have its pieces grown.
func TestPoolsLearn(t *testing.T) {
	for _, times := range []int{1, 3, 12, 40} {
		p := newPools()
		for range 100 {
			p.OnFetchBatchRead(kgo.BrokerMetadata{}, "logs", 0, kgo.FetchBatchMetrics{
				CompressionType: 3, CompressedBytes: 100_000, UncompressedBytes: 100_000 * times,
			})
		}
		want := 100_000 * times
		if got := cap(p.GetDecompressBytes(make([]byte, 100_000), kgo.CodecLz4)); got < want || got > want*3/2 {
			t.Errorf("%d bytes for a batch that unpacks to %d", got, want)
		}
	}
}

// TestPoolsForgetWhatNobodyAsksFor: pieces of a size that is not in demand any more make
// room for those that are.
func TestPoolsForgetWhatNobodyAsksFor(t *testing.T) {
	p := newPools()
	for range mostIdle / firstPooled {
		p.PutDecompressBytes(make([]byte, firstPooled))
	}
	large := make([]byte, 1<<20)
	p.PutDecompressBytes(large)
	if p.held > mostIdle {
		t.Errorf("%d bytes are kept of at most %d", p.held, mostIdle)
	}
	if got := p.GetDecompressBytes(make([]byte, 180_000), kgo.CodecLz4); &got[:1][0] != &large[0] {
		t.Errorf("a new piece of %d bytes, although one of %d was just given back", cap(got), cap(large))
	}
	held := 0
	for _, ps := range p.idle {
		for _, piece := range ps {
			held += cap(piece.b)
		}
	}
	if held != p.held {
		t.Errorf("%d bytes are idle, and %d are counted", held, p.held)
	}
}
