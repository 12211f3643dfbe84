package sinks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
)

// conns are the connections that inserts go through, beside those of the queries:
// clickhouse-go copies every value twice, and ch-go sends the columns we encoded.
// A connection that failed in any way is not used again. It is safe for concurrent
// use.
type conns struct {
	addrs   []string
	options ch.Options
	tls     *tls.Config
	dialer  net.Dialer
	// plainHere leaves out the compression to servers on this machine: LZ4 is a third
	// of what a row costs from its columns to the wire (BenchmarkWire).
	plainHere bool

	mu     sync.Mutex
	idle   []conn // at most as many as there were inserts at the same time
	closed bool
}

type conn struct {
	client *ch.Client
	dialed time.Time
	used   time.Time
}

const (
	// idleConn is how long a connection may be unused and still be trusted: load
	// balancers and NATs forget them without a word.
	idleConn = 30 * time.Second
	// oldConn is when a connection is replaced, so that writers come back to a
	// server that was away, and go to new ones.
	oldConn = time.Hour
)

// errStale says that a connection that had been idle broke. A new one may work.
var errStale = errors.New("the connection had been closed")

// Do sends q. When ctx ends, it does too, at once.
func (cs *conns) Do(ctx context.Context, q ch.Query) error {
	c, reused, err := cs.take(ctx)
	if err != nil {
		return err
	}
	// ch-go looks at ctx between packets only, and a server that is stuck sends none.
	stop := context.AfterFunc(ctx, func() { _ = c.client.Close() })
	err = c.client.Do(ctx, q)
	if !stop() || err != nil {
		_ = c.client.Close()
		if err != nil && reused && ctx.Err() == nil && !ch.IsException(err) {
			cs.drop()
			return fmt.Errorf("%w: %w", errStale, err)
		}
		return err
	}
	c.used = time.Now()
	cs.put(c)
	return nil
}

// take returns a connection for the caller alone.
func (cs *conns) take(ctx context.Context) (c conn, reused bool, err error) {
	cs.mu.Lock()
	now := time.Now()
	for n := len(cs.idle); n > 0; n-- {
		c, cs.idle = cs.idle[n-1], cs.idle[:n-1]
		if now.Sub(c.used) < idleConn && now.Sub(c.dialed) < oldConn {
			cs.mu.Unlock()
			return c, true, nil
		}
		_ = c.client.Close()
	}
	cs.mu.Unlock()
	client, err := cs.dial(ctx)
	return conn{client: client, dialed: now}, false, err
}

func (cs *conns) put(c conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed {
		_ = c.client.Close()
		return
	}
	cs.idle = append(cs.idle, c)
}

// drop closes the connections that nobody uses.
func (cs *conns) drop() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.idle {
		_ = c.client.Close()
	}
	cs.idle = nil
}

// Close frees the connections. Those in use are freed by their users.
func (cs *conns) Close() error {
	cs.mu.Lock()
	cs.closed = true
	cs.mu.Unlock()
	cs.drop()
	return nil
}

// dial connects to the first address that answers. What all refuse is an
// exception; where one cannot be reached, it may be the one that would not refuse.
func (cs *conns) dial(ctx context.Context) (*ch.Client, error) {
	var failed error
	for _, addr := range cs.addrs {
		client, err := cs.dialOne(ctx, addr)
		if err == nil {
			return client, nil
		}
		if failed == nil || ch.IsException(failed) && !ch.IsException(err) {
			failed = fmt.Errorf("reach clickhouse at %s: %w", addr, err)
		}
	}
	return nil, failed
}

func (cs *conns) dialOne(ctx context.Context, addr string) (*ch.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, cs.dialer.Timeout)
	defer cancel()
	var sock net.Conn
	var err error
	if cs.tls != nil {
		sock, err = (&tls.Dialer{NetDialer: &cs.dialer, Config: cs.tls}).DialContext(ctx, "tcp", addr)
	} else {
		sock, err = cs.dialer.DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	options := cs.options
	if cs.plainHere && onThisMachine(sock) {
		options.Compression = ch.CompressionDisabled
	}
	client, err := ch.Connect(ctx, sock, options)
	if err != nil {
		_ = sock.Close()
		return nil, err
	}
	return client, nil
}

// onThisMachine reports whether both ends of a connection have one address.
func onThisMachine(sock net.Conn) bool {
	local, ok := sock.LocalAddr().(*net.TCPAddr)
	if !ok {
		return false
	}
	remote, ok := sock.RemoteAddr().(*net.TCPAddr)
	return ok && (remote.IP.IsLoopback() || remote.IP.Equal(local.IP))
}
