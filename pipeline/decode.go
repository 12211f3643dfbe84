package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sources"
)

// decodeRecord decodes one record. A decoder that panics is a bug of ours, and must
// not be one that keeps a partition from being read for ever: the record is rejected
// whole, and the log says where to look.
func (l *lane) decodeRecord(in sources.Input, r *kgo.Record, out *sources.Batch) {
	events, rejects := len(out.Events), len(out.Rejects)
	defer func() {
		failed := recover()
		if failed == nil {
			return
		}
		clear(out.Events[events:])
		out.Events, out.Rejects = out.Events[:events], append(out.Rejects[:rejects], rejectFailed(r, l.source.Name))
		// What it panicked with may hold what it was reading.
		l.log.Error("a decoder failed; its record is rejected: please report this", "source", l.source.Name,
			"topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "panic", fmt.Sprintf("%T", failed), "at", frames())
	}()
	l.source.DecodeRecord(in, out)
}

func rejectFailed(r *kgo.Record, source string) correlate.Reject {
	sum := sha256.Sum256(r.Value)
	return correlate.Reject{
		Source: source, Reason: correlate.RejectFailed, Detail: "the decoder failed; this is a bug of whence, and its log says where",
		SHA256: hex.EncodeToString(sum[:]), Raw: append([]byte(nil), r.Value...),
	}
}

// frames are the functions that a panic came through, innermost first.
func frames() string {
	pcs := make([]uintptr, 32)
	all := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)]) // not this, its caller and the panic
	var names []string
	for more := true; more && len(names) < 6; {
		var f runtime.Frame
		if f, more = all.Next(); strings.HasPrefix(f.Function, "runtime.") {
			continue
		}
		names = append(names, fmt.Sprintf("%s:%d", f.Function, f.Line))
	}
	return strings.Join(names, " < ")
}
