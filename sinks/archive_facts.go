package sinks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// Facts returns all stored facts about keys, each once, ordered by key and then as
// in a Session. What has left the sessions topic is still here, so a walk over
// them finds expired parents too.
func (c *ClickHouse) Facts(ctx context.Context, keys []correlate.Key) ([]correlate.Fact, error) {
	q := "SELECT `json` FROM " + c.schema().name("sessions") + " WHERE key IN {keys:Array(String)}"
	found := map[correlate.Key][]correlate.Fact{}
	for part := range slices.Chunk(keys, maxKeys) {
		var text string
		err := c.rows(ctx, q, []any{&text}, func() error {
			var f correlate.Fact
			if err := json.Unmarshal([]byte(text), &f); err != nil {
				return err
			}
			found[f.Key] = append(found[f.Key], f)
			return nil
		}, clickhouse.Named("keys", spell(part)))
		if err != nil {
			return nil, fmt.Errorf("read facts: %w", err)
		}
	}
	var out []correlate.Fact
	for _, k := range slices.SortedFunc(maps.Keys(found), correlate.Key.Compare) {
		out = append(out, correlate.NewSession(k, found[k]...).Facts...)
	}
	return out, nil
}
