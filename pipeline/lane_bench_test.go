package pipeline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/index"
	"whence/sources"
)

// BenchmarkLane is what a lane does with 10,000 records, each of any of 100,000 sessions
// that are all known, in steps, as they come. Lines are of 1.4 KB, and nothing of them is
// in the processor's nearer caches before. It tells user and system time.
func BenchmarkLane(b *testing.B) {
	const sessions, n = 100_000, 10_000
	l := lonelyLane(b)
	store, at := stamped{index.NewMemory()}, time.Now().Truncate(time.Second)
	l.resolver.Index, l.sink, l.poison = store, &nowhere{}, false
	l.resolver.Finished = correlate.NewFinished(160 << 20)
	l.walker, l.work = l.resolver.NewWalker(), newWork(false)
	var minted sources.Batch
	for i := range sessions {
		l.source.DecodeRecord(sources.Input{Raw: []byte(issues(i, keyOf(i), fmt.Sprintf("person.%d@example.com", i%5000), at.Add(-time.Minute)))}, &minted)
		if err := store.Put(minted.Events[0].Mints, nil); err != nil {
			b.Fatal(err)
		}
		minted.Reset()
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	fetched, records, ends := make([]kgo.Record, n), make([]*kgo.Record, n), make([]int, n)
	var log []byte
	for i := range fetched {
		line := deletes(sessions+i, keyOf(rnd.IntN(sessions)), at)
		log = append(log, strings.Replace(line, `"eventType"`, alsoSaid+`"eventType"`, 1)...)
		fetched[i] = kgo.Record{Topic: trailTopic, Offset: int64(i), Timestamp: at}
		ends[i] = len(log)
	}
	for i, from := 0, 0; i < n; i++ {
		fetched[i].Value, from = log[from:ends[i]:ends[i]], ends[i]
	}
	round := func() {
		for i := range fetched {
			records[i] = &fetched[i]
		}
		for left := records; len(left) > 0; {
			batch := left[:min(len(left), maxBatch)]
			left = left[len(batch):]
			if err := l.step(b.Context(), batch, nil, false); err != nil {
				b.Fatal(err)
			}
		}
	}
	for range 3 {
		round()
	}
	b.ReportAllocs()
	var cpu time.Duration
	for b.Loop() {
		began := cpuTime(b)
		round()
		cpu += cpuTime(b) - began
	}
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N*n), "cpu-ns/event")
	b.ReportMetric(float64(len(log))/n, "B/event")
}

// alsoSaid are members of real lines that nothing is read of.
const alsoSaid = `"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz=","bytesTransferredOut":48213},"requestID":"6E1F3C1E00004000","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"example-invoices.s3.eu-west-1.amazonaws.com"},"managementEvent":false,"eventCategory":"Data",`

// stamped is a store that nothing is added to while a lane works.
type stamped struct{ *index.Memory }

func (stamped) Stamp(correlate.Key) correlate.Stamp { return correlate.Stamp{} }
func (stamped) Holds([]correlate.Stamp) bool        { return true }

func cpuTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
