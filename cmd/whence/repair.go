package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"whence/correlate/index"
	"whence/pipeline"
)

func repairCommand() *cobra.Command {
	var (
		config       string
		asJSON, anew bool
	)
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Improve stored chains by facts that came late, once",
		Long: `Improve stored chains by facts that came late, once.

Chains that name a key of which something new became known since the last repair
are walked again, and so are those that a full window let go. Better versions
replace what is stored, and alerts they answer are closed. It may run beside
whence run, and again at any time: a repeat finds nothing to do.

With --anew all stored chains of an earlier epoch are walked again too: after the
version of the directory or the key epoch was raised, and all instances have it
(whence status --json tells). It reads every stored version once.`,
		Example: `  whence repair -c whence.yaml
  whence repair -c whence.yaml --json
  whence repair -c whence.yaml --anew`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := configured(config, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			done, err := w.repair(cmd.Context(), anew)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(done)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d late facts read, %d chains walked again, %d improved, %d alerts updated\n",
				done.Facts, done.Chains, done.Improved, done.Alerts)
			return err
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&anew, "anew", false, "write chains of earlier epochs anew, as well")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was done as JSON")
	return cmd
}

// repair holds its facts in memory: the folder of the session store belongs to
// the process that runs.
func (w *wiring) repair(ctx context.Context, anew bool) (done pipeline.Repaired, err error) {
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	if err := w.connect(ctx, false, func(string) {}); err != nil {
		return done, err
	}
	watch, err := w.readDirectory(ctx)
	if err != nil {
		return done, err
	}
	watch.close()
	deps, err := w.open(ctx, func() (index.Store, error) { return index.NewMemory(), nil })
	if err != nil {
		return done, err
	}
	r := pipeline.NewRepair(w.settings.pipeline(), deps)
	if anew {
		done, err = r.Anew(ctx)
	} else {
		done, err = r.Once(ctx)
	}
	return done, finalAdvice(err)
}
