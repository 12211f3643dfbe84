package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"whence/sinks"
)

func schemaCommand() *cobra.Command {
	var cluster, database string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the ClickHouse schema as SQL",
		Long: `Print the ClickHouse schema as SQL, to read or to apply by hand. It may be applied
again. whence run applies it by itself, if its user may.`,
		Example: `  whence schema | clickhouse client --multiquery
  whence schema --cluster '{cluster}' > whence.sql`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := sinks.ClickHouseConfig{}.Default()
			cfg.Cluster, cfg.Database = cluster, database
			if err := cfg.Validate(); err != nil {
				return wrong(err)
			}
			schema := sinks.Schema{Database: cfg.Database, Cluster: cfg.Cluster, Keep: cfg.Keep}
			_, err := fmt.Fprint(cmd.OutOrStdout(), schema.DDL())
			return err
		},
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "make replicated tables on this cluster, and distributed ones above them")
	cmd.Flags().StringVar(&database, "database", sinks.ClickHouseConfig{}.Default().Database, "database to make them in")
	return cmd
}
