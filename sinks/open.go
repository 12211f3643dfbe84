package sinks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Config names the sinks to write to, and how.
type Config struct {
	// Kinds are clickhouse, kafka or lines, each once. All must have a row before
	// it counts as written.
	Kinds      []string
	ClickHouse ClickHouseConfig
	Kafka      KafkaConfig
}

// Default writes to ClickHouse alone.
func (Config) Default() Config {
	return Config{
		Kinds:      []string{"clickhouse"},
		ClickHouse: ClickHouseConfig{}.Default(),
		Kafka:      KafkaConfig{}.Default(),
	}
}

// Validate reports everything that is wrong with the sinks that c names.
func (c Config) Validate() error {
	var errs []error
	if len(c.Kinds) == 0 {
		errs = append(errs, errors.New("sinks: name at least one of clickhouse, kafka, lines"))
	}
	seen := map[string]bool{}
	for _, k := range c.Kinds {
		if seen[k] {
			errs = append(errs, fmt.Errorf("sinks: %s is named twice", k))
		}
		seen[k] = true
		switch k {
		case "clickhouse":
			errs = append(errs, c.ClickHouse.Validate())
		case "kafka":
			errs = append(errs, c.Kafka.Validate())
		case "lines":
		default:
			errs = append(errs, fmt.Errorf("sinks: %q is not a sink: want clickhouse, kafka or lines", k))
		}
	}
	return errors.Join(errs...)
}

// Open opens the sinks that cfg names. kafka says how to reach the brokers and
// lines is where lines go; either may be nil if no sink needs it. When one sink
// cannot be opened, the others are closed again.
func Open(ctx context.Context, cfg Config, kafka []kgo.Opt, lines io.Writer, log *slog.Logger) (*Fan, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	fan := NewFan()
	for _, kind := range cfg.Kinds {
		s, err := openOne(ctx, kind, cfg, kafka, lines, log)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open sink %s: %w", kind, err), fan.Close(ctx))
		}
		fan.sinks = append(fan.sinks, s)
	}
	return fan, nil
}

func openOne(ctx context.Context, kind string, cfg Config, kafka []kgo.Opt, lines io.Writer, log *slog.Logger) (Sink, error) {
	switch kind {
	case "clickhouse":
		return OpenClickHouse(ctx, cfg.ClickHouse, log)
	case "kafka":
		return NewKafka(cfg.Kafka, kafka, log)
	case "lines":
		return NewLines(lines), nil
	}
	return nil, fmt.Errorf("%q is not a sink", kind)
}
