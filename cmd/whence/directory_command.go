package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"whence/correlate"
)

func directoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "directory",
		Short: "Check the directory, or propose entries from what was seen",
		Long: `Check the list of people, services and schedules, or propose entries for it from
what was seen.`,
		Example: `  whence directory check people.yaml services.csv
  whence directory suggest logs/ --directory people.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(directoryCheckCommand(), suggestCommand())
	return cmd
}

func directoryCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE|DIR ...",
		Short: "Check a directory, of one or several files, as a whole",
		Long: `Check a directory, of one or several files and folders, as a whole. It changes
nothing. What whence run would refuse is told with file and line, and the exit code
is 2 then; what it takes and may not be meant so is told as a note.`,
		Example: `  whence directory check people.yaml services.csv
  whence directory check /etc/whence/directory`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var r roster
			r.readFiles(args)
			d, err := r.directory()
			if err != nil {
				return err
			}
			return r.report(cmd.OutOrStdout(), d, time.Now())
		},
	}
}

// report tells what is in a directory that is right, and what may not be meant so.
func (r *roster) report(out io.Writer, d *correlate.Directory, now time.Time) error {
	people := map[string]correlate.Entry{}
	kinds := map[string]int{}
	for _, e := range r.entries {
		switch e.Type {
		case correlate.Human:
			people[e.ID] = e
			kinds["people"]++
		case correlate.Schedule:
			kinds["schedules"]++
		default:
			kinds["services"]++
		}
	}
	for _, e := range r.entries {
		owner, owned := people[e.Owner]
		note := ""
		switch _, managed := people[e.Manager]; {
		case e.Type != correlate.Human && e.Owner == "":
			note = fmt.Sprintf("%q has no owner: nobody answers for what it does", e.ID)
		case owned && !owner.Until.IsZero() && owner.Until.Before(now):
			note = fmt.Sprintf("%q is owned by %q, who left on %s", e.ID, e.Owner, owner.Until.Format(time.DateOnly))
		case e.Manager != "" && !managed:
			note = fmt.Sprintf("the manager %q of %q is not among the people", e.Manager, e.ID)
		}
		if note != "" {
			if _, err := fmt.Fprintf(out, "note %s: %s\n", e.Line, note); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(out, "ok   %d people, %d services, %d schedules, version %d\n", kinds["people"], kinds["services"], kinds["schedules"], d.Version)
	return err
}
