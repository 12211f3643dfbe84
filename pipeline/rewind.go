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
)

// ErrActive means that a group has members: what they read is theirs.
var ErrActive = errors.New("the group is at work")

// ErrNothingThere means that From names a topic or partition that is not read.
var ErrNothingThere = errors.New("there is nothing to read from")

// Rewound says where a partition will be read from.
type Rewound struct {
	Topic     string
	Partition int32
	From      int64
	// Again is how many offsets are read again that the group has read.
	Again int64
}

// Rewind sets the group's places so that the next Run of any instance reads the raw
// topics from there. It passes nothing over: a partition that the group has not read
// that far is left where it is. Chains that wait for facts keep their bookmarks, and
// the ledger goes on where it was. A group without places begins exactly there.
//
// Ids and versions come from the lines and from what is known, so that what is read
// again ends in the same rows, or in better ones where more is known now. What was
// known from lines before that, and has expired since from the sessions topic, is
// known no more: then the rows that are there are the better ones, and stay.
//
// It fails with ErrActive while the group has members.
func Rewind(ctx context.Context, cfg Config, kafka []kgo.Opt, from From) ([]Rewound, error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	r := rewind{cfg: cfg, admin: kadm.NewClient(client), from: from}
	done, err := r.do(ctx)
	if err != nil {
		return nil, fmt.Errorf("read again: %w", err)
	}
	return done, nil
}

type rewind struct {
	cfg   Config
	admin *kadm.Client
	from  From

	begins, ends, after kadm.ListedOffsets
	held                kadm.OffsetResponses
}

func (r *rewind) do(ctx context.Context) (done []Rewound, err error) {
	if err := r.idle(ctx); err != nil {
		return nil, err
	}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	set := kadm.Offsets{}
	for _, o := range sorted(r.ends) {
		p, to, err := r.place(o)
		if err != nil {
			return nil, err
		}
		if p != nil {
			offset, text := p.encode()
			set.Add(kadm.Offset{Topic: o.Topic, Partition: o.Partition, At: offset, LeaderEpoch: -1, Metadata: text})
		}
		done = append(done, to)
	}
	if len(set) == 0 {
		return done, nil
	}
	err = r.admin.CommitAllOffsets(ctx, r.cfg.Group, set)
	if errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.RebalanceInProgress) {
		return nil, fmt.Errorf("%w: somebody has joined %s", ErrActive, r.cfg.Group)
	}
	if err != nil {
		return nil, fmt.Errorf("commit offsets: %w", err)
	}
	return done, nil
}

// idle fails while the group has members.
func (r *rewind) idle(ctx context.Context) error {
	groups, err := r.admin.DescribeGroups(ctx, r.cfg.Group)
	if err == nil {
		err = groups.Error()
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at group %s: %w", r.cfg.Group, err)
	}
	switch g := groups[r.cfg.Group]; g.State {
	case "Empty", "Dead", "":
		return nil
	default:
		return fmt.Errorf("%w: %s has %d members", ErrActive, r.cfg.Group, len(g.Members))
	}
}

// look asks where partitions begin and end, and where the group is.
func (r *rewind) look(ctx context.Context) error {
	names := topicNames(r.cfg)
	var errs [4]error
	r.begins, errs[0] = r.admin.ListStartOffsets(ctx, names...)
	r.ends, errs[1] = r.admin.ListEndOffsets(ctx, names...)
	if !r.from.time.IsZero() {
		r.after, errs[2] = r.admin.ListOffsetsAfterMilli(ctx, r.from.time.UnixMilli(), names...)
	}
	r.held, errs[3] = r.admin.FetchOffsets(ctx, r.cfg.Group)
	if errors.Is(errs[3], kerr.GroupIDNotFound) {
		errs[3] = nil
	}
	if err := errors.Join(errors.Join(errs[:]...), r.begins.Error(), r.ends.Error(), r.after.Error()); err != nil {
		return fmt.Errorf("list offsets: %w", err)
	}
	for k := range r.from.each {
		if _, ok := r.ends.Lookup(k.topic, k.partition); !ok {
			return fmt.Errorf("%w: %s:%d is no partition of a topic that is configured", ErrNothingThere, k.topic, k.partition)
		}
	}
	return nil
}

// place is what to commit for the partition that ends at end; nil to leave it.
func (r *rewind) place(end kadm.ListedOffset) (*place, Rewound, error) {
	to := Rewound{Topic: end.Topic, Partition: end.Partition}
	held, has := r.held.Lookup(end.Topic, end.Partition)
	old := place{}
	if has = has && held.At >= 0; has {
		var err error
		if old, err = decodePlace(held.At, held.Metadata); err != nil {
			return nil, to, fmt.Errorf("%s/%d: %w", end.Topic, end.Partition, err)
		}
	}
	at, named := r.start(end)
	switch {
	case !named && has, has && old.head <= at:
		to.From = old.start()
		return nil, to, nil
	case !named:
		return nil, to, nil // from its begin, as without a place
	}
	p := place{head: at, ledger: old.ledger}
	for _, b := range old.bookmarks {
		if b < at {
			p.bookmarks = append(p.bookmarks, b)
		}
	}
	to.From = at
	if has {
		to.Again = old.head - at
	}
	// How far the partition was read in event time is not told: it is to be read
	// again, and until then nothing may settle by it.
	p.seen = time.Time{}
	return &p, to, nil
}

// start is where From wants a partition to be read from, within what is there.
func (r *rewind) start(end kadm.ListedOffset) (at int64, named bool) {
	begin := int64(0)
	if o, ok := r.begins.Lookup(end.Topic, end.Partition); ok {
		begin = o.Offset
	}
	switch f := r.from; {
	case f.each != nil:
		if at, named = f.each[tp{end.Topic, end.Partition}]; !named {
			return 0, false
		}
	case f.earliest:
		at = begin
	case !f.time.IsZero():
		at = end.Offset
		if o, ok := r.after.Lookup(end.Topic, end.Partition); ok && o.Offset >= 0 {
			at = o.Offset
		}
	default:
		at = f.offset
	}
	return min(max(at, begin), end.Offset), true
}

func sorted(listed kadm.ListedOffsets) (all []kadm.ListedOffset) {
	listed.Each(func(o kadm.ListedOffset) { all = append(all, o) })
	slices.SortFunc(all, func(a, b kadm.ListedOffset) int {
		if a.Topic != b.Topic {
			if a.Topic < b.Topic {
				return -1
			}
			return 1
		}
		return int(a.Partition - b.Partition)
	})
	return all
}
