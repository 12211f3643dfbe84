package sinks

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// Older yields the current version of every chain whose version is lower than one: with
// correlate.FirstVersion, those that were written in an earlier epoch. It reads the
// versions of all chains. An error of yield ends the read and is returned.
func (c *ClickHouse) Older(ctx context.Context, version uint64, yield func(correlate.Chain) error) error {
	if err := read(ctx, c, c.current("", "version < {version:UInt64}"), c.chains, yield, clickhouse.Named("version", version)); err != nil {
		return fmt.Errorf("read the chains of earlier epochs: %w", err)
	}
	return nil
}
