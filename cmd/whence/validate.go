package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"

	"whence/correlate"
)

// saslMechanisms are those that the Kafka client is built with.
var saslMechanisms = []string{"", "plain", "scram-sha-256", "scram-sha-512"}

// validate reports everything that is wrong with s. It reads no file.
func (s settings) validate() error {
	out := s.sinks()
	return errors.Join(
		within("kafka.", s.Kafka.validate()),
		s.pipeline().Validate(),
		within("sessions: ", s.index().Validate()),
		out.Validate(),
		s.validateTopics(),
		s.validateSIEM(),
		s.validateNotify(),
		s.validateRest(),
	)
}

func (k kafkaSettings) validate() error {
	var c checklist
	c.want(len(k.Brokers) > 0, "brokers: name at least one host:port")
	for _, b := range k.Brokers {
		_, _, err := net.SplitHostPort(b)
		c.want(err == nil, "brokers: %q is not host:port", b)
	}
	sasl := k.SASL
	c.want(slices.Contains(saslMechanisms, sasl.Mechanism), "sasl.mechanism %q: want plain, scram-sha-256 or scram-sha-512", sasl.Mechanism)
	c.want(sasl.Mechanism == "" || sasl.Username != "" && sasl.Password != "", "sasl: %s needs a username and a password", sasl.Mechanism)
	c.want(sasl.Mechanism != "" || sasl == saslSettings{}, "sasl: a user is given, and no mechanism")
	c.want((k.TLS.CertFile == "") == (k.TLS.KeyFile == ""), "tls: a client certificate needs both cert_file and key_file")
	c.want(k.TLS.Enabled || k.TLS == tlsSettings{}, "tls: files are given, and tls is not enabled")
	return c.err()
}

// validateTopics sees that no topic of ours is another's: reading what we write
// would never end.
func (s settings) validateTopics() error {
	var c checklist
	c.want(s.RejectsTopic != "", "rejects_topic: is empty")
	users := map[string]string{}
	for _, t := range s.Topics {
		users[t.Name] = "topics"
	}
	if name := s.Directory.Topic; name != "" {
		c.want(users[name] == "", "directory.topic: %s is named under %s too", name, users[name])
		users[name] = "directory.topic"
	}
	ours := s.ourTopics()
	for _, key := range slices.Sorted(maps.Keys(ours)) {
		name := ours[key]
		if name == "" {
			continue
		}
		c.want(users[name] == "", "%s: %s is named under %s too", key, name, users[name])
		users[name] = key
	}
	for _, d := range s.SIEM { // of which several may share a topic
		c.want(d.own() || users[d.Topic] == "", "siem %s: topic %s is named under %s too", d.Name, d.Topic, users[d.Topic])
	}
	return c.err()
}

func (s settings) validateRest() error {
	var c checklist
	c.want(s.Store.Dir != "", "store.dir: name a folder for the local copy of the session topics")
	c.want(s.Store.CacheBytes >= 0, "store.cache_bytes %d: want 0 or more", s.Store.CacheBytes)
	keep := s.ClickHouse.KeepDays
	c.want(s.Ledger.KeyFile == "" || keep.Ledger == 0 || keep.Chains != 0 && keep.Ledger >= keep.Chains,
		"clickhouse.keep_days.ledger %d: want as many days as chains are kept, or more", keep.Ledger)
	c.want(s.Epoch <= correlate.MaxEpoch, "epoch %d: want at most %d", s.Epoch, correlate.MaxEpoch)
	if s.Listen != "" {
		_, _, err := net.SplitHostPort(s.Listen)
		c.want(err == nil, "listen %q: want host:port, such as 127.0.0.1:9464", s.Listen)
	}
	_, err := s.Log.level()
	c.want(err == nil, "log.level %q: want debug, info, warn or error", s.Log.Level)
	c.want(s.Log.Format == "text" || s.Log.Format == "json", "log.format %q: want text or json", s.Log.Format)
	return c.err()
}

func (l logSettings) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(l.Level))
	return level, err
}

// within puts the section that the problems of err are in before each.
func within(section string, err error) error {
	if err == nil {
		return nil
	}
	var errs []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		errs = append(errs, fmt.Errorf("%s%s", section, line))
	}
	return errors.Join(errs...)
}

// A checklist collects what is wrong.
type checklist struct{ errs []error }

func (c *checklist) want(ok bool, format string, args ...any) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf(format, args...))
	}
}

func (c *checklist) err() error { return errors.Join(c.errs...) }
