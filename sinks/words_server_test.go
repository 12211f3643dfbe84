package sinks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/sinks"
)

// The server takes columns as words, whatever there is of them, into columns that
// are dictionaries and into those that are not.
func TestWordsAreStored(t *testing.T) {
	// hops gives chain i some hops; method j of all is the one that name says.
	hops := func(i, each int, name func(j int) string) (hs []correlate.Hop) {
		for j := range each {
			hs = append(hs, correlate.Hop{
				Principal: correlate.Principal{Type: correlate.RoleType, ID: "r", Issuer: name(j)}, Proof: correlate.Issued, Method: name(i*each + j),
			})
		}
		return hs
	}
	for name, tt := range map[string]struct {
		blocks, rows int
		change       func(i int, c *correlate.Chain)
	}{
		"few, and none": {1, 300, func(i int, c *correlate.Chain) {
			c.Action = []string{"", "a", "b"}[i%3]
			c.Hops = hops(i, i%3, func(j int) string { return []string{"m", "", "n"}[j%3] })
		}},
		"more than a byte counts": {1, 1200, func(i int, c *correlate.Chain) {
			c.Action, c.Hops = fmt.Sprint(i%400), hops(i, 2, func(j int) string { return fmt.Sprint(j % 700) })
		}},
		"more than two bytes count": {1, 1000, func(i int, c *correlate.Chain) {
			c.Hops = hops(i, 140, func(j int) string { return fmt.Sprint(j / 2) })
		}},
		"several blocks": {4, 300, func(i int, c *correlate.Chain) {
			c.Action, c.Hops = fmt.Sprint(i%90), hops(i, i%4, func(j int) string { return fmt.Sprint(j % 50) })
			if i < 300 {
				c.Hops = nil
			}
		}},
		"all different": {2, 300, func(i int, c *correlate.Chain) {
			c.Action, c.Hops = fmt.Sprint(i), hops(i, 2, func(j int) string { return fmt.Sprint(j) })
		}},
		"never the same in sight": {1, 6000, func(i int, c *correlate.Chain) {
			c.Action, c.Context.Agent = fmt.Sprint(i%3000), strings.Repeat("x", i%3000)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) {
				cfg.Linger, cfg.BatchRows, cfg.Inserts = time.Hour, tt.blocks*tt.rows+1, 1
			})
			write(t, c, bareChain(1_000_000)) // those that follow linger until all are there
			want := map[correlate.ID]correlate.Chain{}
			var g errgroup.Group
			for b := range tt.blocks {
				var out sinks.Output
				for i := range tt.rows {
					ch := bareChain(b*tt.rows + i)
					tt.change(b*tt.rows+i, &ch)
					want[ch.ID] = ch
					out.Chains = append(out.Chains, ch)
				}
				if b == 0 {
					out.Chains = append(out.Chains, out.Chains[0]) // the one that fills the group
				}
				g.Go(func() error { return c.Write(t.Context(), &out) })
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			n := 0
			err := c.Between(t.Context(), time.Time{}, time.Time{}, func(got correlate.Chain) error {
				n++
				if w, ok := want[got.ID]; ok && !cmp.Equal(w, got, cmpopts.EquateEmpty()) {
					t.Errorf("(-written +read):\n%s", cmp.Diff(w, got, cmpopts.EquateEmpty()))
					return errEnough
				}
				return nil
			})
			if err != nil || n != len(want)+1 {
				t.Errorf("read %d chains, %v; want %d", n, err, len(want)+1)
			}
		})
	}
}

// Lists of one group are of one length, also those of which nothing was sent.
func TestListsThatAreLeftOut(t *testing.T) {
	c := clickHouse(t)
	one, two := bareChain(1), bareChain(2)
	one.Hops = []correlate.Hop{{Method: "m"}, {}}
	two.Candidates = []correlate.Candidate{{}, {}, {}}
	two.Resources = []correlate.Resource{{ID: "only an id"}, {}}
	write(t, c, one, two)
	rows := table(t, "SELECT length(hops.key), length(hops.state), length(candidates.why), length(candidates.owner), length(resources.type) FROM chains ORDER BY time")
	got := strings.Split(strings.TrimSpace(rows), "\n")
	if want := []string{"2 | 2 | 0 | 0 | 0", "0 | 0 | 3 | 3 | 2"}; !slices.Equal(got[len(got)-2:], want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
