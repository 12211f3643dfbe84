package sinks

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// ClickHouseConfig says where ClickHouse is and how rows are sent there.
type ClickHouseConfig struct {
	// Addr are host:port of the native protocol, tried in order.
	Addr []string
	// Database holds whence's tables and nothing else. It need not exist.
	Database string
	// Cluster makes Migrate create replicated tables and Distributed ones above
	// them, on that cluster. Empty means one server.
	Cluster string
	// Username and Password; no username means ClickHouse's default user.
	Username, Password string
	TLS                TLSConfig
	// Compression of inserts is lz4, zstd, none, or auto: none to a server on the same
	// machine, where bytes cost nothing, and lz4 to others.
	Compression string
	// BatchRows and BatchBytes bound one insert; the bytes are those in memory.
	BatchRows, BatchBytes int
	// Linger is how long rows wait at most for more to join them. They wait less
	// when there are many, and not at all after nothing was inserted for that long.
	Linger time.Duration
	// Inserts is how many batches are sent at the same time.
	Inserts int
	// DialTimeout bounds a connection attempt, and the wait for a free one.
	DialTimeout time.Duration
	// InsertTimeout bounds the first attempt to insert; later ones get longer.
	InsertTimeout time.Duration
	// InsertQuorum is how many replicas must have the rows; 0 leaves it to the server.
	InsertQuorum int
	// Keep is how long each table keeps its rows.
	Keep Keep
}

// TLSConfig says how the connection is encrypted.
type TLSConfig struct {
	Enabled bool
	// CAFile, if set, replaces the system's certificate authorities.
	CAFile string
	// CertFile and KeyFile are a client certificate.
	CertFile, KeyFile string
	// ServerName is checked instead of the host name in Addr.
	ServerName string
}

// Keep is how many days each table keeps its rows; 0 means for ever. The ledger is
// kept from when an entry was written, and must outlive the chains.
type Keep struct {
	Chains, Sessions, Alerts, Rejects, Ledger int
}

// Default is a ClickHouse on this machine.
func (ClickHouseConfig) Default() ClickHouseConfig {
	return ClickHouseConfig{
		Addr:          []string{"127.0.0.1:9000"},
		Database:      "whence",
		Compression:   "auto",
		BatchRows:     50_000,
		BatchBytes:    64 << 20,
		Linger:        200 * time.Millisecond,
		Inserts:       2,
		DialTimeout:   10 * time.Second,
		InsertTimeout: 2 * time.Minute,
		Keep:          Keep{Chains: 400, Sessions: 400, Alerts: 400, Rejects: 90, Ledger: 430},
	}
}

// maxKeep keeps the end of a row's life inside what ClickHouse's DateTime holds.
const maxKeep = 2000

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate reports everything that is wrong with c.
func (c ClickHouseConfig) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("clickhouse: "+format, args...))
		}
	}
	check(len(c.Addr) > 0, "addr: name at least one host:port")
	check(identifier.MatchString(c.Database), "database %q: want letters, digits and _", c.Database)
	check(c.Cluster == "" || clusterName.MatchString(c.Cluster), "cluster %q: want letters, digits, _, - and macros in braces", c.Cluster)
	_, ok := compressions[c.Compression]
	check(ok, "compression %q: want auto, lz4, zstd or none", c.Compression)
	check(c.BatchRows > 0, "batch rows %d: want at least 1", c.BatchRows)
	check(c.BatchBytes > 0, "batch bytes %d: want at least 1", c.BatchBytes)
	check(c.Linger >= 0, "linger %s: want 0 or more", c.Linger)
	check(c.Inserts > 0, "inserts %d: want at least 1", c.Inserts)
	check(c.DialTimeout > 0, "dial timeout %s: want more than 0", c.DialTimeout)
	check(c.InsertTimeout > 0, "insert timeout %s: want more than 0", c.InsertTimeout)
	check(c.InsertQuorum >= 0, "insert quorum %d: want 0 or more", c.InsertQuorum)
	for _, d := range []int{c.Keep.Chains, c.Keep.Sessions, c.Keep.Alerts, c.Keep.Rejects, c.Keep.Ledger} {
		check(d >= 0 && d <= maxKeep, "keep %d days: want 0 (for ever) to %d", d, maxKeep)
	}
	check((c.TLS.CertFile == "") == (c.TLS.KeyFile == ""), "tls: a client certificate needs both a cert file and a key file")
	check(c.TLS.Enabled || c.TLS == TLSConfig{}, "tls: files are given, and tls is not enabled")
	return errors.Join(errs...)
}

var compressions = map[string]ch.Compression{
	"auto": ch.CompressionLZ4, "lz4": ch.CompressionLZ4, "zstd": ch.CompressionZSTD, "none": ch.CompressionDisabled,
}

// options are those of the connections that are read from.
func (c ClickHouseConfig) options(tls *tls.Config) *clickhouse.Options {
	return &clickhouse.Options{
		Addr: c.Addr,
		// No database: it may not exist before Migrate, and every statement names it.
		Auth: clickhouse.Auth{Username: c.Username, Password: c.Password},
		TLS:  tls,
		// What we send here is short, and the server compresses as it likes.
		Compression:  &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		DialTimeout:  c.DialTimeout,
		MaxIdleConns: 2,
		MaxOpenConns: 10, // several reads of repair stay open at the same time
		ClientInfo: clickhouse.ClientInfo{Products: []struct{ Name, Version string }{
			{Name: "whence"},
		}},
	}
}

// conns are the connections that are written to.
func (c ClickHouseConfig) conns(tls *tls.Config) *conns {
	return &conns{
		addrs: c.Addr, tls: tls, plainHere: c.Compression == "auto", dialer: net.Dialer{Timeout: c.DialTimeout},
		options: ch.Options{
			User: c.Username, Password: c.Password, ClientName: "whence",
			Compression:      compressions[c.Compression],
			ReadTimeout:      c.DialTimeout, // of the handshake; inserts have their own
			HandshakeTimeout: c.DialTimeout,
		},
	}
}

func (c TLSConfig) load() (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authorities: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the certificate authorities: no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("load the client certificate: %w", err)
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
