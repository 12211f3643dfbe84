package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"whence/sources"
)

// takeFixtures takes the lines of a source's fixtures that are events, again and
// again until there are as many as of the other sources. Those are few and their
// bytes come back, which helps a decoder no more than the scan that it is compared
// with. Where typical.txtar has lines as they mostly are, no others are taken: other
// fixtures are of what is rare.
func (c *corpus) takeFixtures(ctx context.Context, source string) error {
	dir, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "whence").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(string(bytes.TrimSpace(dir)), "sources", "testdata", source, "*.txtar"))
	if err != nil {
		return err
	}
	src, ok := sources.Find(source)
	if !ok {
		return errors.New("there is no such source")
	}
	origin := "%d of fixtures, repeated"
	paged := false
	for _, name := range [...]string{page, typical} {
		if i := slices.IndexFunc(paths, func(p string) bool { return filepath.Base(p) == name }); i >= 0 {
			paths, origin, paged = paths[i:i+1], "%d typical ones, repeated", name == page
			break
		}
	}
	var few, wrapped corpus
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			return err
		}
		few.takeFixture(src, a, &wrapped, paged)
	}
	if few.len() == 0 {
		few = wrapped // this log comes no other way
	}
	if few.len() == 0 {
		return errors.New("its fixtures have none that is an event")
	}
	c.origin = fmt.Sprintf(origin, few.len())
	for i := range sampleLines {
		i %= few.len()
		c.take(few.line(i), few.scopes[i], few.headers[i])
	}
	return nil
}

// typical is the fixture of the lines that a log mostly has.
const typical = "typical.txtar"

// page is the fixture of a page of many lines, where that is what the vendor's API hands
// out.
const page = "page.txtar"

// takeFixture takes what of one fixture is one event, or of a page one or more, and none
// of it a reject. What a shipper put an envelope around goes to wrapped: fixtures have
// one of every kind of them, with one line each.
func (c *corpus) takeFixture(src sources.Source, a *txtar.Archive, wrapped *corpus, paged bool) {
	var scope string
	var records [][]byte
	headers := map[string]string{}
	for _, f := range a.Files {
		switch f.Name {
		case "scope":
			scope = strings.TrimSpace(string(f.Data))
		case "headers":
			for line := range strings.Lines(string(f.Data)) {
				if name, value, ok := strings.Cut(line, ":"); ok {
					headers[name] = strings.TrimSpace(value)
				}
			}
		case "in.json":
			records = append(records, oneLine(f.Data))
		case "in.ndjson":
			for line := range bytes.Lines(f.Data) {
				records = append(records, bytes.TrimSpace(line))
			}
		}
	}
	for _, r := range records {
		one := corpus{}
		one.take(r, scope, headers)
		var batch sources.Batch
		if src.DecodeRecord(one.input(0), &batch); len(batch.Events) == 0 || len(batch.Events) > 1 && !paged || len(batch.Rejects) > 0 {
			continue
		}
		if whole := sha256.Sum256(r); paged || batch.Events[0].Evidence.SHA256 == hex.EncodeToString(whole[:]) {
			c.take(r, scope, headers)
		} else {
			wrapped.take(r, scope, headers)
		}
	}
}

// oneLine is a record as a log writes it: fixtures are spread over lines to be read.
func oneLine(record []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, record); err != nil {
		return bytes.TrimSpace(record)
	}
	return b.Bytes()
}
