package pipeline

import (
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/sinks"
	"whence/sources"
)

// work is what a lane has in hand during one step, in memory that the next step
// uses again. What it lends, and to whom:
//
//   - events lie in the fetched records and in decoded, chains in out, in the lane's
//     walker and in their events, all until reset;
//   - the session table encodes what it binds, the sinks what they write, the judge
//     and the decoders own their alerts and rejects, so none of them keeps anything;
//   - the window keeps what it parks, and clones it.
type work struct {
	decoded sources.Batch
	out     sinks.Output
	room    []correlate.Chain // what out.Chains begins with in each step
	// former are the versions that were written before, by the place of the chain
	// in out; nil for a first version.
	former []*correlate.Chain

	record *kgo.Record // being decoded
	header func(name string) string
	// records are those of the step. They go back to the client's pools.
	records []*kgo.Record
	poison  bool
}

func newWork(poison bool) *work {
	w := &work{poison: poison}
	w.header = w.headerOf
	if poison {
		w.decoded.Poison()
	}
	return w
}

// chain lends the place of the next chain to write. There is some other in it: a walk
// sets all of it, and to clear a kilobyte first would be for nothing.
func (w *work) chain(former *correlate.Chain) *correlate.Chain {
	w.former = append(w.former, former)
	n := len(w.out.Chains)
	if n == cap(w.out.Chains) {
		w.out.Chains = append(w.out.Chains, correlate.Chain{})
	}
	w.out.Chains = w.out.Chains[:n+1]
	return &w.out.Chains[n]
}

// drop takes the last chain back.
func (w *work) drop() {
	w.former = w.former[:len(w.former)-1]
	w.out.Chains = w.out.Chains[:len(w.out.Chains)-1]
}

// mostChains is how many chains a lane keeps room for between steps: those of a full
// step and of those that settle in it, and by how much such a list grows beyond that.
// When very many are woken at once they take more, for that step.
const mostChains = 2 * maxBatch

func (w *work) reset() {
	w.decoded.Reset()
	if w.poison {
		clear(w.out.Chains)
		clear(w.out.Facts)
		for _, r := range w.records {
			for i := range r.Value {
				r.Value[i] = 0xDB
			}
		}
	}
	for _, r := range w.records {
		r.Recycle()
	}
	clear(w.records)
	w.records = nil
	if cap(w.out.Chains) <= mostChains {
		w.room = w.out.Chains[:0]
	}
	clear(w.former)
	clear(w.out.Alerts)
	w.former, w.record = w.former[:0], nil
	w.out = sinks.Output{Chains: w.room, Facts: w.out.Facts[:0], Alerts: w.out.Alerts[:0]}
}

// ahead has the first of records hashed before they are decoded. What is passed over
// then is hashed for nothing.
func (w *work) ahead(records []*kgo.Record) {
	var raws [sources.AheadRecords][]byte
	n := 0
	for _, r := range records[:min(len(records), len(raws))] {
		raws[n] = r.Value
		n++
	}
	w.decoded.Ahead(raws[:n])
}

// input is what a decoder gets of a record, of a topic with a scope of its own. It is
// good until the next one.
func (w *work) input(r *kgo.Record, scope string) sources.Input {
	w.record = r
	in := sources.Input{Raw: r.Value, Scope: scope, Header: w.header}
	if len(r.Headers) > 0 {
		if s := in.Header("whence-scope"); s != "" {
			in.Scope = s
		}
	}
	return in
}

// headerOf looks up a header of the record being decoded. The broker's timestamp
// answers for when the record was received, unless the collector said so itself.
func (w *work) headerOf(name string) string {
	for _, h := range w.record.Headers {
		if strings.EqualFold(h.Key, name) {
			return string(h.Value)
		}
	}
	if strings.EqualFold(name, receivedAt) {
		return w.record.Timestamp.UTC().Format(time.RFC3339Nano)
	}
	return ""
}
