//go:build unix

package sinks_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate"
	"whence/sinks"
)

// BenchmarkBare is the yardstick of BenchmarkClickHouse: the same columns and rows,
// out of Go values that are there already, through ch-go's own columns, on one
// connection, in one block.
func BenchmarkBare(b *testing.B) {
	for name, one := range map[string]func(int) correlate.Chain{"full": fullChain, "usual": usualChain} {
		for compression, method := range map[string]ch.Compression{"lz4": ch.CompressionLZ4, "zstd": ch.CompressionZSTD, "none": ch.CompressionDisabled} {
			b.Run(name+"/"+compression, func(b *testing.B) {
				clickHouse(b) // with the schema
				client, err := ch.Dial(b.Context(), ch.Options{Address: engine.server.Addr(), Compression: method, ReadTimeout: time.Minute})
				if err != nil {
					b.Fatal(err)
				}
				defer client.Close()
				var chains []correlate.Chain
				for i := range lanes * each {
					chains = append(chains, one(i%3600))
				}
				var input proto.Input
				var fills []func()
				for _, w := range sinks.Wires(chains) {
					col, fill, err := bare(w)
					if err != nil {
						b.Fatal(err)
					}
					input, fills = append(input, proto.InputColumn{Name: w.Name, Data: col}), append(fills, fill)
				}
				names := make([]string, len(input))
				for i, c := range input {
					names[i] = "`" + c.Name + "`"
				}
				body := fmt.Sprintf("INSERT INTO `%s`.chains (%s) VALUES", database(b), strings.Join(names, ", "))
				b.ReportAllocs()
				cpu := processorTime(b)
				for b.Loop() {
					input.Reset()
					for _, fill := range fills {
						fill()
					}
					if err := client.Do(b.Context(), ch.Query{Body: body, Input: input}); err != nil {
						b.Fatal(err)
					}
				}
				rows := float64(b.N * lanes * each)
				b.ReportMetric(float64(processorTime(b)-cpu)/rows, "cpu-ns/row")
				b.ReportMetric(float64(b.Elapsed())/rows, "ns/row")
			})
		}
	}
}

// bare returns a column of ch-go's, and what fills it with the values of w.
func bare(w sinks.Wire) (proto.ColInput, func(), error) {
	switch w.Type {
	case "String":
		return fillOf[string](w, new(proto.ColStr), new(proto.ColStr))
	case "Bool":
		return fillOf[bool](w, new(proto.ColBool), new(proto.ColBool))
	case "UInt32":
		return fillOf[uint32](w, new(proto.ColUInt32), new(proto.ColUInt32))
	case "UInt64":
		return fillOf[uint64](w, new(proto.ColUInt64), new(proto.ColUInt64))
	case "Int32":
		return fillOf[int32](w, new(proto.ColInt32), new(proto.ColInt32))
	case "Int64":
		return fillOf[int64](w, new(proto.ColInt64), new(proto.ColInt64))
	case "Float64":
		return fillOf[float64](w, new(proto.ColFloat64), new(proto.ColFloat64))
	case "Array(String)":
		return fillOf[[]string](w, proto.NewArray[string](new(proto.ColStr)), proto.NewArray[string](new(proto.ColStr)))
	case "LowCardinality(String)":
		return fillOf[string](w, dictionary(), dictionary())
	case "Array(LowCardinality(String))":
		return fillOf[[]string](w, proto.NewArray[string](dictionary()), proto.NewArray[string](dictionary()))
	case "DateTime64(9, 'UTC')":
		return fillOf[time.Time](w, nanoseconds(), nanoseconds())
	case "Array(DateTime64(9, 'UTC'))":
		return fillOf[[]time.Time](w, proto.NewArray[time.Time](nanoseconds()), proto.NewArray[time.Time](nanoseconds()))
	}
	return nil, nil, errors.New("no column for " + w.Type.String())
}

func dictionary() *proto.ColLowCardinality[string] {
	return proto.NewLowCardinality[string](new(proto.ColStr))
}

func nanoseconds() *proto.ColDateTime64 {
	return new(proto.ColDateTime64).WithPrecision(proto.PrecisionNano).WithLocation(time.UTC)
}

func fillOf[V any](w sinks.Wire, from, to proto.ColumnOf[V]) (proto.ColInput, func(), error) {
	r := proto.NewReader(bytes.NewReader(w.Data))
	if s, ok := from.(proto.StateDecoder); ok {
		if err := s.DecodeState(r); err != nil {
			return nil, nil, fmt.Errorf("column %s: %w", w.Name, err)
		}
	}
	if err := from.DecodeColumn(r, w.Rows); err != nil {
		return nil, nil, fmt.Errorf("column %s: %w", w.Name, err)
	}
	values := make([]V, w.Rows)
	for i := range values {
		values[i] = from.Row(i)
	}
	return to, func() {
		for _, v := range values {
			to.Append(v)
		}
	}, nil
}
