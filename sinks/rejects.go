package sinks

import (
	"encoding/binary"
	"time"

	"whence/correlate"
)

// rejectTable maps a reject. Its bytes stay out: they may hold anything, and the
// topic whence.rejects has them.
func rejectTable() table[correlate.Reject] {
	type reject = correlate.Reject
	return newTable("rejects", []column[reject]{
		text("source", func(r *reject) *string { return &r.Source }),
		text("reason", func(r *reject) *string { return &r.Reason }),
		text("detail", func(r *reject) *string { return &r.Detail }),
		text("topic", func(r *reject) *string { return &r.Topic }),
		field("partition", func(r *reject) *int32 { return &r.Partition }),
		field("offset", func(r *reject) *int64 { return &r.Offset }),
		instant("time", func(r *reject) *time.Time { return &r.Time }),
		text("sha256", func(r *reject) *string { return &r.SHA256 }),
		scalar("bytes", wireU64, func(b []byte, r *reject) []byte { return binary.LittleEndian.AppendUint64(b, uint64(len(r.Raw))) },
			func(*reject, uint64) error { return nil }),
	})
}
