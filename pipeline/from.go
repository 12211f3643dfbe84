package pipeline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A From says where to begin to read again: all partitions from their begin, from a
// time or from an offset, or some partitions from an offset of their own.
type From struct {
	earliest bool
	time     time.Time
	offset   int64
	each     map[tp]int64 // nil for all partitions
}

var errFrom = errors.New("want earliest, a time such as 2026-03-02T08:00:00Z, an offset, or topic:partition:offset, several of them joined by commas")

// ParseFrom reads earliest, a time (RFC 3339), an offset, or a list of
// topic:partition:offset.
func ParseFrom(text string) (From, error) {
	if text == "earliest" {
		return From{earliest: true}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return From{time: t}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return From{offset: n}, nil
	}
	f := From{each: map[tp]int64{}}
	for one := range strings.SplitSeq(text, ",") {
		part := strings.Split(strings.TrimSpace(one), ":")
		if len(part) != 3 || part[0] == "" {
			return From{}, fmt.Errorf("%q: %w", text, errFrom)
		}
		p, perr := strconv.ParseInt(part[1], 10, 32)
		at, err := strconv.ParseInt(part[2], 10, 64)
		if err != nil || perr != nil || p < 0 || at < 0 {
			return From{}, fmt.Errorf("%q: %w", text, errFrom)
		}
		k := tp{part[0], int32(p)}
		if _, twice := f.each[k]; twice {
			return From{}, fmt.Errorf("%q: %s:%d is given twice", text, k.topic, k.partition)
		}
		f.each[k] = at
	}
	return f, nil
}
