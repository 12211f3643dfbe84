package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/pipeline"
)

func rejectsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rejects",
		Short:   "Work with what could not be decoded",
		Example: `  whence rejects replay -c whence.yaml --dry-run`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rejectsReplayCommand())
	return cmd
}

func rejectsReplayCommand() *cobra.Command {
	var (
		config      string
		dry, asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Write rejects that can be decoded now to the topics they came from",
		Long: `Write rejects that can be decoded now to the topics they came from.

After a fix (a newer whence, a topic mapped to the right source, a scope) the
rejects topic is read from where the last replay ended. What this whence decodes is
written to its raw topic again, as it was, and whence run takes it from there; each
reject once. What it does not decode stays in the rejects topic and is tried again
the next time. Rejects that are too large to be kept whole are counted: whence run
--from topic:partition:offset reads them again where the raw topic still has them.

The Kafka user needs Write on the raw topics. It may run beside whence run.`,
		Example: `  whence rejects replay -c whence.yaml --dry-run
  whence rejects replay -c whence.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := configured(config, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			client, err := kgo.NewClient(w.kafka...)
			if err != nil {
				return wrong(fmt.Errorf("kafka: %w", err))
			}
			err = awaiting{}.until(cmd.Context(), "kafka", hopelessKafka, pinged(client))
			client.Close()
			if err != nil {
				return fmt.Errorf("reach kafka at %v: %w", w.settings.Kafka.Brokers, kafkaAdvice(err))
			}
			done, err := pipeline.ReplayRejects(cmd.Context(), w.settings.pipeline(), w.kafka, dry)
			if err != nil {
				return kafkaAdvice(err)
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
			}
			return printReplayed(cmd.OutOrStdout(), done, dry)
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only count")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was done as JSON")
	return cmd
}

func printReplayed(out io.Writer, done pipeline.Replayed, dry bool) error {
	verb := "replayed"
	if dry {
		verb = "would be replayed"
	}
	_, err := fmt.Fprintf(out, "%d rejects read, %d %s, %d were there twice; %d stay: %d cannot be decoded yet, %d are not kept whole, %d are of topics that are not configured\n",
		done.Read, done.Replayed, verb, done.Twice, done.Failing+done.Cut+done.Unknown, done.Failing, done.Cut, done.Unknown)
	return err
}
