package main

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
)

// siemSettings is one destination in Kafka that is told of chains or of alerts.
type siemSettings struct {
	// Name is what it is called in status, metrics and errors.
	Name  string `mapstructure:"name"`
	Topic string `mapstructure:"topic"`
	// What is chains or alerts.
	What string `mapstructure:"what"`
	// Encoding is native, ocsf or ecs; empty for ocsf.
	Encoding string `mapstructure:"encoding"`
	// Filter is an expression, as in rules, over names that no version of a chain or
	// alert changes; empty for all.
	Filter string `mapstructure:"filter"`
	// Key is what records are keyed by; empty for id.
	Key string `mapstructure:"key"`
	// Compression is none, gzip, lz4, snappy or zstd; empty for snappy.
	Compression string `mapstructure:"compression"`
	// MaxBytes bounds what waits to be sent; 0 for outputs.max_bytes.
	MaxBytes int `mapstructure:"max_bytes"`
	// Brokers, if given, are of another cluster, which TLS and SASL are for; empty for
	// those of kafka, with its TLS and SASL.
	Brokers []string     `mapstructure:"brokers"`
	TLS     tlsSettings  `mapstructure:"tls"`
	SASL    saslSettings `mapstructure:"sasl"`
}

// own reports whether the destination is in a cluster of its own.
func (d siemSettings) own() bool { return len(d.Brokers) > 0 }

func (d siemSettings) alerts() bool { return d.What == "alerts" }

// kafka says how its brokers are reached.
func (d siemSettings) kafka(s settings) kafkaSettings {
	if !d.own() {
		return s.Kafka
	}
	return kafkaSettings{Brokers: d.Brokers, ClientID: s.Kafka.ClientID, TLS: d.TLS, SASL: d.SASL}
}

func (d siemSettings) encoding() sinks.Encoding {
	if d.Encoding == "" {
		return sinks.OCSF
	}
	return sinks.Encoding(d.Encoding)
}

// config is the destination without its filter.
func (d siemSettings) config(s settings) sinks.KafkaConfig {
	cfg := sinks.KafkaConfig{
		Name: "siem " + d.Name, Encoding: d.encoding(), Key: sinks.KeyBy(d.Key), Compression: d.Compression, MaxBytes: d.MaxBytes,
	}
	if d.MaxBytes == 0 {
		cfg.MaxBytes = s.Outputs.MaxBytes
	}
	if d.alerts() {
		cfg.Alerts = d.Topic
	} else {
		cfg.Chains = d.Topic
	}
	return cfg
}

// filter compiles the filter.
func (d siemSettings) filter() (f sinks.Filter, err error) {
	switch {
	case d.Filter == "":
	case d.alerts():
		var of *rules.AlertFilter
		if of, err = rules.NewAlertFilter(d.Filter); err == nil {
			f.Alert = func(a *correlate.Alert) (bool, error) { return of.Match(a) }
		}
	default:
		var of *rules.Filter
		if of, err = rules.NewFilter(d.Filter); err == nil {
			f.Chain = func(c *correlate.Chain) (bool, error) { return of.Match(c) }
		}
	}
	return f, err
}

var itemName = regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)

// named checks the name of a list's i-th item, and that no other seen has it. It returns
// what errors about the item begin with.
func (c *checklist) named(list string, i int, name string, seen map[string]bool) (at string) {
	at = fmt.Sprintf("%s[%d]: ", list, i)
	if name != "" {
		at = list + " " + name + ": "
	}
	c.want(itemName.MatchString(name), "%sname %q: want small letters, digits, - and _", at, name)
	c.want(!seen[name] || name == "", "%stwo have that name", at)
	seen[name] = true
	return at
}

// validateSIEM reports everything that is wrong with the destinations.
func (s settings) validateSIEM() error {
	var c checklist
	seen := map[string]bool{}
	for i, d := range s.SIEM {
		at := c.named("siem", i, d.Name, seen)
		c.want(d.Topic != "", "%stopic: name one", at)
		c.want(d.What == "chains" || d.What == "alerts", "%swhat %q: want chains or alerts", at, d.What)
		c.add(within(at, d.encoding().Validate()))
		c.add(within(at, sinks.KeyBy(d.Key).Validate(d.alerts())))
		c.want(d.Compression == "" || slices.Contains(sinks.Compressions(), d.Compression), "%scompression %q: want one of %v", at, d.Compression, sinks.Compressions())
		c.want(d.MaxBytes >= 0, "%smax_bytes %d: want 0 or more", at, d.MaxBytes)
		if _, err := d.filter(); err != nil { // with the expression, and where in it
			c.want(false, "%sfilter: %s", at, strings.ReplaceAll(err.Error(), "\n", "\n    "))
		}
		if d.own() {
			c.add(within(at, d.kafka(s).validate()))
		} else {
			c.want(d.TLS == tlsSettings{} && d.SASL == saslSettings{}, "%stls and sasl are for brokers of its own, and none are named", at)
		}
	}
	return c.err()
}

// add notes an error that may be nil.
func (c *checklist) add(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// announcers are all that is told of chains and alerts: the topics of outputs, and the
// destinations of siem. Nobody is reached yet.
func (w *wiring) announcers() (sinks.Sink, error) {
	var all []sinks.Sink
	add := func(cfg sinks.KafkaConfig, opts []kgo.Opt) error {
		k, err := sinks.NewKafka(cfg, opts, w.log)
		if err == nil {
			all = append(all, k)
		}
		return err
	}
	err := error(nil)
	if w.settings.announces() {
		err = add(w.settings.sinks().Kafka, w.kafka)
	}
	for _, d := range w.settings.SIEM {
		cfg, opts := d.config(w.settings), w.kafka
		if err == nil && d.own() {
			opts, err = kafkaOptions(d.kafka(w.settings))
		}
		if err == nil {
			cfg.Filter, err = d.filter()
		}
		if err == nil {
			err = add(cfg, opts)
		}
	}
	switch {
	case err != nil:
		for _, k := range all {
			_ = k.Close(context.Background()) // nothing was written
		}
		return nil, wrong(err)
	case len(all) == 0:
		return nil, nil
	case len(all) == 1:
		return all[0], nil
	}
	return sinks.NewFeeds(all...), nil
}

// reachSIEM waits for the clusters that are not ours, and sees that their topics are
// there: whence makes topics in its own cluster only.
func (w *wiring) reachSIEM(ctx context.Context, wait awaiting, say func(string)) error {
	for _, d := range w.settings.SIEM {
		if !d.own() {
			continue
		}
		name := "siem " + d.Name
		say(name)
		err := wait.until(ctx, name, hopelessKafka, func(ctx context.Context) error {
			_, err := d.partitions(ctx, w.settings)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, kafkaAdvice(err))
		}
	}
	return nil
}

// partitions asks the destination's brokers how many partitions its topic has.
func (d siemSettings) partitions(ctx context.Context, s settings) (int, error) {
	opts, err := kafkaOptions(d.kafka(s))
	if err != nil {
		return 0, wrong(err)
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return 0, wrong(err)
	}
	defer client.Close()
	if err := pinged(client)(ctx); err != nil {
		return 0, err
	}
	topics, err := kadm.NewClient(client).ListTopics(ctx, d.Topic)
	if err != nil {
		return 0, err
	}
	if !topics.Has(d.Topic) {
		return 0, fmt.Errorf("topic %s does not exist: create it", d.Topic)
	}
	return len(topics[d.Topic].Partitions), nil
}

// siem looks at the destinations.
func (c *checks) siem(ctx context.Context, s settings) {
	for _, d := range s.SIEM {
		found := fmt.Sprintf("%s: %s as %s to topic %s", d.Name, d.What, d.encoding(), d.Topic)
		if d.Filter != "" {
			found += ", filtered"
		}
		var err error
		if d.own() {
			var n int
			if n, err = d.partitions(ctx, s); err == nil {
				host, _, _ := net.SplitHostPort(d.Brokers[0]) // validated
				found += fmt.Sprintf(" at %s, %s", host, count(n, "partition"))
			}
		}
		c.line("siem", found, at(d.Name, kafkaAdvice(err)))
	}
}
