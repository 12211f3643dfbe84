package sinks

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// storage are settings of the table chains that not every ClickHouse knows, so the
// schema cannot have them. All indexes of a part in one file instead of two files
// each: what a new part costs is the number of its files.
var storage = []struct{ name, value string }{
	{"packed_skip_index_max_bytes", "67108864"},
}

// applyStorage sets what the server knows and the table has no value of its own for.
func (s Schema) applyStorage(ctx context.Context, conn driver.Conn) error {
	for _, set := range storage {
		var known, has bool
		err := conn.QueryRow(ctx, "SELECT count() > 0, countIf(position(create_table_query, {setting:String}) > 0) > 0 FROM system.tables"+
			" WHERE database = {database:String} AND name = {table:String} AND {setting:String} IN (SELECT name FROM system.merge_tree_settings)",
			clickhouse.Named("database", s.Database), clickhouse.Named("table", s.local("chains")), clickhouse.Named("setting", set.name)).Scan(&known, &has)
		if err != nil {
			return fmt.Errorf("read how table chains is stored: %w", err)
		}
		if !known || has {
			continue
		}
		if err := conn.Exec(ctx, "ALTER TABLE "+s.name(s.local("chains"))+s.onCluster()+" MODIFY SETTING "+set.name+" = "+set.value); err != nil {
			return fmt.Errorf("change how table chains is stored: %w", err)
		}
	}
	return nil
}
