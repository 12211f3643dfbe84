package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"whence/rules/sigma"
)

func rulesImportCommand() *cobra.Command {
	var to string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE|DIR...",
		Short: "Take Sigma rules",
		Long: `Read Sigma rules, say of each whether whence can run it and if not why, and copy
those that it can into a folder. Name that folder in the configuration (rules.sigma),
and they run beside whence's own: on the lines of the logs that they are about, with
alerts that show the whole chain.`,
		Example: `  whence rules import ./sigma/rules
  whence rules import ./sigma/rules --to /etc/whence/sigma
  whence rules import ./sigma/rules --json | jq -r 'select(.result == "refused") | .reason' | sort | uniq -c`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := importSigma(args)
			if err != nil {
				return err
			}
			if to != "" {
				if err := copySigma(found, to); err != nil {
					return fmt.Errorf("copy rules to %s: %w", to, err)
				}
			}
			return printSigma(cmd.OutOrStdout(), found, asJSON)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "copy the rules that can be run into this `folder`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each file")
	return cmd
}

// sigmaFile is one file and what became of it.
type sigmaFile struct {
	sigma.Finding
	path string // where it is
	name string // below the folder it was found in
}

// importSigma reads files and folders. A rule that is in several of them counts once.
func importSigma(args []string) ([]sigmaFile, error) {
	var all []sigmaFile
	seen := map[string]string{}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, wrong(err)
		}
		folder := arg
		if !info.IsDir() {
			folder = filepath.Dir(arg)
		}
		found, err := sigma.Import(os.DirFS(folder))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", arg, err)
		}
		for _, f := range found.Findings {
			one := sigmaFile{f, filepath.Join(folder, filepath.FromSlash(f.File)), f.File}
			if !info.IsDir() && one.path != filepath.Clean(arg) {
				continue
			}
			if first := seen[f.ID]; f.Result == sigma.Imported && first != "" && first != one.path {
				one.Result, one.Reason, one.Detail = sigma.Refused, "duplicate", first+" has the same id"
			} else if f.Result == sigma.Imported {
				seen[f.ID] = one.path
			}
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return nil, wrong(errors.New("no .yml or .yaml file is there"))
	}
	return all, nil
}

// copySigma copies what can be run to a folder, as it is and under the same names.
func copySigma(all []sigmaFile, to string) error {
	for _, f := range all {
		if f.Result != sigma.Imported {
			continue
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func printSigma(w io.Writer, all []sigmaFile, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		for _, f := range all {
			if err := enc.Encode(f.Finding); err != nil {
				return err
			}
		}
		return nil
	}
	imported, reasons := map[string]int{}, map[string][]sigmaFile{}
	n := 0
	for _, f := range all {
		if f.Result != sigma.Imported {
			reasons[f.Reason] = append(reasons[f.Reason], f)
			continue
		}
		n++
		for _, s := range slices.Compact(slices.Sorted(slices.Values(f.Sources))) {
			imported[s]++
		}
	}
	fmt.Fprintf(w, "%d of %s can be run", n, count(len(all), "rule"))
	for i, s := range slices.Sorted(maps.Keys(imported)) {
		fmt.Fprintf(w, "%s%s %d", map[bool]string{true: ": ", false: ", "}[i == 0], s, imported[s])
	}
	fmt.Fprintln(w)
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(w, "\nrefused, %s: %d\n", reason, len(reasons[reason]))
		for _, f := range reasons[reason] {
			fmt.Fprintf(w, "  %s: %s\n", f.name, strings.ReplaceAll(f.Detail, "\n", " "))
		}
	}
	return nil
}
