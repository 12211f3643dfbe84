//go:build linux

package sinks_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"whence/correlate"
	"whence/sinks"
)

// What rows cost the server, which shares the machine: to insert them, and to merge
// them once, each in CPU of its process; and what they take on disk.
func BenchmarkStored(b *testing.B) {
	for _, size := range []int{1000, 10_000, 25_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := clickHouse(b, func(cfg *sinks.ClickHouseConfig) { cfg.BatchRows, cfg.Linger = size, 0 })
			conn := connect(b)
			chains := name(b) + ".chains"
			exec := func(statement string) {
				if err := conn.Exec(b.Context(), statement); err != nil {
					b.Fatal(err)
				}
			}
			exec("SYSTEM STOP MERGES " + chains)
			rows, inserting := 0, time.Duration(0)
			for b.Loop() {
				var out sinks.Output
				for range size {
					ch := usualChain(rows)
					ch.ID = correlate.NewID("stored", strconv.Itoa(rows))
					ch.Time = day.Add(time.Duration(rows) * time.Millisecond)
					ch.Seal(1)
					out.Chains = append(out.Chains, ch)
					rows++
				}
				before := serverTime(b)
				if err := c.Write(b.Context(), &out); err != nil {
					b.Fatal(err)
				}
				inserting += serverTime(b) - before
			}
			perRow := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(rows) }
			b.ReportMetric(perRow(inserting), "insert-us/row")
			b.ReportMetric(0, "ns/op") // most of it is spent on making the rows
			before := serverTime(b)
			exec("SYSTEM START MERGES " + chains)
			exec("OPTIMIZE TABLE " + chains + " FINAL")
			b.ReportMetric(perRow(serverTime(b)-before), "merge-us/row")
			var disk uint64
			if err := conn.QueryRow(b.Context(), "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'chains' AND database = '"+database(b)+"'").Scan(&disk); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(disk)/float64(rows), "disk-B/row")
		})
	}
}

func name(b *testing.B) string { return "`" + database(b) + "`" }

// serverTime is the CPU of the processes that this one has started: of the engine.
func serverTime(b *testing.B) (sum time.Duration) {
	b.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range tasks {
		children, err := os.ReadFile("/proc/self/task/" + t.Name() + "/children")
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range bytes.Fields(children) {
			stat, err := os.ReadFile("/proc/" + string(pid) + "/stat")
			if err != nil {
				b.Fatal(err)
			}
			// utime and stime are the 12th and 13th field after the name in brackets, in
			// hundredths of a second.
			fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
			for _, f := range fields[11:13] {
				n, err := strconv.Atoi(string(f))
				if err != nil {
					b.Fatal(err)
				}
				sum += time.Duration(n) * 10 * time.Millisecond
			}
		}
	}
	return sum
}
