package sinks

import (
	"context"
	"errors"
	"io"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// fakeConn is a server that records the statements it is sent and answers as it is
// told, on connections of both kinds. Whatever else is called panics.
type fakeConn struct {
	driver.Conn
	statements []string
	answers    []error    // of inserts, in order; then nil
	sent       [][]string // of each insert the blocks, in bytes
}

// fakeInserter is the side of a fakeConn that rows are written to.
type fakeInserter struct{ *fakeConn }

func (f fakeInserter) Do(ctx context.Context, q ch.Query) error {
	f.statements = append(f.statements, q.Body)
	var blocks []string
	for {
		err := q.OnInput(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var b proto.Buffer
		block := proto.Block{Columns: len(q.Input), Rows: q.Input[0].Data.Rows()}
		if err := block.EncodeRawBlock(&b, proto.Version, q.Input); err != nil {
			return err
		}
		blocks = append(blocks, string(b.Buf))
	}
	f.sent = append(f.sent, blocks)
	if len(f.answers) == 0 {
		return nil
	}
	err := f.answers[0]
	f.answers = f.answers[1:]
	return err
}

func (f *fakeConn) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	f.statements = append(f.statements, query)
	return nil, errQuery
}

var errQuery = errors.New("no rows here")

func (f *fakeConn) Close() error { return nil }
