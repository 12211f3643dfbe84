package sinks

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate"
	"whence/correlate/ledger"
)

// Rows implements ledger.Archive. The columns are taken as the server sends them and
// hashed as Write hashes what it sends.
func (c *ClickHouse) Rows(ctx context.Context, from, to time.Time, yield func(*ledger.Row) error) error {
	q := "SELECT " + c.chains.selection("") + "\nFROM " + c.schema().name("chains") +
		"\nWHERE " + within("time", from, to)
	var b block
	b.reset(len(c.chains.columns))
	var results proto.Results
	for i, col := range c.chains.columns {
		results = append(results, proto.ResultColumn{Name: col.name, Data: &drain{strip: &b.strips[i], typ: col.typ}})
	}
	d := newDigester(&c.chains)
	var sums []ledger.Sum
	begun := false
	query := ch.Query{
		Body: q, Result: results,
		Settings: []ch.Setting{
			ch.SettingInt("low_cardinality_allow_in_native_format", 0), // as texts
			ch.SettingInt("max_block_size", 4096),
		},
		OnResult: func(_ context.Context, got proto.Block) error {
			begun = true
			b.rows = got.Rows
			sums = d.sums(sums[:0], &b)
			return c.eachRow(&b, sums, yield)
		},
	}
	err := c.out.Do(ctx, query)
	for errors.Is(err, errStale) && !begun {
		err = c.out.Do(ctx, query)
	}
	if err != nil {
		return fmt.Errorf("read the rows to verify: %w", err)
	}
	return nil
}

// eachRow yields the rows of a block.
func (c *ClickHouse) eachRow(b *block, sums []ledger.Sum, yield func(*ledger.Row) error) error {
	ids, versions, times := c.cells(b, "id"), c.cells(b, "version"), c.cells(b, "time")
	at := 0
	for i := range b.rows {
		end := skip(ids, at, 1, 0)
		r := ledger.Row{
			Version: binary.LittleEndian.Uint64(versions[8*i:]),
			Time:    time.Unix(0, int64(binary.LittleEndian.Uint64(times[8*i:]))).UTC(),
			Content: sums[i],
		}
		if len(r.Chain)*2 == end-at-1 {
			_ = r.Chain.UnmarshalText(ids[at+1 : end]) // what is no id was not written by us
		}
		at = end
		if err := yield(&r); err != nil {
			return err
		}
	}
	return nil
}

// cells are those of a column of chains.
func (c *ClickHouse) cells(b *block, name string) []byte {
	i := slices.IndexFunc(c.chains.columns, func(col column[correlate.Chain]) bool { return col.name == name })
	return b.strips[i].cells
}

// A drain takes a column that is read into a strip, in the bytes it comes in.
type drain struct {
	strip *strip
	typ   proto.ColumnType
	rows  int
}

// Type implements proto.ColResult.
func (d *drain) Type() proto.ColumnType { return d.typ }

// Rows implements proto.ColResult.
func (d *drain) Rows() int { return d.rows }

// Reset implements proto.ColResult.
func (d *drain) Reset() { d.strip.reset() }

// longestText is more than any text that was ever written.
const longestText = 1 << 28

// DecodeColumn implements proto.ColResult.
func (d *drain) DecodeColumn(r *proto.Reader, rows int) error {
	s := d.strip
	d.rows, s.used = rows, true
	n, of := rows, d.typ
	if d.typ.IsArray() {
		of = d.typ.Elem()
		ends, err := r.ReadRaw(8 * rows)
		if err != nil {
			return err
		}
		for i := range rows {
			s.ends = append(s.ends, binary.LittleEndian.Uint64(ends[8*i:]))
		}
		n = int(s.values())
	}
	if size := sizeOf(of); size > 0 {
		if n*size > longestText {
			return fmt.Errorf("a column of %d bytes", n*size)
		}
		s.cells = slices.Grow(s.cells, n*size)[:len(s.cells)+n*size]
		return r.ReadFull(s.cells[len(s.cells)-n*size:])
	}
	for range n {
		length, err := r.StrLen()
		if err != nil {
			return err
		}
		if length > longestText {
			return fmt.Errorf("a text of %d bytes", length)
		}
		s.cells = binary.AppendUvarint(s.cells, uint64(length))
		s.cells = slices.Grow(s.cells, length)[:len(s.cells)+length]
		if err := r.ReadFull(s.cells[len(s.cells)-length:]); err != nil {
			return err
		}
	}
	return nil
}

// within restricts a column of times; a zero time leaves a side open.
func within(column string, from, to time.Time) string {
	s := fmt.Sprintf("%s >= fromUnixTimestamp64Nano(toInt64(%d), 'UTC')", column, columnTime(from).UnixNano())
	if !to.IsZero() {
		s += fmt.Sprintf(" AND %s < fromUnixTimestamp64Nano(toInt64(%d), 'UTC')", column, columnTime(to).UnixNano())
	}
	return s
}
