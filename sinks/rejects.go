package sinks

import (
	"time"

	"whence/correlate"
)

// rejectTable maps a reject. Its bytes stay out: they may hold anything, and the
// topic whence.rejects has them.
func rejectTable() table[correlate.Reject] {
	type reject = correlate.Reject
	return table[reject]{"rejects", []column[reject]{
		text("source", func(r *reject) *string { return &r.Source }),
		text("reason", func(r *reject) *string { return &r.Reason }),
		text("detail", func(r *reject) *string { return &r.Detail }),
		text("topic", func(r *reject) *string { return &r.Topic }),
		field("partition", func(r *reject) *int32 { return &r.Partition }),
		field("offset", func(r *reject) *int64 { return &r.Offset }),
		instant("time", func(r *reject) *time.Time { return &r.Time }),
		text("sha256", func(r *reject) *string { return &r.SHA256 }),
		scalar("bytes", func(r *reject) (uint64, error) { return uint64(len(r.Raw)), nil },
			func(*reject, uint64) error { return nil }),
	}}
}
