//go:build unix

package sinks_test

import (
	"net"
	"os/exec"
	"testing"

	"whence/correlate"
	"whence/sinks"
)

// What it takes to give rows that have been encoded to the kernel, as they go to a
// server on this machine: who reads them is another process.
func BenchmarkSend(b *testing.B) {
	const step = 512 // as a lane writes
	var blocks [][]correlate.Chain
	for i := range lanes {
		var chains []correlate.Chain
		for j := range step {
			chains = append(chains, usualChain(i*step+j))
		}
		blocks = append(blocks, chains)
	}
	send, err := sinks.NewSender(reader(b), blocks)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if err := send(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N*lanes*step), "send-ns/row")
}

// reader is a connection to a process that reads all that comes.
func reader(b *testing.B) net.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer peer.Close()
	in, err := peer.(*net.TCPConn).File()
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	cat := exec.Command("cat")
	cat.Stdin = in
	if err := cat.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		conn.Close()
		_ = cat.Wait() // it ends with the connection
	})
	return conn
}
