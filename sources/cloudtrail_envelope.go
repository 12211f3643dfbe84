package sources

import (
	"cmp"
	"errors"
	"strings"

	"whence/correlate"
	"whence/sources/scan"
)

// cloudtrailInsight is the eventType of an insight: it has no eventSource and
// eventName of its own.
const cloudtrailInsight = "AwsCloudTrailInsight"

// cloudtrailMaxWraps is how many envelopes may lie around an event. Two are
// common (EventBridge in a log line); more are a mistake.
const cloudtrailMaxWraps = 4

// value decodes an event, or what is inside an envelope: {"Records":[...]} as
// CloudTrail delivers files, {"detail":{...}} of EventBridge, {"logEvents":[...]}
// of a CloudWatch Logs subscription, {"message":"..."} of log shippers, and
// {"CloudTrailEvent":"..."} of the LookupEvents call.
func (d *cloudtrailDecoder) value(raw []byte, wraps int) {
	if wraps > cloudtrailMaxWraps {
		d.out.reject(raw, correlate.RejectTooDeep, cloudtrailTooDeep)
		return
	}
	rec := &d.records[wraps]
	if err := cloudtrailRecords.Read(raw, rec, &d.out.text); err != nil {
		d.refuse(raw, wraps, err)
		return
	}
	switch {
	case rec.EventName != "" && rec.EventSource != "":
		d.event(rec, raw)
	case rec.EventType == cloudtrailInsight:
		rec.EventSource, rec.EventName = "cloudtrail.amazonaws.com", cmp.Or(rec.Insight.Type, "Insight")
		d.event(rec, raw)
	case len(rec.Records) > 0:
		d.values(rec.Records, wraps)
	case len(rec.Events) > 0:
		d.values(rec.Events, wraps)
	case len(rec.LogEvents) > 0:
		for _, l := range rec.LogEvents {
			d.wrapped(l.Message, wraps)
		}
	default:
		for _, inner := range [...]scan.Raw{rec.Detail, rec.CloudTrailEvent, rec.Message, rec.Log} {
			if len(inner) > 0 {
				d.wrapped(inner, wraps)
				return
			}
		}
		d.out.reject(raw, correlate.RejectSource, cloudtrailNoEvent)
	}
}

const (
	cloudtrailTooDeep = "too many envelopes or levels inside the record"
	cloudtrailNoEvent = "not a CloudTrail event"
)

// refuse rejects what could not be read.
func (d *cloudtrailDecoder) refuse(raw []byte, wraps int, err error) {
	switch {
	case errors.Is(err, scan.ErrObject):
		d.out.reject(raw, correlate.RejectSource, cloudtrailNoEvent)
	case errors.Is(err, scan.ErrDeep) && wraps > 0:
		d.out.reject(raw, correlate.RejectTooDeep, cloudtrailTooDeep)
	default:
		d.out.refuse(raw, err)
	}
}

func (d *cloudtrailDecoder) values(raws []scan.Raw, wraps int) {
	for _, raw := range raws {
		d.value(raw, wraps+1)
	}
}

// wrapped decodes an event that is an object, or JSON in a string.
func (d *cloudtrailDecoder) wrapped(raw scan.Raw, wraps int) {
	inner := raw.Unquoted(&d.out.text)
	if len(inner) > 0 && inner[0] == '"' {
		if _, ok := raw.Text(&d.out.text); !ok {
			d.out.reject(raw, correlate.RejectNotJSON, "the record is not valid JSON")
			return
		}
	}
	d.value(inner, wraps+1)
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
