package correlate

import "time"

// A Reject is a record, or a part of one, that could not be decoded. It is
// written to the rejects topic with its bytes and counted under its reason.
type Reject struct {
	Source string
	// Reason is one of the constants below; it is a metric label.
	Reason string
	// Detail is for people and never repeats the input.
	Detail    string
	Topic     string
	Partition int32
	Offset    int64
	Time      time.Time // the record's own timestamp
	SHA256    string    // of Raw, lower-case hex
	Raw       []byte
}

// Why a record was rejected.
const (
	RejectEmpty    = "empty"
	RejectTooLarge = "too_large"
	RejectTooDeep  = "too_deep"
	RejectNotJSON  = "not_json"
	RejectSource   = "wrong_source" // JSON, and not a line of this log
	RejectNoTime   = "no_time"
	RejectNoID     = "no_id"
	RejectInvalid  = "invalid" // this log, with a field that cannot be read
	RejectFailed   = "failed"  // our decoder did: a bug
)
