package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources"
)

// An EvidenceArchive knows where the raw events of chains are. See sinks.ClickHouse
// for the contract of its methods.
type EvidenceArchive interface {
	EvidenceTopics(ctx context.Context, from, to time.Time, yield func(topic string, partition int32) error) error
	Evidence(ctx context.Context, topic string, partition int32, offset int64, from, to time.Time, limit int, yield func(correlate.ID, correlate.Evidence) error) error
}

// Compared says how many raw events were compared with Kafka.
type Compared struct {
	Events int64 `json:"events"`
	// Gone are those whose record is not there any more: retention took it, or the
	// topic was made anew.
	Gone int64 `json:"gone"`
	// Unknown are those of topics that the configuration does not have.
	Unknown int64 `json:"unknown"`
}

// A comparer reads raw events again.
type comparer struct {
	cfg     Config
	client  *kgo.Client
	archive EvidenceArchive
	from    time.Time
	to      time.Time
	work    *work
	done    Compared
	differs func(id correlate.ID, ev correlate.Evidence, detail string)
}

// CompareEvidence reads the records that chains of a time rest on, as far as Kafka
// still has them, and calls differs for every raw event that is not there or does
// not hash to what the chain says. Between from and to is when the events happened.
func CompareEvidence(ctx context.Context, cfg Config, kafka []kgo.Opt, archive EvidenceArchive, from, to time.Time,
	differs func(id correlate.ID, ev correlate.Evidence, detail string),
) (Compared, error) {
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.KeepControlRecords())...)
	if err != nil {
		return Compared{}, fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	c := &comparer{cfg: cfg, client: client, archive: archive, from: from, to: to, work: newWork(false), differs: differs}
	c.work.decoded.Beside = cfg.reads
	c.work.decoded.Standard()
	var parts []tp
	err = archive.EvidenceTopics(ctx, from, to, func(topic string, partition int32) error {
		parts = append(parts, tp{topic, partition})
		return nil
	})
	if err != nil {
		return c.done, err
	}
	starts, err := kadm.NewClient(client).ListStartOffsets(ctx, topicNames(cfg)...)
	if err != nil {
		return c.done, fmt.Errorf("list the starts of raw topics: %w", err)
	}
	ends, err := kadm.NewClient(client).ListCommittedOffsets(ctx, topicNames(cfg)...)
	if err != nil {
		return c.done, fmt.Errorf("list the ends of raw topics: %w", err)
	}
	for _, p := range parts {
		begin, known := starts.Lookup(p.topic, p.partition)
		end, _ := ends.Lookup(p.topic, p.partition)
		if err := c.partition(ctx, p, known && begin.Err == nil, begin.Offset, end.Offset); err != nil {
			return c.done, fmt.Errorf("%s: %w", laneName(p.topic, p.partition), err)
		}
	}
	return c.done, nil
}

// evidenceChunk is how many raw events are looked for at the same time.
const evidenceChunk = 200_000

// claim is what a chain says of a record.
type claim struct {
	id correlate.ID
	ev correlate.Evidence
}

// partition compares what chains say of one partition, which has the records from
// begin to end.
func (c *comparer) partition(ctx context.Context, p tp, known bool, begin, end int64) error {
	for offset := int64(0); ; {
		claims := map[int64][]claim{}
		first, last, n := int64(-1), int64(0), 0
		err := c.archive.Evidence(ctx, p.topic, p.partition, offset, c.from, c.to, evidenceChunk, func(id correlate.ID, ev correlate.Evidence) error {
			n++
			switch {
			case !known:
				c.done.Unknown++
			case ev.Offset < begin, ev.Offset >= end:
				c.done.Gone++
			default:
				if first < 0 {
					first = ev.Offset
				}
				claims[ev.Offset] = append(claims[ev.Offset], claim{id, ev})
			}
			last = ev.Offset
			return nil
		})
		if err != nil {
			return err
		}
		if len(claims) > 0 {
			if err := c.read(ctx, p, claims, first, min(last, end-1)); err != nil {
				return err
			}
		}
		if n < evidenceChunk {
			return nil
		}
		offset = last + 1
	}
}

// read reads the records from first to last and compares those that chains rest on.
func (c *comparer) read(ctx context.Context, p tp, claims map[int64][]claim, first, last int64) error {
	c.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{p.topic: {p.partition: kgo.NewOffset().At(first)}})
	defer c.client.RemoveConsumePartitions(map[string][]int32{p.topic: {p.partition}})
	for next := first; next <= last; {
		wait, cancel := context.WithTimeout(ctx, readStall)
		fetches := c.client.PollRecords(wait, 5000)
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, fe := range fetches.Errors() {
			if wait.Err() == nil {
				return fmt.Errorf("read: %w", fe.Err)
			}
		}
		if fetches.NumRecords() == 0 && wait.Err() != nil {
			break // retention or compaction took the rest
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Topic != p.topic || r.Partition != p.partition {
				return // fetched before the partition before this one was done
			}
			next = r.Offset + 1
			if cs := claims[r.Offset]; len(cs) > 0 {
				delete(claims, r.Offset)
				c.compare(r, cs)
			}
		})
	}
	for _, cs := range claims {
		c.done.Gone += int64(len(cs))
	}
	return nil
}

// compare decodes a record as a lane does.
func (c *comparer) compare(r *kgo.Record, claims []claim) {
	defer c.work.decoded.Reset()
	for _, t := range c.cfg.Topics {
		if t.Name != r.Topic {
			continue
		}
		src, _ := sources.Find(t.Source)
		src.DecodeRecord(c.work.input(r, t.Scope), &c.work.decoded)
	}
	for _, cl := range claims {
		c.done.Events++
		detail := "the record holds no such event"
		for i := range c.work.decoded.Events {
			if e := &c.work.decoded.Events[i]; e.ID == cl.id {
				if detail = ""; e.Evidence.SHA256 != cl.ev.SHA256 {
					detail = "the raw event hashes to " + e.Evidence.SHA256
				}
				break
			}
		}
		if detail != "" {
			c.differs(cl.id, cl.ev, detail)
		}
	}
}
