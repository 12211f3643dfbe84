package pipeline

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestBrokersKilled kills broker after broker while two instances work and lines
// come in, and starts it again: the only one there is, or one of three at a time.
func TestBrokersKilled(t *testing.T) {
	want := calm(t)
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprintf("one of %d", nodes), func(t *testing.T) {
			kafka := ownApache(t, nodes)
			b := apacheBench(t, kafka)
			b.open(testEvents)
			first, second := b.start(nil), b.start(nil)
			b.ready(first)
			b.ready(second)
			client := b.client()
			defer client.Close()
			const kills = 3
			all := lines(testEvents)
			killed := 0
			for some := range slices.Chunk(all, len(all)/kills+1) {
				var failed atomic.Int32
				for _, r := range some {
					client.Produce(t.Context(), r, func(_ *kgo.Record, err error) {
						if err != nil {
							failed.Add(1)
						}
					})
				}
				node := kafka.Nodes()[killed%nodes]
				node.Kill()
				killed++
				if err := node.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := client.Flush(t.Context()); err != nil || failed.Load() > 0 {
					t.Fatalf("%d lines could not be written: %v", failed.Load(), err)
				}
				if err := kafka.InSync(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			b.until("all lines are in", b.read)
			first.stop(t)
			second.stop(t)
			b.finish()
			if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
				t.Errorf("(-calm +got):\n%s", d)
			}
		})
	}
}
