package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// An inserter writes rows to a table like the one its sample is of, with ch-go and
// reused columns: the least that such rows cost on their way to ClickHouse. Their
// values are those of rows that somebody has written.
type inserter struct {
	client  *ch.Client
	table   string // with its database
	body    string
	columns []floorColumn
	input   proto.Input
	rows    int // of the sample
}

// floorColumn is one column and what appends row i of the sample to it.
type floorColumn struct {
	name   string
	data   proto.ColInput
	append func(i int)
}

const (
	insertBlock = 50_000
	sampleRows  = 2000
)

// newInserter reads the sample from what is in a table. Of sparse rows the columns
// that are empty in all of them are left out, as whence does.
func newInserter(ctx context.Context, s *server, database, table string, sparse bool, compress string) (*inserter, error) {
	in := &inserter{table: fmt.Sprintf("%s.%s_floor", database, table)}
	if _, err := s.do(ctx, "CREATE TABLE IF NOT EXISTS %s AS %s.%s", in.table, database, table); err != nil {
		return nil, err
	}
	types, err := s.do(ctx, "SELECT name, type FROM system.columns WHERE database = '%s' AND table = '%s' ORDER BY position", database, table)
	if err != nil {
		return nil, err
	}
	rows, err := s.do(ctx, "SELECT * FROM %s.%s LIMIT %d", database, table, sampleRows)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no rows to take for a sample")
	}
	in.rows = len(rows)
	for i, t := range types {
		values := make([]any, len(rows))
		for j := range rows {
			values[j] = rows[j][i]
		}
		if sparse && !slices.ContainsFunc(values, filled) {
			continue
		}
		c, err := newFloorColumn(t[0].(string), t[1].(string), values)
		if err != nil {
			return nil, err
		}
		if c.name == "id" && t[1] == "String" {
			c.append = freshIDs(c.data)
		}
		in.columns = append(in.columns, c)
		in.input = append(in.input, proto.InputColumn{Name: c.name, Data: c.data})
	}
	in.body = in.input.Into(table + "_floor")
	method := ch.CompressionLZ4
	if compress == "none" {
		method = ch.CompressionDisabled
	}
	if in.client, err = ch.Dial(ctx, ch.Options{Address: s.Addr(), Database: database, Compression: method}); err != nil {
		return nil, err
	}
	// The first block grows the columns.
	if _, err := in.insert(ctx, insertBlock); err != nil {
		return nil, errors.Join(err, in.close())
	}
	return in, nil
}

// freshIDs appends ids that were not there before, in no order: the server would
// keep one row of each.
func freshIDs(data proto.ColInput) func(int) {
	column := data.(*proto.ColStr)
	d, id := diceFor(1, 1), make([]byte, 0, 32)
	return func(int) {
		id = d.letters(id[:0], 32, hexDigits)
		column.AppendBytes(id)
	}
}

// insert writes n rows and returns what it cost this process.
func (in *inserter) insert(ctx context.Context, n int) (time.Duration, error) {
	began := ownCPU()
	for from := 0; from < n; from += insertBlock {
		in.input.Reset()
		for i := from; i < min(n, from+insertBlock); i++ {
			for j := range in.columns {
				in.columns[j].append(i % in.rows)
			}
		}
		if err := in.client.Do(ctx, ch.Query{Body: in.body, Input: in.input}); err != nil {
			return 0, fmt.Errorf("insert into %s: %w", in.table, err)
		}
	}
	return ownCPU() - began, nil
}

// cost is what one row costs, of n that are inserted and removed.
func (in *inserter) cost(ctx context.Context, n int, s *server) (time.Duration, error) {
	cpu, err := in.insert(ctx, n)
	if err != nil {
		return 0, err
	}
	_, err = s.do(ctx, "TRUNCATE TABLE %s", in.table)
	return cpu / time.Duration(n), err
}

func (in *inserter) close() error { return in.client.Close() }

// filled reports whether a value is another than a new row has.
func filled(v any) bool {
	switch v := v.(type) {
	case string:
		return v != "" && !strings.HasPrefix(v, "1970-01-01 00:00:00")
	case json.Number:
		return v != "0"
	case bool:
		return v
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return v != nil
}
