package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A directoryTopic holds what is on the directory's topic: the last record of each key.
// It is safe for concurrent use. The caller closes it.
type directoryTopic struct {
	name   string
	client *kgo.Client
	log    *slog.Logger

	mu      sync.Mutex
	records map[string]topicRecord // by key
	size    int                    // of keys and values
	over    string                 // the record with which there was too much; from then on nothing is taken
	changes int64                  // how many records were taken
	next    map[int32]int64        // the offset to read next
}

// topicRecord is the last record of a key.
type topicRecord struct {
	at    string // its place, for messages
	value []byte
}

// openDirectoryTopic reads the topic to where it ends now, or until ctx is done.
func openDirectoryTopic(ctx context.Context, kafka []kgo.Opt, name string, log *slog.Logger) (*directoryTopic, error) {
	client, err := kgo.NewClient(slices.Concat(kafka, []kgo.Opt{
		kgo.ConsumeTopics(name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // without them a topic that ends in one would never look read to its end
		kgo.FetchMaxBytes(1 << 20), kgo.FetchMaxPartitionBytes(256 << 10),
	})...)
	if err != nil {
		return nil, wrong(fmt.Errorf("kafka: %w", err))
	}
	t := &directoryTopic{name: name, client: client, log: log, records: map[string]topicRecord{}, next: map[int32]int64{}}
	if err := t.catchUp(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("read the directory from topic %s: %w", name, err)
	}
	return t, nil
}

func (t *directoryTopic) close() { t.client.Close() }

// follow takes what is written to the topic until ctx is done.
func (t *directoryTopic) follow(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		err := t.poll(ctx)
		switch {
		case err == nil:
			failing = false
		case ctx.Err() == nil && !failing:
			failing = true
			t.log.Warn("the directory's topic cannot be read; it is tried again, and the directory in use stays", "topic", t.name, "err", err)
		}
	}
}

// read adds the topic's entries to a directory, in the order of their keys.
func (t *directoryTopic) read(r *roster) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over != "" {
		r.file = t.over
		r.refuse(0, "the directory's topic has more than %d bytes with it; nothing after it is read before a restart", maxDirectoryBytes)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(t.records)) {
		r.readRecord(t.records[key].at, key, t.records[key].value)
	}
}

// changed is a number that is another one when something was written.
func (t *directoryTopic) changed() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changes
}

// catchUp reads up to where the topic ends now.
func (t *directoryTopic) catchUp(ctx context.Context) error {
	admin := kadm.NewClient(t.client)
	starts, err := admin.ListStartOffsets(ctx, t.name)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return absentTopic(err)
	}
	ends, err := admin.ListCommittedOffsets(ctx, t.name)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return err
	}
	for t.behind(starts, ends) {
		if err := t.poll(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *directoryTopic) behind(starts, ends kadm.ListedOffsets) bool {
	for _, end := range ends[t.name] {
		start, _ := starts.Lookup(t.name, end.Partition)
		if end.Offset > max(start.Offset, t.next[end.Partition]) {
			return true
		}
	}
	return false
}

func absentTopic(err error) error {
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return wrong(errors.New("it does not exist: create it with cleanup.policy=compact, or take it out of directory.topic"))
	}
	return err
}

// poll takes what one fetch brings.
func (t *directoryTopic) poll(ctx context.Context) error {
	fetches := t.client.PollFetches(ctx)
	fetches.EachRecord(t.take)
	if err := ctx.Err(); err != nil {
		return err
	}
	var errs []error
	fetches.EachError(func(_ string, _ int32, err error) { errs = append(errs, err) })
	return errors.Join(errs...)
}

// take keeps a record as the last of its key; one without a value removes the key.
func (t *directoryTopic) take(r *kgo.Record) {
	t.next[r.Partition] = r.Offset + 1
	if r.Attrs.IsControl() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changes++
	key, at := string(r.Key), fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset)
	if old, ok := t.records[key]; ok {
		t.size -= len(key) + len(old.value)
		delete(t.records, key)
	}
	if r.Value == nil || t.over != "" {
		return
	}
	if t.size += len(key) + len(r.Value); t.size > maxDirectoryBytes {
		t.over, t.records = at, nil
		return
	}
	t.records[key] = topicRecord{at, bytes.Clone(r.Value)} // not the batch that it came in
}
