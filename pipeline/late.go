package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/correlate/ledger"
)

// lateFacts reads the facts published since the last repair and walks the chains
// that name their keys again. The place is kept in a consumer group of its own
// and committed after everything found by then has been written: a crash in
// between does the work twice, to the same effect.
func (r *Repair) lateFacts(ctx context.Context, late *lateSpan, done *Repaired) error {
	keys := touched{}
	flush := func() error {
		err := r.named(ctx, keys, done)
		clear(keys)
		return err
	}
	err := r.read(ctx, late, func(f *correlate.Fact) error {
		done.Facts++
		keys.add(f, r.resolver.Load().Kinds)
		if len(keys) >= lateKeys {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	return r.commit(ctx, late)
}

// commit commits the end of a span as the place of repair, with its place in the
// ledger.
func (r *Repair) commit(ctx context.Context, late *lateSpan) error {
	offsets := kadm.Offsets{}
	for tp, end := range late.until {
		offsets.Add(kadm.Offset{Topic: tp.topic, Partition: tp.partition, At: end, LeaderEpoch: -1, Metadata: encodeHead(r.head(late))})
	}
	// Where instances repair while they run, the place is theirs: they do the same
	// again, to no effect.
	if err := late.admin.CommitAllOffsets(ctx, r.group(), offsets); err != nil && !errors.Is(err, kerr.UnknownMemberID) {
		return fmt.Errorf("commit the place of repair: %w", err)
	}
	return nil
}

// lateKeys is how many keys are looked for at once.
const lateKeys = 10_000

// touched are the keys that late facts are about, each with the earliest event it can
// matter to.
type touched map[correlate.Key]time.Time

func (t touched) add(f *correlate.Fact, kinds correlate.Kinds) {
	since := f.Since(kinds)
	if old, ok := t[f.Key]; !ok || since.Before(old) {
		t[f.Key] = since
	}
}

// named walks the chains again that looked up any of keys.
func (r *Repair) named(ctx context.Context, keys touched, done *Repaired) error {
	if len(keys) == 0 {
		return nil
	}
	var list []correlate.Key
	var from time.Time
	for k, since := range keys {
		if len(list) == 0 || since.Before(from) {
			from = since
		}
		list = append(list, k)
	}
	slices.SortFunc(list, correlate.Key.Compare)
	return r.inBatches(func(yield func(correlate.Chain) error) error {
		return r.archive.Naming(ctx, list, from, r.clock.Now().Add(24*time.Hour), yield)
	}, func(cs []correlate.Chain) error { return r.again(ctx, cs, done) })
}

// lateSpan is what of the fact topics has not been repaired after: from a place
// committed in the repair's own group to where the topics ended.
type lateSpan struct {
	admin       *kadm.Client
	from, until map[tp]int64
	after       ledger.Head // of the last repair that committed
}

func (r *Repair) group() string { return repairGroup(r.cfg) }

func repairGroup(cfg Config) string { return cfg.Group + ".repair" }

func (r *Repair) late(ctx context.Context, admin *kadm.Client) (*lateSpan, error) {
	ends, err := admin.ListCommittedOffsets(ctx, r.topics...)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list the ends of the sessions topic: %w", err)
	}
	starts, err := admin.ListStartOffsets(ctx, r.topics...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list the starts of the sessions topic: %w", err)
	}
	committed, err := fetchCommitted(ctx, admin, r.group())
	if err != nil {
		return nil, err
	}
	l := &lateSpan{admin: admin, from: map[tp]int64{}, until: map[tp]int64{}, after: repairHead(committed)}
	ends.Each(func(o kadm.ListedOffset) {
		k := tp{o.Topic, o.Partition}
		l.until[k] = o.Offset
		if s, ok := starts.Lookup(o.Topic, o.Partition); ok {
			l.from[k] = s.Offset
		}
		if c, ok := committed.Lookup(o.Topic, o.Partition); ok {
			l.from[k] = max(l.from[k], c.At)
		}
	})
	return l, nil
}

// fetchCommitted returns what a group has committed, if anything.
func fetchCommitted(ctx context.Context, admin *kadm.Client, group string) (kadm.OffsetResponses, error) {
	committed, err := admin.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // nobody has committed yet
		return nil, fmt.Errorf("fetch the offsets of group %s: %w", group, err)
	}
	return committed, nil
}

// read passes on the facts of a span.
func (r *Repair) read(ctx context.Context, late *lateSpan, yield func(*correlate.Fact) error) error {
	return readSpan(ctx, r.kafka, late.admin, late.from, late.until, func(rec *kgo.Record) error {
		f, err := index.DecodeFact(rec.Value)
		if err != nil || f == nil {
			return nil //nolint:nilerr // a mark, or unreadable: the table counts those
		}
		return yield(f)
	})
}
