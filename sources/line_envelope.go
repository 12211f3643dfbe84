package sources

import (
	"strings"

	"whence/sources/scan"
)

// Logs travel in envelopes: pages of APIs, lists, subscriptions of CloudWatch Logs,
// and what shippers put around a line they did not read.

// maxEnvelopes is how many envelopes may lie around a line.
const maxEnvelopes = 4

// envelope is what a struct embeds whose line may come in one.
type envelope struct {
	Data      scan.Raw `json:"data"`
	Records   scan.Raw `json:"records"`
	AWS       scan.Raw `json:"Records"`
	LogEvents scan.Raw `json:"logEvents"`
	Message   scan.Raw `json:"message"`
	Log       scan.Raw `json:"log"`
}

// inner is what an envelope holds: a list, an object, or text with one in it. Of what
// is no envelope it is nil.
func (w *envelope) inner() scan.Raw {
	for _, r := range [...]scan.Raw{w.Data, w.Records, w.AWS, w.LogEvents, w.Message, w.Log} {
		if r.IsList() || r.IsObject() || len(r) > 2 && r[0] == '"' && (r[1] == '{' || r[1] == '[') {
			return r
		}
	}
	return nil
}

// inEnvelope reports whether is holds for v, or for the first line of the envelope
// that v is.
func inEnvelope(v Value, is func(Value) bool) bool { return lookInside(v, is, 0) }

func lookInside(v Value, is func(Value) bool, depth int) bool {
	if is(v) {
		return true
	}
	if depth == maxEnvelopes {
		return false
	}
	for _, name := range [...]string{"data", "records", "Records", "logEvents", "message", "log"} {
		if !v.Has(name) {
			continue
		}
		in := v.Member(name)
		if text := strings.TrimSpace(v.Text(name)); strings.HasPrefix(text, "{") {
			in = NewValue([]byte(text))
		}
		if lookInside(in, is, depth+1) {
			return true
		}
	}
	return false
}
