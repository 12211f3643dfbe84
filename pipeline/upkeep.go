package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate/index"
)

// upkeep commits and announces for all lanes, until stop is closed.
func (g *group) upkeep(ctx context.Context, stop <-chan struct{}) {
	tick := time.NewTicker(g.cfg.CommitEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		g.mu.Lock()
		lanes := make([]*lane, 0, len(g.lanes))
		for _, l := range g.lanes {
			if l.cancel != nil {
				lanes = append(lanes, l)
			}
		}
		g.mu.Unlock()
		err := g.outage.during(func() error { return errors.Join(g.commit(ctx, lanes), g.voices(ctx, lanes), g.announce(ctx, lanes)) })
		if err != nil && ctx.Err() == nil {
			g.metrics.commitErr.Inc()
			g.outage.begin(err)
		}
	}
}

// commit commits the places of lanes that have changed. An error leaves them to
// the next round, and so does a commit that is fenced: that is no error here.
func (g *group) commit(ctx context.Context, lanes []*lane) error {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	metadata := map[tp]string{}
	places := map[*lane]place{}
	for _, l := range lanes {
		p, dirty := l.progress()
		if !dirty {
			continue
		}
		places[l] = p
		offset, text := p.encode()
		k := tp{l.topic.Name, l.partition}
		metadata[k] = text
		if offsets[k.topic] == nil {
			offsets[k.topic] = map[int32]kgo.EpochOffset{}
		}
		offsets[k.topic][k.partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	if len(places) == 0 {
		return nil
	}
	ctx = kgo.PreCommitFnContext(ctx, func(req *kmsg.OffsetCommitRequest) error {
		for i := range req.Topics {
			t := &req.Topics[i]
			for j := range t.Partitions {
				text := metadata[tp{t.Topic, t.Partitions[j].Partition}]
				t.Partitions[j].Metadata = &text
			}
		}
		return nil
	})
	var failed error
	g.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		failed = commitError(resp, err)
	})
	if errors.Is(failed, errFenced) {
		return nil // not ours any more, or about to be settled: the next round tells
	}
	if failed != nil {
		return fmt.Errorf("commit offsets: %w", failed)
	}
	for l, p := range places {
		l.committed(p)
	}
	return nil
}

// errFenced means that the group is moving partitions about: revoked or lost
// follows, or the same commit succeeds a little later.
var errFenced = errors.New("the group is rebalancing")

func commitError(resp *kmsg.OffsetCommitResponse, err error) error {
	if err != nil || resp == nil {
		return err
	}
	fenced := false
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			switch err := kerr.ErrorForCode(p.ErrorCode); {
			case err == nil:
			case errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.RebalanceInProgress):
				fenced = true
			default:
				return fmt.Errorf("%s/%d: %w", t.Topic, p.Partition, err)
			}
		}
	}
	if fenced {
		return errFenced
	}
	return nil
}

// announce writes the marks of lanes that moved, and the others' now and then for
// instances that joined since. A lane's first mark is written whatever it says:
// it tells everybody that a new generation speaks for the partition.
func (g *group) announce(ctx context.Context, lanes []*lane) error {
	var reports []index.Report
	now := g.clock.Now()
	for _, l := range lanes {
		r := l.reading()
		if r.Generation == 0 {
			continue // it may not speak yet
		}
		g.mu.Lock()
		last, ok := g.marks[tp{r.Topic, r.Partition}]
		g.mu.Unlock()
		if ok && last.Generation == r.Generation && !r.Time.After(last.Time) && slices.Equal(r.Known, last.Known) &&
			now.Sub(last.at) < g.cfg.RefreshMarks {
			continue
		}
		reports = append(reports, r)
	}
	if len(reports) == 0 {
		return nil
	}
	if err := g.table.Announce(ctx, reports); err != nil {
		return fmt.Errorf("announce marks: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range reports {
		g.marks[tp{r.Topic, r.Partition}] = announced{r, now}
	}
	return nil
}
