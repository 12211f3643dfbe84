package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// newFloorColumn makes the column of a type, with values as ClickHouse gives them
// in JSON.
func newFloorColumn(name, typ string, values []any) (floorColumn, error) {
	c := floorColumn{name: name}
	var err error
	switch typ {
	case "String":
		err = fill(&c, new(proto.ColStr), values, text)
	case "LowCardinality(String)":
		err = fill(&c, new(proto.ColStr).LowCardinality(), values, text)
	case "Array(String)":
		err = fill(&c, proto.NewArray(new(proto.ColStr)), values, list(text))
	case "Array(LowCardinality(String))":
		err = fill(&c, proto.NewArray(new(proto.ColStr).LowCardinality()), values, list(text))
	case "DateTime64(9, 'UTC')":
		err = fill(&c, new(proto.ColDateTime64).WithPrecision(proto.PrecisionNano), values, moment)
	case "Array(DateTime64(9, 'UTC'))":
		err = fill(&c, proto.NewArray(new(proto.ColDateTime64).WithPrecision(proto.PrecisionNano)), values, list(moment))
	case "DateTime64(3)":
		err = fill(&c, new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli), values, moment)
	case "Array(DateTime64(3))":
		err = fill(&c, proto.NewArray(new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli)), values, list(moment))
	case "UUID":
		err = fill(&c, new(proto.ColUUID), values, uuid)
	case "Map(LowCardinality(String), String)":
		err = fill(&c, proto.NewMap(new(proto.ColStr).LowCardinality(), new(proto.ColStr)), values, pairs)
	case "Bool":
		err = fill(&c, new(proto.ColBool), values, truth)
	case "Float32":
		err = fill(&c, new(proto.ColFloat32), values, single)
	case "Float64":
		err = fill(&c, new(proto.ColFloat64), values, float)
	case "UInt64":
		err = fill(&c, new(proto.ColUInt64), values, whole[uint64])
	case "UInt32":
		err = fill(&c, new(proto.ColUInt32), values, whole[uint32])
	case "Array(UInt32)":
		err = fill(&c, proto.NewArray(new(proto.ColUInt32)), values, list(whole[uint32]))
	case "UInt8":
		err = fill(&c, new(proto.ColUInt8), values, whole[uint8])
	case "Int64":
		err = fill(&c, new(proto.ColInt64), values, whole[int64])
	case "Int32":
		err = fill(&c, new(proto.ColInt32), values, whole[int32])
	default:
		err = fmt.Errorf("the floor knows no type %s", typ)
	}
	if err != nil {
		return c, fmt.Errorf("column %s: %w", name, err)
	}
	return c, nil
}

// fill reads the values and makes c append them to data.
func fill[T any, C interface {
	proto.ColInput
	Append(T)
}](c *floorColumn, data C, values []any, read func(any) (T, error)) error {
	typed := make([]T, len(values))
	for i, v := range values {
		var err error
		if typed[i], err = read(v); err != nil {
			return err
		}
	}
	c.data, c.append = data, func(i int) { data.Append(typed[i]) }
	return nil
}

func text(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%v is no text", v)
	}
	return s, nil
}

func truth(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%v is no truth value", v)
	}
	return b, nil
}

func moment(v any) (time.Time, error) {
	s, err := text(v)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse("2006-01-02 15:04:05.999999999", s)
}

func float(v any) (float64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%v is no number", v)
	}
	return n.Float64()
}

func single(v any) (float32, error) {
	f, err := float(v)
	return float32(f), err
}

func uuid[T ~[16]byte](v any) (u T, err error) {
	s, err := text(v)
	if err != nil {
		return u, err
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(u) {
		return u, fmt.Errorf("%s is no UUID", s)
	}
	copy(u[:], b)
	return u, nil
}

func pairs(v any) (map[string]string, error) {
	values, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v is no map", v)
	}
	out := make(map[string]string, len(values))
	for k, v := range values {
		var err error
		if out[k], err = text(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func whole[T uint8 | uint32 | uint64 | int32 | int64](v any) (T, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%v is no number", v)
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return T(u), nil
	}
	i, err := n.Int64()
	return T(i), err
}

func list[T any](read func(any) (T, error)) func(any) ([]T, error) {
	return func(v any) ([]T, error) {
		values, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("%v is no list", v)
		}
		out := make([]T, len(values))
		for i := range values {
			var err error
			if out[i], err = read(values[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}
