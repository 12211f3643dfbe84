package sources

import (
	"encoding/json"
	"strings"

	"whence/correlate"
)

// cloudtrailInsight is the eventType of an insight: it has no eventSource and
// eventName of its own.
const cloudtrailInsight = "AwsCloudTrailInsight"

// cloudtrailMaxWraps is how many envelopes may lie around an event. Two are
// common (EventBridge in a log line); more are a mistake.
const cloudtrailMaxWraps = 4

// cloudtrailDecoder unwraps one record.
type cloudtrailDecoder struct {
	in  Input
	out *Batch
}

// value decodes an event, or what is inside an envelope: {"Records":[...]} as
// CloudTrail delivers files, {"detail":{...}} of EventBridge, {"logEvents":[...]}
// of a CloudWatch Logs subscription, {"message":"..."} of log shippers, and
// {"CloudTrailEvent":"..."} of the LookupEvents call.
func (d *cloudtrailDecoder) value(raw []byte, wraps int) {
	if wraps > cloudtrailMaxWraps || wraps > 0 && depth(raw) > maxDepth {
		d.out.reject(raw, correlate.RejectTooDeep, "too many envelopes or levels inside the record")
		return
	}
	var rec cloudtrailRecord
	if cloudtrailUnmarshal(raw, &rec) != nil {
		d.out.reject(raw, correlate.RejectNotJSON, "the record is not valid JSON")
		return
	}
	switch {
	case rec.EventName != "" && rec.EventSource != "":
		d.event(&rec, raw)
	case rec.EventType == cloudtrailInsight:
		rec.EventSource, rec.EventName = "cloudtrail.amazonaws.com", rec.Insight.Type
		rec.ReadOnly = json.RawMessage("true") // an observation
		if rec.EventName == "" {
			rec.EventName = "Insight"
		}
		d.event(&rec, raw)
	case len(rec.Records) > 0:
		d.values(rec.Records, wraps)
	case len(rec.Events) > 0:
		d.values(rec.Events, wraps)
	case len(rec.LogEvents) > 0:
		for _, l := range rec.LogEvents {
			d.wrapped(l.Message, wraps)
		}
	default:
		for _, inner := range [][]byte{rec.Detail, rec.CloudTrailEvent, rec.Message, rec.Log} {
			if len(inner) > 0 {
				d.wrapped(inner, wraps)
				return
			}
		}
		d.out.reject(raw, correlate.RejectSource, "not a CloudTrail event")
	}
}

func (d *cloudtrailDecoder) values(raws []json.RawMessage, wraps int) {
	for _, raw := range raws {
		d.value(raw, wraps+1)
	}
}

// wrapped decodes an event that is an object, or JSON in a string.
func (d *cloudtrailDecoder) wrapped(raw []byte, wraps int) {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if cloudtrailUnmarshal(raw, &s) != nil {
			d.out.reject(raw, correlate.RejectNotJSON, "the record is not valid JSON")
			return
		}
		raw = []byte(s)
	}
	d.value(raw, wraps+1)
}

func cloudtrailLooksLike(v Value, wraps int) bool {
	if wraps > cloudtrailMaxWraps {
		return false
	}
	inside := func(v Value) bool { return cloudtrailLooksLike(v, wraps+1) }
	inString := func(name string) bool {
		s := v.Text(name)
		return strings.HasPrefix(strings.TrimSpace(s), "{") && inside(NewValue([]byte(s)))
	}
	switch {
	case v.Has("eventSource", "eventName"):
		// Notifications of S3 and Lambda's stream events say aws:s3, aws:kinesis.
		known := v.Has("userIdentity") || v.Has("eventVersion") || v.Has("awsRegion")
		return known && !strings.HasPrefix(v.Text("eventSource"), "aws:")
	case v.Text("eventType") == cloudtrailInsight:
		return v.Has("insightDetails")
	case v.Has("Records"):
		return inside(v.Member("Records"))
	case v.Has("Events"):
		return inside(v.Member("Events"))
	case v.Has("messageType", "logEvents"):
		m := v.Member("logEvents").Text("message")
		return strings.HasPrefix(m, "{") && inside(NewValue([]byte(m)))
	case v.Has("detail-type", "detail"):
		return inside(v.Member("detail"))
	}
	return inString("CloudTrailEvent") || inString("message") || inString("Message") || inString("log") ||
		inside(v.Member("message")) || inside(v.Member("log"))
}
