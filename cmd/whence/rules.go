package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"whence/rules"
)

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Test and list rules",
		Long: `Test and list rules: those that come with whence, or those in a folder. A rule is
one YAML file with its own tests.`,
		Example: `  whence rules test ./rules
  whence rules list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rulesTestCommand(), rulesListCommand())
	return cmd
}

func rulesTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the rules' own tests",
		Long:  `Run the tests of the rules in DIR, or of those that come with whence.`,
		Example: `  whence rules test
  whence rules test ./rules`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := rulesIn(args)
			if err != nil {
				return err
			}
			return testRules(cmd.OutOrStdout(), set)
		},
	}
}

func rulesListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [DIR]",
		Short: "List rules",
		Long:  `List the rules in DIR, or those that come with whence.`,
		Example: `  whence rules list
  whence rules list --json | jq -r .id`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := rulesIn(args)
			if err != nil {
				return err
			}
			return listRules(cmd.OutOrStdout(), set, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each rule")
	return cmd
}

// rulesIn loads the rules of the folder that is the one argument, or the library.
func rulesIn(args []string) (*rules.Set, error) {
	if len(args) == 0 {
		return rules.Library(), nil
	}
	set, err := rules.Load(os.DirFS(args[0]))
	if err == nil && len(set.Rules()) == 0 {
		err = errors.New("no *.yaml file is in it")
	}
	if err != nil {
		return nil, wrong(fmt.Errorf("the rules in %s are wrong:\n%w", args[0], err))
	}
	return set, nil
}

// testRules prints the tests that fail, then a count.
func testRules(w io.Writer, set *rules.Set) error {
	results, failed := set.Check(), 0
	for _, r := range results {
		if r.Err != nil {
			failed++
			fmt.Fprintf(w, "%s:%d: %s, test %q: %v\n", r.File, r.Line, r.Rule, r.Test, r.Err)
		}
	}
	fmt.Fprintf(w, "%s, %s, %d failed\n", count(len(set.Rules()), "rule"), count(len(results), "test"), failed)
	if failed > 0 {
		return fmt.Errorf("%s of rules failed", count(failed, "test"))
	}
	return nil
}

// listedRule is a rule as a line of JSON.
type listedRule struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Severity rules.Severity `json:"severity"`
	Settled  bool           `json:"settled"`
	Sources  []string       `json:"sources,omitempty"`
	Classes  []string       `json:"classes,omitempty"`
	Actions  []string       `json:"actions,omitempty"`
	Why      string         `json:"why"`
	Response string         `json:"response,omitempty"`
	When     string         `json:"when"`
	Tests    int            `json:"tests"`
	File     string         `json:"file"`
}

func listRules(w io.Writer, set *rules.Set, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		for _, r := range set.Rules() {
			err := enc.Encode(listedRule{
				ID: r.ID, Title: r.Title, Severity: r.Severity, Settled: r.Settled, Sources: r.Sources, Classes: r.Classes,
				Actions: r.Actions, Why: r.Why, Response: r.Response, When: r.When, Tests: len(r.Tests), File: r.File,
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tSEVERITY\tTITLE")
	for _, r := range set.Rules() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.ID, r.Severity, r.Title)
	}
	return t.Flush()
}
