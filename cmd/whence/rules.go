package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"whence/rules"
)

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Test and list rules",
		Long: `Test and list rules: those that come with whence, or those in a folder. A rule is
one YAML file with its own tests; docs/writing-rules.md tells how to write one.`,
		Example: `  whence rules test ./rules
  whence rules list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rulesTestCommand(), rulesListCommand(), rulesImportCommand(), rulesBacktestCommand())
	return cmd
}

func rulesTestCommand() *cobra.Command {
	var junit string
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the rules' own tests",
		Long: `Run the tests of the rules in DIR, or of those that come with whence. A rule that
asks for a list is tested with what its test puts on it, and not with the lists in DIR.`,
		Example: `  whence rules test
  whence rules test ./rules --junit rules.xml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := rulesIn(args)
			if err != nil {
				return err
			}
			results := set.Check()
			if junit != "" {
				if err := writeJUnit(junit, results); err != nil {
					return err
				}
			}
			return printTests(cmd.OutOrStdout(), len(set.Versions()), results)
		},
	}
	cmd.Flags().StringVar(&junit, "junit", "", "write the results to this file as JUnit XML, too")
	return cmd
}

func rulesListCommand() *cobra.Command {
	var (
		config string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "list [DIR]",
		Short: "List rules",
		Long: `List the rules in DIR, or those that come with whence; with -c, those that a
configuration names. If a whence run of that configuration answers on this machine,
--json tells of each rule how often it has failed there.`,
		Example: `  whence rules list
  whence rules list --json | jq -r .id
  whence rules list -c whence.yaml --json | jq 'select(.failures)'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("config") {
				set, err := rulesIn(args)
				if err != nil {
					return err
				}
				return listRules(cmd.OutOrStdout(), set, asJSON, nil)
			}
			if len(args) > 0 {
				return wrong(errors.New("a folder and a configuration are both named; name one"))
			}
			set, failing, err := rulesOf(cmd.Context(), config)
			if err != nil {
				return err
			}
			return listRules(cmd.OutOrStdout(), set, asJSON, failing)
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each rule")
	return cmd
}

// rulesIn loads the rules of the folder that is the one argument, or the library.
func rulesIn(args []string) (*rules.Set, error) {
	if len(args) == 0 {
		return rules.Library(), nil
	}
	set, err := rules.Open(rules.Config{Folders: []rules.Folder{{Name: args[0], FS: os.DirFS(args[0])}}})
	if err == nil && len(set.Rules()) == 0 {
		err = errors.New("no *.yaml file is in it")
	}
	if err != nil {
		return nil, wrong(fmt.Errorf("the rules in %s are wrong:\n%w", args[0], err))
	}
	return set, nil
}
