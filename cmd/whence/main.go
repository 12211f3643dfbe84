// Command whence finds out who asked for every action in an estate of people,
// services, pipelines and agents. This package wires the others together and
// holds the command line; it decides nothing about logs, keys or chains.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"whence/deploy/local/clickhouse"
)

// The exit codes: a public contract.
const (
	exitDone   = 0
	exitFailed = 1
	exitWrong  = 2 // wrong usage or configuration
)

func main() {
	clickhouse.MaybeChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	began := false // an error before that is one of usage
	notice(root, func() { began = true })
	cmd, err := root.ExecuteContextC(ctx)
	var wrong *wrongError
	switch {
	case err == nil:
		return exitDone
	case !began:
		report(errOut, fmt.Errorf("%w\nrun %q to see how it is used", err, cmd.CommandPath()+" --help"))
		return exitWrong
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		report(errOut, errors.New("stopped before it was done"))
		return exitFailed
	}
	report(errOut, err)
	if errors.As(err, &wrong) {
		return exitWrong
	}
	return exitFailed
}

// notice calls f when a command begins its work: every check of its arguments is
// done by then.
func notice(cmd *cobra.Command, f func()) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			f()
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		notice(sub, f)
	}
}

// report tells a person of an error, which may be several problems.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "whence: %s\n", strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "\n  "))
}
