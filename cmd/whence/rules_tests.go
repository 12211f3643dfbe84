package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"

	"whence/rules"
)

// printTests prints the tests that fail, then a count.
func printTests(w io.Writer, ruleCount int, results []rules.Result) error {
	failed := 0
	for _, r := range results {
		if r.Err != nil {
			failed++
			fmt.Fprintln(w, testFailure(r))
		}
	}
	fmt.Fprintf(w, "%s, %s, %d failed\n", count(ruleCount, "rule"), count(len(results), "test"), failed)
	if failed > 0 {
		return fmt.Errorf("%s of rules failed", count(failed, "test"))
	}
	return nil
}

// The parts of JUnit's XML that CI systems read. A rule is a suite.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		File     string      `xml:"file,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes results, which are ordered by rule, to a file.
func writeJUnit(path string, results []rules.Result) error {
	all := junitSuites{Name: "whence rules", Tests: len(results)}
	for _, r := range results {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != r.Rule {
			all.Suites = append(all.Suites, junitSuite{Name: r.Rule, File: r.File})
		}
		s := &all.Suites[len(all.Suites)-1]
		c := junitCase{Name: r.Test, Class: r.Rule, File: r.File, Line: r.Line}
		if r.Err != nil {
			c.Failure = &junitFailure{Message: r.Err.Error(), Text: testFailure(r).Error()}
			s.Failures++
			all.Failures++
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results as JUnit XML: %w", err)
	}
	if err := os.WriteFile(path, append([]byte(xml.Header), append(b, '\n')...), 0o666); err != nil { //nolint:gosec // a report, for whom the umask allows
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}
