package sinks_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"whence/correlate"
	"whence/sinks"
)

// The connection breaks in the middle of an insert and nobody listens for a while:
// Write waits, and then the rows are in.
func TestClickHouseGoesAwayAndComesBack(t *testing.T) {
	var p *proxy
	c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) {
		p = newProxy(t, cfg.Addr[0])
		cfg.Addr = []string{p.addr}
	})
	write(t, c, bareChain(0))
	p.stop()
	var written sync.WaitGroup
	written.Go(func() {
		if err := c.Write(context.Background(), &sinks.Output{Chains: []correlate.Chain{bareChain(1), fullChain(2)}}); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-p.refused:
	case <-time.After(20 * time.Second):
		t.Error("no attempt to connect")
	}
	p.start()
	written.Wait()
	for _, want := range []correlate.Chain{bareChain(0), bareChain(1), fullChain(2)} {
		if got, ok, err := c.Chain(t.Context(), want.ID); !ok || err != nil || got.Version != want.Version {
			t.Errorf("chain %s: got %v, %v, %v", want.ID, got.Version, ok, err)
		}
	}
}

// A proxy forwards connections to a server. Stopped, it breaks those it has and
// hangs up on new ones.
type proxy struct {
	addr, to string
	refused  chan struct{} // one for a connection that was hung up on; more are not counted
	done     sync.WaitGroup

	mu    sync.Mutex
	off   bool
	conns []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), to: to, refused: make(chan struct{}, 1)}
	p.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.serve(conn)
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.stop()
		p.done.Wait()
	})
	return p
}

func (p *proxy) serve(from net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off {
		from.Close()
		select {
		case p.refused <- struct{}{}:
		default:
		}
		return
	}
	to, err := net.Dial("tcp", p.to)
	if err != nil {
		from.Close()
		return
	}
	p.conns = append(p.conns, from, to)
	p.done.Go(func() { _, _ = io.Copy(to, from); to.Close() })
	p.done.Go(func() { _, _ = io.Copy(from, to); from.Close() })
}

func (p *proxy) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = true
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = false
}
