package index

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"whence/correlate"
)

// estateKey and its kin make the sessions of an estate of 2,000 roles and 5,000 people: what
// CloudTrail tells of an AssumeRole, in real sizes. Session n is the same each time.

func estateKey(n int) correlate.Key {
	return correlate.Key{Kind: session, Value: "ASIA" + base32.StdEncoding.EncodeToString(estateBytes("key", n, 10))}
}

func estateBytes(what string, n, size int) []byte {
	id := correlate.NewID(what, strconv.Itoa(n))
	return id[:size]
}

func estateUUID(n int) string {
	h := hex.EncodeToString(estateBytes("event", n, 16))
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// estateFact is session n: a third each of people, pipelines and machines.
func estateFact(n int) correlate.Fact {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	role := fmt.Sprintf("team-%d-%s", r.IntN(500), []string{"deploy", "read", "admin", "batch"}[r.IntN(4)])
	unit := 123456789012 + int64(role[5])
	var name string
	switch r.IntN(3) {
	case 0:
		name = fmt.Sprintf("person.%d@example.com", r.IntN(5000))
	case 1:
		name = fmt.Sprintf("GitHubActions-%d", 16_000_000_000+r.Int64N(1_000_000_000))
	case 2:
		name = "i-0" + hex.EncodeToString(estateBytes("machine", r.IntN(100_000), 8))
	}
	at := day.Add(time.Duration(n%86400) * time.Second)
	return correlate.Fact{
		Kind: correlate.Account, Key: estateKey(n), Origin: correlate.NewID("aws.cloudtrail", estateUUID(n)),
		Source: "aws.cloudtrail", EventID: estateUUID(n), Time: at, Start: at, End: at.Add(time.Hour),
		Proof: correlate.Issued, Method: "aws.sts.assume_role",
		Principal: correlate.Principal{
			Type: correlate.RoleType, ID: fmt.Sprintf("arn:aws:sts::%d:assumed-role/%s/%s", unit, role, name), Name: role, Issuer: "aws",
			Names: []string{fmt.Sprintf("aws:arn:aws:iam::%d:role/%s", unit, role)},
		},
		Parents: []correlate.Link{{
			Role: correlate.Requestor, Key: estateKey(r.IntN(n + 1)), Proof: correlate.Issued, Method: "aws.sts.assume_role",
		}},
	}
}

// void is a store that takes everything and has nothing.
type void struct{ *Memory }

func (void) Put([]correlate.Fact, Position) error { return nil }
func (void) Lacks(correlate.Key) bool             { return true }
func (void) Resift(func()) error                  { return nil }

// settled fills a table with n sessions of the estate.
func settled(tb testing.TB, table *Table, n int) {
	facts := make([]correlate.Fact, 0, applyBatch)
	for i := range n {
		if facts = append(facts, estateFact(i)); len(facts) == cap(facts) || i == n-1 {
			if _, err := table.apply(facts, nil); err != nil {
				tb.Fatal(err)
			}
			facts = facts[:0]
		}
	}
}

// benchSizes are those of the growth tables, up to WHENCE_BENCH_SESSIONS.
func benchSizes() []int {
	most, err := strconv.Atoi(os.Getenv("WHENCE_BENCH_SESSIONS"))
	if err != nil {
		most = 1_000_000
	}
	var sizes []int
	for _, n := range []int{10_000, 100_000, 1_000_000, 10_000_000} {
		if n <= most {
			sizes = append(sizes, n)
		}
	}
	return sizes
}

// BenchmarkHot is the exact table alone: look-ups spread evenly, which is the worst
// case for the processor's caches, what a session takes, and what the collector does.
func BenchmarkHot(b *testing.B) {
	for _, n := range benchSizes() {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			before := liveBytes()
			table := local(b, 4<<30, 0, void{NewMemory()})
			settled(b, table, n)
			keys := make([]correlate.Key, min(n, 1<<16))
			for i := range keys {
				keys[i] = estateKey(i * (n / len(keys)))
			}
			held := liveBytes() - before
			collect := collectCost()
			benchLookup(b, table, keys)
			entries, bytes, _, _ := table.hot.stats()
			if entries != n {
				b.Fatalf("%d of %d sessions are held", entries, n)
			}
			b.ReportMetric(float64(bytes)/float64(n), "B/session")
			b.ReportMetric(float64(held)/float64(n), "heap-B/session")
			b.ReportMetric(collect.Seconds()*1000, "gc-ms")
		})
	}
}

// BenchmarkHotChurn looks up a hundred times for every five sessions that come,
// as events do, and reports the collector's share of all processor time.
func BenchmarkHotChurn(b *testing.B) {
	for _, n := range benchSizes() {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) {
			table := local(b, int64(n)*1000+minHotBytes, 0, void{NewMemory()})
			settled(b, table, n)
			keys := make([]correlate.Key, 1<<16)
			for i := range keys {
				keys[i] = estateKey(i * (n / 10) / len(keys) * 9)
			}
			fresh := make([]correlate.Fact, 1<<14)
			for i := range fresh {
				fresh[i] = estateFact(n + i)
			}
			look := lookerOf(table)
			gc, cpu, began := gcSeconds(), cpuSeconds(), 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				look(b, keys[(i*7919)%len(keys)])
				if i%20 == 0 {
					f := fresh[began%len(fresh)]
					f.Key.Value = estateValue(began)
					began++
					if _, err := table.apply([]correlate.Fact{f}, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(100*(gcSeconds()-gc)/(cpuSeconds()-cpu), "gc-%")
		})
	}
}

// estateValue is the value of a key that was never minted before.
func estateValue(n int) string {
	var b [10]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)*0x9e3779b97f4a7c15)
	return "ASIA" + base32.StdEncoding.EncodeToString(b[:])
}

func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// collectCost is the processor time of one collection, the least of five.
func collectCost() time.Duration {
	least := time.Hour
	for range 5 {
		at := cpuSeconds()
		runtime.GC()
		least = min(least, time.Duration((cpuSeconds()-at)*1e9))
	}
	return least
}

func cpuSeconds() float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

func gcSeconds() float64 {
	s := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64()
}
