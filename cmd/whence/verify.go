package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/ledger"
	"whence/pipeline"
	"whence/sinks"
)

func verifyCommand() *cobra.Command {
	var (
		config, from, to string
		keys             []string
		kafka, asJSON    bool
	)
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Find out whether stored chains were altered, removed or inserted by hand",
		Long: `Find out whether stored chains were altered, removed or inserted by hand.

Every row of the table chains is hashed and compared with the ledger, in which
whence run entered it when ledger.key_file was set; the entries are compared with
the hashes that link them, and those with what the operator's key has signed. With
--kafka the ledger must also be as long as the group's commits say, which nobody
who owns ClickHouse alone can change, and raw events that Kafka still has must hash
to what their chains say.

--from and --to are times of the events, such as 2026-03-01 or
2026-03-01T12:00:00Z; everything that is kept is verified without them. The public
key is that of ledger.key_file, unless others are given: those who verify need not
have the private one. Findings are printed one a line, the first row first, and end
the command with code 1. It changes nothing, and whence may run meanwhile.`,
		Example: `  openssl genpkey -algorithm ed25519 -out ledger.pem
  openssl pkey -in ledger.pem -pubout -out ledger.pub
  whence verify -c whence.yaml --public-key ledger.pub --kafka
  whence verify -c whence.yaml --from 2026-03-01 --to 2026-04-01 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readSettings(config)
			if err != nil {
				return err
			}
			v := verifying{settings: s, kafka: kafka, log: s.Log.logger(cmd.ErrOrStderr())}
			if v.options, err = verifyOptions(s, from, to, keys); err != nil {
				return wrong(err)
			}
			done, err := v.run(cmd.Context())
			if err != nil {
				return err
			}
			if err := done.print(cmd.OutOrStdout(), asJSON); err != nil {
				return err
			}
			if !done.Intact() {
				return fmt.Errorf("what is stored is not what whence wrote: %s", count(int(done.Found), "finding"))
			}
			return nil
		},
	}
	configFlag(cmd, &config)
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "time of the first events to verify")
	flags.StringVar(&to, "to", "", "time before which the last events happened")
	flags.StringArrayVar(&keys, "public-key", nil, "file with the public keys to check signatures with")
	flags.BoolVar(&kafka, "kafka", false, "compare with what Kafka has, too")
	flags.BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

// verifying is one verification.
type verifying struct {
	settings settings
	options  ledger.Options
	kafka    bool
	log      *slog.Logger
}

// verified is what came out.
type verified struct {
	*ledger.Report
	Evidence *pipeline.Compared `json:"evidence,omitempty"` // nil without Kafka
}

func (v *verifying) run(ctx context.Context) (done verified, err error) {
	store, err := sinks.OpenClickHouse(ctx, v.settings.sinks().ClickHouse, v.log)
	if err != nil {
		return done, refusal(err)
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	cfg := v.settings.pipeline()
	var kafka []kgo.Opt
	if v.kafka {
		if kafka, err = kafkaOptions(v.settings.Kafka); err != nil {
			return done, wrong(err)
		}
		if v.options.Committed, err = committed(ctx, kafka, cfg); err != nil {
			return done, err
		}
	}
	if done.Report, err = ledger.Verify(ctx, store, v.options); err != nil {
		return done, refusal(err)
	}
	if !v.kafka {
		return done, nil
	}
	compared, err := pipeline.CompareEvidence(ctx, cfg, kafka, store, v.options.From, v.options.To, func(id correlate.ID, ev correlate.Evidence, detail string) {
		done.Add(ledger.Finding{
			Verdict: ledger.EvidenceDiffers, Chain: id,
			Detail: fmt.Sprintf("%s, and the chain says %s of %s/%d at offset %d", detail, ev.SHA256, ev.Topic, ev.Partition, ev.Offset),
		})
	})
	done.Evidence = &compared
	if err != nil {
		return done, finalAdvice(err)
	}
	return done, nil
}

// committed asks Kafka how far the ledger must reach.
func committed(ctx context.Context, kafka []kgo.Opt, cfg pipeline.Config) (map[string]ledger.Head, error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, wrong(fmt.Errorf("kafka: %w", err))
	}
	defer client.Close()
	if err := (awaiting{}).until(ctx, "kafka", hopelessKafka, pinged(client)); err != nil {
		return nil, fmt.Errorf("reach kafka: %w", kafkaAdvice(err))
	}
	heads, err := pipeline.Committed(ctx, kadm.NewClient(client), cfg)
	if err != nil {
		return nil, kafkaAdvice(err)
	}
	return heads, nil
}
