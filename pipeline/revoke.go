package pipeline

import (
	"context"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// revoked lets each lane finish the batch in hand, commits it with its
// bookmarks, and drops it. The next owner finds the parked chains by the
// bookmarks; their partial versions are in the sinks already.
func (g *group) revoked(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	lanes := g.drop(parts)
	for _, l := range lanes {
		close(l.stop)
	}
	timeout := time.NewTimer(g.cfg.DrainTimeout)
	defer timeout.Stop()
	expired := false
	for _, l := range lanes {
		if l.cancel == nil {
			continue // never started
		}
		if !expired {
			select {
			case <-l.stopped:
			case <-timeout.C:
				expired = true
				g.log.Warn("a batch did not finish in time; it will be done again by the next owner", "topic", l.topic.Name, "partition", l.partition)
			}
		}
		l.cancel()
		<-l.stopped
	}
	if err := g.commit(ctx, lanes); err != nil {
		g.metrics.commitErr.Inc()
		g.log.Warn("the last commit of revoked partitions failed; their records will be read again", "err", err)
	}
}

// lost drops lanes whose partitions already belong to somebody else. Nothing is
// committed: the new owner has begun.
func (g *group) lost(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	for _, l := range g.drop(parts) {
		if l.cancel != nil {
			l.cancel()
			<-l.stopped
		}
	}
}

// drop takes lanes out of the group: from here on they are neither fed nor
// committed by upkeep.
func (g *group) drop(parts map[string][]int32) []*lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []*lane
	for topic, ps := range parts {
		for _, p := range ps {
			k := tp{topic, p}
			if l := g.lanes[k]; l != nil {
				out = append(out, l)
				delete(g.lanes, k)
				g.shared.lanes.Store(int32(len(g.lanes)))
				g.metrics.parked.DeleteLabelValues(topic, strconv.Itoa(int(p)))
				g.metrics.paused.DeleteLabelValues(topic, strconv.Itoa(int(p)))
			}
		}
	}
	return out
}
