package sinks

import (
	"context"
	"errors"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// fakeConn is a server that records the statements it is sent and answers as it is
// told. Whatever else is called panics.
type fakeConn struct {
	driver.Conn
	statements []string
	answers    []error // of sends, in order; then nil
	sent       []map[int]any
	open       int // batches that were not closed
}

func (f *fakeConn) PrepareBatch(ctx context.Context, query string, _ ...driver.PrepareBatchOption) (driver.Batch, error) {
	f.statements = append(f.statements, query)
	f.open++
	return &fakeBatch{conn: f, columns: map[int]any{}}, nil
}

func (f *fakeConn) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	f.statements = append(f.statements, query)
	return nil, errQuery
}

var errQuery = errors.New("no rows here")

func (f *fakeConn) Close() error { return nil }

type fakeBatch struct {
	driver.Batch
	conn    *fakeConn
	columns map[int]any
}

func (b *fakeBatch) Column(i int) driver.BatchColumn { return fakeColumn{b, i} }

func (b *fakeBatch) Send() error {
	b.conn.sent = append(b.conn.sent, b.columns)
	if len(b.conn.answers) == 0 {
		return nil
	}
	err := b.conn.answers[0]
	b.conn.answers = b.conn.answers[1:]
	return err
}

func (b *fakeBatch) Close() error {
	b.conn.open--
	return nil
}

type fakeColumn struct {
	batch *fakeBatch
	i     int
}

func (c fakeColumn) Append(v any) error {
	c.batch.columns[c.i] = v
	return nil
}

func (c fakeColumn) AppendRow(v any) error {
	rows, _ := c.batch.columns[c.i].([]any)
	c.batch.columns[c.i] = append(rows, v)
	return nil
}
