package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// Asked is at whom the walks of some chains ended.
type Asked struct {
	// Person is whom chains were attributed to, by issuer and id. Without one Missing
	// is what the walks went on to and could not.
	Person  correlate.Principal
	Missing correlate.Key
	// Claimed says that the walks rest on what a caller wrote, or on an inference.
	Claimed bool
	Chains  int64
	Last    time.Time
	Sources []string
	Example correlate.ID // one of the chains
}

// Asked yields at whom the walks of all chains since a time ended: people, and what is
// missing unless it is of one of kinds. Those of most chains come first, and at most
// limit of them. An error of yield ends the read and is returned.
func (c *ClickHouse) Asked(ctx context.Context, since time.Time, kinds []correlate.Kind, limit int, yield func(Asked) error) error {
	q := "SELECT if(resolved, requestor_type, '') AS type, if(resolved, requestor_issuer, '') AS issuer, if(resolved, requestor_id, '') AS who,\n" +
		"\tif(resolved, '', missing) AS lacks, proof IN ('claimed', 'inferred') AS weak,\n" +
		"\ttoInt64(count()) AS chains, max(time) AS last, groupUniqArray(20)(source) AS sources, any(id) AS example,\n" +
		"\tstatus = 'attributed' AS resolved\n" +
		"FROM " + c.schema().name("chains") + " FINAL\n" +
		"WHERE time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC') AND status != 'automated'\n" +
		"\tAND (status = 'attributed' OR missing != '' AND splitByChar(':', missing)[1] NOT IN {kinds:Array(String)})\n" +
		"GROUP BY type, issuer, who, lacks, weak, resolved ORDER BY chains DESC, who, lacks LIMIT {limit:UInt64}"
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	var (
		a                               Asked
		kind, issuer, id, lacks, sample string
		weak, resolved                  bool
	)
	err := c.rows(ctx, q, []any{&kind, &issuer, &id, &lacks, &weak, &a.Chains, &a.Last, &a.Sources, &sample, &resolved}, func() error {
		one := a
		a.Sources = nil
		one.Claimed, one.Person = weak, correlate.Principal{Type: correlate.PrincipalType(kind), ID: id, Issuer: issuer}
		if err := one.Missing.UnmarshalText([]byte(lacks)); err != nil {
			return err
		}
		var err error
		if one.Example, err = correlate.ParseID(sample); err != nil {
			return err
		}
		return yield(one)
	}, clickhouse.Named("since", columnTime(since).UnixNano()), clickhouse.Named("kinds", names), clickhouse.Named("limit", uint64(max(limit, 0))))
	if err != nil {
		return fmt.Errorf("read at whom walks ended: %w", err)
	}
	return nil
}
