package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// EvidenceTopics yields every partition that chains with a time in [from, to) have
// their evidence in. A zero time leaves that side open.
func (c *ClickHouse) EvidenceTopics(ctx context.Context, from, to time.Time, yield func(topic string, partition int32) error) error {
	q := "SELECT DISTINCT evidence_topic, evidence_partition FROM " + c.schema().name("chains") + " WHERE " + within("time", from, to) +
		" ORDER BY evidence_topic, evidence_partition"
	var topic string
	var partition int32
	if err := c.rows(ctx, q, []any{&topic, &partition}, func() error { return yield(topic, partition) }); err != nil {
		return fmt.Errorf("look for the partitions of the evidence: %w", err)
	}
	return nil
}

// Evidence yields, for chains with a time in [from, to), what they say of records of
// a partition from an offset on: about limit of them, in the order of their offsets,
// all of a record together.
func (c *ClickHouse) Evidence(ctx context.Context, topic string, partition int32, offset int64, from, to time.Time, limit int, yield func(correlate.ID, correlate.Evidence) error) error {
	q := "SELECT DISTINCT evidence_offset, id, evidence_sha256 FROM " + c.schema().name("chains") + "\nWHERE " + within("time", from, to) +
		" AND evidence_topic = {topic:String} AND evidence_partition = {partition:Int32} AND evidence_offset >= {offset:Int64}" +
		fmt.Sprintf("\nORDER BY evidence_offset LIMIT %d WITH TIES", limit)
	var id string
	ev := correlate.Evidence{Topic: topic, Partition: partition}
	err := c.rows(ctx, q, []any{&ev.Offset, &id, &ev.SHA256}, func() error {
		chain, _ := correlate.ParseID(id) // what is none will not be in the record
		return yield(chain, ev)
	}, clickhouse.Named("topic", topic), clickhouse.Named("partition", partition), clickhouse.Named("offset", offset))
	if err != nil {
		return fmt.Errorf("read the evidence in %s/%d: %w", topic, partition, err)
	}
	return nil
}
