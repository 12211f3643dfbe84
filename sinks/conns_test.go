package sinks_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"whence/correlate"
	"whence/sinks"
)

// The rows of callers that wait together go out as one insert in several parts,
// and each is read back as it was written.
func TestJoinedLoads(t *testing.T) {
	for _, compression := range []string{"auto", "none", "lz4", "zstd"} {
		t.Run(compression, func(t *testing.T) {
			const callers, each = 6, 400
			c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) {
				cfg.Compression, cfg.Linger, cfg.BatchRows, cfg.Inserts = compression, time.Hour, callers*each+1, 1
			})
			write(t, c, bareChain(1_000_000)) // those that follow linger until all are there
			var g errgroup.Group
			want := map[correlate.ID]correlate.Chain{}
			for w := range callers {
				var out sinks.Output
				for i := range each {
					n := w*each + i
					ch := bareChain(n)
					if n%3 == 0 {
						ch = fullChain(n)
					}
					want[ch.ID] = stored(ch)
					out.Chains = append(out.Chains, ch)
				}
				if w == 0 {
					out.Chains = append(out.Chains, out.Chains[0]) // the one that fills the group
				}
				g.Go(func() error { return c.Write(t.Context(), &out) })
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			n := 0
			err := c.Between(t.Context(), time.Time{}, time.Time{}, func(got correlate.Chain) error {
				n++
				if w, ok := want[got.ID]; ok {
					if diff := cmp.Diff(w, got, cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("(-written +read):\n%s", diff)
						return errEnough
					}
				}
				return nil
			})
			if err != nil || n != len(want)+1 {
				t.Errorf("read %d chains, %v; want %d", n, err, len(want)+1)
			}
		})
	}
}

func TestWriteGoesToTheAddressThatAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there now
	c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) { cfg.Addr = []string{l.Addr().String(), cfg.Addr[0]} })
	write(t, c, fullChain(1))
	if _, ok, err := c.Chain(t.Context(), fullChain(1).ID); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}

// Connections that broke while nobody used them cost nobody an error, and all of
// them are given up together.
func TestIdleConnectionsBreak(t *testing.T) {
	var p *proxy
	c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) {
		p = newProxy(t, cfg.Addr[0])
		cfg.Addr = []string{p.addr}
	})
	for n := range 3 {
		var g errgroup.Group
		for i := range 4 {
			g.Go(func() error {
				return c.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{fullChain(10*n + i)}})
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		p.stop()
		p.start()
	}
	if chains, _, err := c.Counts(t.Context()); chains != 12 || err != nil {
		t.Errorf("got %d chains, %v; want 12", chains, err)
	}
}

// The server would convert the values as well as it can.
func TestWriteRefusesAnotherType(t *testing.T) {
	c := clickHouse(t)
	conn := connect(t)
	alter := func(typ string) {
		if err := conn.Exec(t.Context(), "ALTER TABLE "+database(t)+".chains MODIFY COLUMN usage_input_tokens "+typ+" CODEC(ZSTD(1))"); err != nil {
			t.Fatal(err)
		}
	}
	alter("String")
	err := c.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{fullChain(1)}})
	if err == nil || !strings.Contains(err.Error(), "column usage_input_tokens: the server has String there, want Int64") || !strings.Contains(err.Error(), "whence schema") {
		t.Errorf("got %v", err)
	}
	alter("Int64")
	write(t, c, fullChain(1))
	if chains, _, err := c.Counts(t.Context()); chains != 1 || err != nil {
		t.Errorf("got %d chains, %v; want 1", chains, err)
	}
}

func TestClickHouseTLS(t *testing.T) {
	var ca string
	c := clickHouse(t, func(cfg *sinks.ClickHouseConfig) {
		cfg.Addr[0], ca = listenTLS(t, cfg.Addr[0])
		cfg.TLS = sinks.TLSConfig{Enabled: true, CAFile: ca, ServerName: "clickhouse.example.com"}
		cfg.Compression = "none"
	})
	write(t, c, fullChain(1), bareChain(2))
	if chains, _, err := c.Counts(t.Context()); chains != 2 || err != nil {
		t.Errorf("got %d chains, %v; want 2", chains, err)
	}
}

// listenTLS forwards what comes to the address it returns to addr, and returns the
// file of its certificate.
func listenTLS(t *testing.T, addr string) (from, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"clickhouse.example.com"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", addr)
			if err != nil {
				in.Close()
				continue
			}
			conns.Go(func() { _, _ = io.Copy(out, in); out.Close() })
			conns.Go(func() { _, _ = io.Copy(in, out); in.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Wait()
	})
	return l.Addr().String(), ca
}
