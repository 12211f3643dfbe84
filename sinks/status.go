package sinks

import (
	"context"
	"fmt"
)

// Refused reports whether ClickHouse was reached and says that it will never do
// what it was asked to, and what to do about that. Other errors may pass.
func Refused(err error) (advice string, ok bool) {
	c, ok := code(err)
	if !ok {
		return "", false
	}
	advice, ok = hopeless[c]
	return advice, ok
}

// ClickHouseStatus is what a ClickHouse tells of itself.
type ClickHouseStatus struct {
	Version string
	// Schema is the version of our schema that is there, 0 for none, and Newest
	// the one that Migrate leads to.
	Schema, Newest int
}

// Status asks the server what it is and which schema it has. It changes nothing.
func (c *ClickHouse) Status(ctx context.Context) (ClickHouseStatus, error) {
	var s ClickHouseStatus
	server, err := c.conn.ServerVersion()
	if err != nil {
		return s, fmt.Errorf("ask clickhouse for its version: %w", err)
	}
	s.Version = server.Version.String()
	ms := c.schema().migrations()
	s.Newest = ms[len(ms)-1].version
	if s.Schema, err = c.schema().version(ctx, c.conn); err != nil {
		return s, fmt.Errorf("read the schema's version: %w", err)
	}
	return s, nil
}
