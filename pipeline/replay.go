package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/sources"
)

// Replayed says what a replay of rejects did.
type Replayed struct {
	Read     int `json:"read"`     // that were not replayed before
	Replayed int `json:"replayed"` // written to the topics they came from
	Twice    int `json:"twice"`    // of which the same bytes were rejected before
	// These stay, and are tried again the next time.
	Failing int `json:"failing"` // cannot be decoded by this whence either
	Cut     int `json:"cut"`     // are not kept whole: read them again with run --from
	Unknown int `json:"unknown"` // of topics that are not configured
}

// ReplayRejects writes the rejects that this whence can decode to the raw topics they
// came from, as they were: the lanes take them from there like any other record. Each
// is replayed once; those that would fail again stay where they are and are tried
// again the next time. With dry it only counts.
//
// The place of it is that of a group of its own, with bookmarks for what stays. After
// a crash, and when thousands stay, some may be replayed again: they end in the same
// rows.
func ReplayRejects(ctx context.Context, cfg Config, kafka []kgo.Opt, dry bool) (Replayed, error) {
	client, err := kgo.NewClient(slices.Concat(kafka, []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RequiredAcks(kgo.AllISRAcks())})...)
	if err != nil {
		return Replayed{}, fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	r := replay{
		cfg: cfg, kafka: kafka, client: client, admin: kadm.NewClient(client), dry: dry, work: newWork(false),
		places: map[int32]*place{}, from: map[tp]int64{}, until: map[tp]int64{}, seen: map[string]struct{}{},
	}
	if err := r.run(ctx); err != nil {
		return r.done, fmt.Errorf("replay rejects: %w", err)
	}
	return r.done, nil
}

type replay struct {
	cfg    Config
	kafka  []kgo.Opt
	client *kgo.Client
	admin  *kadm.Client
	dry    bool
	work   *work // to decode in

	partitions  map[string]int // of the raw topics
	places      map[int32]*place
	from, until map[tp]int64
	seen        map[string]struct{} // the bytes, by hash and topic
	waiting     []*kgo.Record       // to be written, at most replayBatch
	done        Replayed
}

// replayBatch is how many rejects are written before their place is committed.
const replayBatch = 500

func (r *replay) run(ctx context.Context) error {
	if err := r.look(ctx); err != nil {
		return err
	}
	err := readSpan(ctx, r.kafka, r.admin, r.from, r.until, func(rec *kgo.Record) error {
		p := r.places[rec.Partition]
		if !p.wants(rec.Offset) {
			return nil
		}
		stays := !r.take(rec)
		if at, was := slices.BinarySearch(p.bookmarks, rec.Offset); stays && !was {
			p.bookmarks = slices.Insert(p.bookmarks, at, rec.Offset)
		} else if !stays && was {
			p.bookmarks = slices.Delete(p.bookmarks, at, at+1)
		}
		p.head = max(p.head, rec.Offset+1)
		if len(r.waiting) >= replayBatch {
			return r.flush(ctx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for k, end := range r.until {
		r.places[k.partition].head = max(r.places[k.partition].head, end)
	}
	return r.flush(ctx)
}

// look learns where the rejects topic begins and ends, and up to where its rejects
// were replayed.
func (r *replay) look(ctx context.Context) error {
	details, err := r.admin.ListTopics(ctx, append(topicNames(r.cfg), r.cfg.RejectsTopic)...)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	if !details.Has(r.cfg.RejectsTopic) {
		return nil // nothing was ever rejected
	}
	r.partitions = map[string]int{}
	for _, n := range topicNames(r.cfg) {
		r.partitions[n] = len(details[n].Partitions)
	}
	begins, err := r.admin.ListStartOffsets(ctx, r.cfg.RejectsTopic)
	if err == nil {
		err = begins.Error()
	}
	if err != nil {
		return fmt.Errorf("list where the rejects begin: %w", err)
	}
	ends, err := r.admin.ListCommittedOffsets(ctx, r.cfg.RejectsTopic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("list where the rejects end: %w", err)
	}
	held, err := fetchCommitted(ctx, r.admin, r.group())
	if err != nil {
		return err
	}
	for _, end := range sorted(ends) {
		p := place{}
		if h, ok := held.Lookup(end.Topic, end.Partition); ok && h.At >= 0 {
			if p, err = decodePlace(h.At, h.Metadata); err != nil {
				return fmt.Errorf("%s/%d: %w", end.Topic, end.Partition, err)
			}
		}
		begin, _ := begins.Lookup(end.Topic, end.Partition)
		if p.head > end.Offset {
			p = place{} // the topic was made anew
		}
		p = p.since(begin.Offset)
		k := tp{end.Topic, end.Partition}
		r.places[end.Partition], r.from[k], r.until[k] = &p, p.start(), end.Offset
	}
	return nil
}

func (r *replay) group() string { return r.cfg.Group + ".rejects" }

// take has a reject written, and reports whether it need not stay.
func (r *replay) take(letter *kgo.Record) bool {
	r.done.Read++
	h := map[string]string{}
	for _, one := range letter.Headers {
		h[one.Key] = string(one.Value)
	}
	topic, known := r.topic(h["whence-topic"])
	switch {
	case !known:
		r.done.Unknown++
		return false
	case h["whence-cut"] == "true":
		r.done.Cut++
		return false
	}
	again := r.record(letter, h)
	if !r.decodes(again, topic) {
		r.done.Failing++
		return false
	}
	same := h["whence-sha256"] + " " + topic.Name + " " + h["whence-offset"] + "/" + h["whence-partition"]
	if _, twice := r.seen[same]; twice {
		r.done.Twice++
		return true
	}
	r.seen[same] = struct{}{}
	r.done.Replayed++
	r.waiting = append(r.waiting, again)
	return true
}

func (r *replay) topic(name string) (Topic, bool) {
	i := slices.IndexFunc(r.cfg.Topics, func(t Topic) bool { return t.Name == name })
	if i < 0 || r.partitions[name] == 0 {
		return Topic{}, false
	}
	return r.cfg.Topics[i], true
}

// record is what was rejected, as it was, and where it has come from.
func (r *replay) record(letter *kgo.Record, h map[string]string) *kgo.Record {
	again := &kgo.Record{Topic: h["whence-topic"], Value: letter.Value}
	if p, err := strconv.ParseInt(h["whence-partition"], 10, 32); err == nil && p >= 0 {
		again.Partition = int32(p) % int32(r.partitions[again.Topic])
	}
	received := false
	for _, one := range letter.Headers {
		if name, ok := strings.CutPrefix(one.Key, enclosed); ok && name != replayedFrom {
			again.Headers = append(again.Headers, kgo.RecordHeader{Key: name, Value: one.Value})
			received = received || strings.EqualFold(name, receivedAt)
		}
	}
	if at := h[receivedAt]; at != "" && !received {
		again.Headers = append(again.Headers, kgo.RecordHeader{Key: receivedAt, Value: []byte(at)})
	}
	from := fmt.Sprintf("%s/%d@%d", letter.Topic, letter.Partition, letter.Offset)
	again.Headers = append(again.Headers, kgo.RecordHeader{Key: replayedFrom, Value: []byte(from)})
	return again
}

// replayedFrom is the header that names the reject that a record is the replay of.
const replayedFrom = "whence-replayed-from"

// decodes reports whether this whence makes events of all of a record.
func (r *replay) decodes(rec *kgo.Record, t Topic) (ok bool) {
	defer r.work.decoded.Reset()
	defer func() {
		if recover() != nil {
			ok = false // as a lane would find: see decodeRecord
		}
	}()
	src, _ := sources.Find(t.Source)
	src.DecodeRecord(r.work.input(rec, t.Scope), &r.work.decoded)
	return len(r.work.decoded.Rejects) == 0 && len(r.work.decoded.Events) > 0
}

// flush writes what waits and then commits the places: a crash in between has it
// written again.
func (r *replay) flush(ctx context.Context) error {
	waiting := r.waiting
	r.waiting = nil
	if r.dry {
		return nil
	}
	if err := r.client.ProduceSync(ctx, waiting...).FirstErr(); err != nil {
		return fmt.Errorf("write %d records to the topics they came from: %w", len(waiting), err)
	}
	set := kadm.Offsets{}
	for k := range r.until {
		offset, text := r.places[k.partition].encode()
		set.Add(kadm.Offset{Topic: k.topic, Partition: k.partition, At: offset, LeaderEpoch: -1, Metadata: text})
	}
	if len(set) == 0 {
		return nil
	}
	if err := r.admin.CommitAllOffsets(ctx, r.group(), set); err != nil && !errors.Is(err, kerr.UnknownMemberID) {
		return fmt.Errorf("commit what was replayed: %w", err)
	}
	return nil
}
