package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// kafkaOptions says how every client reaches the brokers.
func kafkaOptions(k kafkaSettings) ([]kgo.Opt, error) {
	opts := []kgo.Opt{kgo.SeedBrokers(k.Brokers...), kgo.ClientID(k.ClientID)}
	config, err := k.TLS.load()
	if err != nil {
		return nil, fmt.Errorf("kafka.tls: %w", err)
	}
	if config != nil {
		opts = append(opts, kgo.DialTLSConfig(config))
	}
	switch user, password := k.SASL.Username, k.SASL.Password; k.SASL.Mechanism {
	case "plain":
		opts = append(opts, kgo.SASL(plain.Auth{User: user, Pass: password}.AsMechanism()))
	case "scram-sha-256":
		opts = append(opts, kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha256Mechanism()))
	case "scram-sha-512":
		opts = append(opts, kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()))
	}
	return opts, nil
}

// load reads the files that t names. It returns nil when TLS is off.
func (t tlsSettings) load() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: no certificate in %s", t.CAFile)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cert_file, key_file: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// pinged reaches a broker. Brokers that hang up do not say why.
func pinged(client *kgo.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		err := client.Ping(ctx)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w; do kafka.sasl and kafka.tls fit the broker?", err)
		}
		return err
	}
}

// kafkaErrors are those that no waiting mends, and what to do about them.
var kafkaErrors = []struct {
	err    error
	advice string
}{
	{kerr.SaslAuthenticationFailed, "check kafka.sasl: the broker refuses the user name or the password"},
	{kerr.UnsupportedSaslMechanism, "check kafka.sasl.mechanism: the broker does not know it"},
	{kerr.IllegalSaslState, "check kafka.sasl: the broker does not expect a user, or expects one"},
	{kerr.ClusterAuthorizationFailed, "grant the Kafka user Create on the cluster, or create the topics for it"},
	{kerr.TopicAuthorizationFailed, "grant the Kafka user Read on the raw topics, and Read, Write and DescribeConfigs on whence's"},
	{kerr.GroupAuthorizationFailed, "grant the Kafka user Read on the consumer group"},
}

func hopelessKafka(err error) bool {
	_, ok := kafkaRefusal(err)
	return ok
}

// lastingKafka reports whether waiting mends nothing, of an error of something that
// was begun when the brokers had been reached.
func lastingKafka(err error) bool {
	passes := away(err) || kgo.IsRetryableBrokerErr(err) || kerr.IsRetriable(err)
	return hopelessKafka(err) || !passes
}

func kafkaRefusal(err error) (advice string, ok bool) {
	for _, e := range kafkaErrors {
		if errors.Is(err, e.err) {
			return e.advice, true
		}
	}
	return "check kafka.tls: the certificates do not fit the broker's, or it does not speak TLS", untrusted(err)
}

// kafkaAdvice adds to an error of Kafka what to do about it, if it is one of
// configuration.
func kafkaAdvice(err error) error {
	if advice, ok := kafkaRefusal(err); ok {
		return wrong(fmt.Errorf("%w: %s", err, advice))
	}
	return err
}

// untrusted reports whether a server was reached and TLS with it is impossible.
func untrusted(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert)
}
