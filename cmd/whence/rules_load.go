package main

import (
	"errors"
	"fmt"
	"os"

	"whence/rules"
	"whence/sources"
)

// openRules reads the rules that s names. Their tests are not run.
func openRules(s rulesSettings) (*rules.Set, error) {
	cfg := rules.Config{Library: s.Library, Disabled: s.Disabled, Severity: s.Severity}
	for _, k := range sources.KindNames() { // of the declared ones too: readSettings made them known
		cfg.Kinds = append(cfg.Kinds, string(k))
	}
	for _, dir := range s.Dir {
		cfg.Folders = append(cfg.Folders, rules.Folder{Name: dir, FS: os.DirFS(dir)})
	}
	for _, dir := range s.Sigma {
		cfg.Sigma = append(cfg.Sigma, rules.Folder{Name: dir, FS: os.DirFS(dir)})
	}
	set, err := rules.Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("the rules are wrong:\n%w", err)
	}
	return set, nil
}

// loadRules reads rules to judge by: those whose tests fail are wrong too.
func loadRules(s rulesSettings) (*rules.Set, error) {
	set, err := openRules(s)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, r := range set.Check() {
		if r.Err != nil {
			failed = append(failed, testFailure(r))
		}
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("the rules are wrong:\n%w", errors.Join(failed...))
	}
	return set, nil
}

func testFailure(r rules.Result) error {
	return fmt.Errorf("%s:%d: %s, test %q: %w", r.File, r.Line, r.Rule, r.Test, r.Err)
}
