package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// benchstat is pinned, so that two people see the same table.
const benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"

// A revision is one side of a comparison: the tests of its packages, compiled.
type revision struct {
	name    string
	dir     string            // of the module
	tests   map[string]string // program by the package's folder
	results bytes.Buffer
}

// compare runs the Go benchmarks of base and of what is checked out here, in turn,
// and shows what benchstat says.
func compare(ctx context.Context, o options) (err error) {
	if o.dir, err = os.MkdirTemp(o.dir, "compare-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	tree := filepath.Join(o.dir, "base")
	if err := command(ctx, ".", "git", "worktree", "add", "--detach", "--quiet", tree, o.compare); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, command(context.WithoutCancel(ctx), ".", "git", "worktree", "remove", "--force", tree))
	}()
	base, here := &revision{name: "base", dir: tree}, &revision{name: "here", dir: "."}
	for _, r := range []*revision{base, here} {
		if err := r.compile(ctx, o); err != nil {
			return fmt.Errorf("compile the tests of %s: %w", r.name, err)
		}
	}
	for i := range o.count {
		for _, r := range []*revision{base, here} {
			if err := r.run(ctx, o); err != nil {
				return fmt.Errorf("run the benchmarks of %s: %w", r.name, err)
			}
		}
		o.say("%d of %d", i+1, o.count)
	}
	args := []string{"run", benchstat}
	for _, r := range []*revision{base, here} {
		path := filepath.Join(o.dir, r.name+".txt")
		if err := os.WriteFile(path, r.results.Bytes(), 0o644); err != nil {
			return err
		}
		args = append(args, r.name+"="+path)
	}
	stat := exec.CommandContext(ctx, "go", args...)
	stat.Stdout, stat.Stderr = os.Stdout, os.Stderr
	return stat.Run()
}

// compile makes a program of the tests of each package that has benchmarks.
func (r *revision) compile(ctx context.Context, o options) error {
	list := exec.CommandContext(ctx, "go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}", o.packages)
	list.Dir, list.Stderr = r.dir, os.Stderr
	out, err := list.Output()
	if err != nil {
		return err
	}
	r.tests = map[string]string{}
	for dir := range strings.FieldsSeq(string(out)) {
		if !hasBenchmarks(dir) {
			continue
		}
		path := filepath.Join(o.dir, fmt.Sprintf("%s-%d.test", r.name, len(r.tests)))
		if err := command(ctx, dir, "go", "test", "-c", "-o", path, "."); err != nil {
			return err
		}
		r.tests[dir] = path
	}
	return nil
}

func hasBenchmarks(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return false
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte("\nfunc Benchmark")) {
			return true
		}
	}
	return false
}

// run runs every benchmark once.
func (r *revision) run(ctx context.Context, o options) error {
	for dir, path := range r.tests {
		test := exec.CommandContext(ctx, path, "-test.run=^$", "-test.bench="+o.bench, "-test.benchmem", "-test.count=1")
		test.Dir, test.Stdout, test.Stderr = dir, &r.results, os.Stderr
		if err := test.Run(); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
