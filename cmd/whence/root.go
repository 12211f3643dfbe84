package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// rootCommand is whence with all its commands, one file each.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "whence",
		Short: "Find out who asked for every action, and how we know",
		Long: `whence finds out who asked for every action, who executed it, what it touched,
and how we know.

It stitches logs of identity providers, clouds, vaults, pipelines and model
gateways into chains from the executor of each action back to whoever asked for
it. Results go to standard output, everything else to standard error. The exit
code is 0 when it is done, 1 when it failed, and 2 when the usage or the
configuration is wrong.`,
		Example: `  whence try audit.json.gz --directory people.yaml
  whence check -c whence.yaml
  whence run -c whence.yaml
  whence explain 5f0c4b6f0a9d4c58b0a4c1b7f3d1e2a6 -c whence.yaml`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(
		runCommand(), statusCommand(), demoCommand(), repairCommand(), rejectsCommand(), verifyCommand(), checkCommand(), schemaCommand(),
		tryCommand(), explainCommand(), alertsCommand(), silencesCommand(), rulesCommand(), directoryCommand(), simulateCommand(), localCommand(), versionCommand(),
	)
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print which whence this is",
		Example: "  whence version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionLine(info))
			return err
		},
	}
}

// versionLine names the module's version, the revision it was built from and the
// Go release. info may be nil.
func versionLine(info *debug.BuildInfo) string {
	version, revision, changed := "unknown", "", ""
	if info != nil {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = " " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " with changes"
			}
		}
	}
	return fmt.Sprintf("whence %s%s%s %s %s/%s", version, revision, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// configFlag adds -c to a command.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "whence.yaml", "configuration file")
	_ = cmd.MarkFlagFilename("config", "yaml", "yml") // fails only without the flag
}
