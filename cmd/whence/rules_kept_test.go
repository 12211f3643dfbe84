package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"golang.org/x/tools/txtar"

	"whence/correlate"
	"whence/rules/sigma"
	"whence/sources"
)

// otherNames are fields under a name that rules use and lines do not.
var otherNames = map[string]bool{
	"gcp.audit.method_name": true, "data.protopayload.methodname": true, "operationnamevalue": true, "eventname of google_workspace": true,
}

// TestKeptFields compares what correlations of Sigma rules take for a field of a line
// with what the decoders make of it, over all fixtures.
func TestKeptFields(t *testing.T) {
	for _, s := range sources.All() {
		events := fixtureEvents(t, s)
		for field, name := range sigma.Kept(s.Name) {
			same, other, example := 0, 0, ""
			for i := range events {
				e := &events[i]
				for _, v := range valuesAt(gjson.ParseBytes(e.Line), field) {
					got := keptText(e, name)
					switch {
					case v == "" || v == "null" || got == "":
					case strings.EqualFold(v, got), strings.HasSuffix(got, ":"+v), strings.HasPrefix(v, got+":"), strings.HasSuffix(v, got):
						same++
					default:
						other, example = other+1, v+" is "+got
					}
				}
			}
			if otherNames[field] || otherNames[field+" of "+s.Name] {
				continue
			}
			// executor.id is another where a run or a key acts for whom the line names.
			if same == 0 || other*3 > same {
				t.Errorf("%s: %s is %s in %d lines, and not in %d: %s", s.Name, field, name, same, other, example)
			}
		}
	}
}

func fixtureEvents(t *testing.T, s sources.Source) (events []correlate.Event) {
	t.Helper()
	paths, err := filepath.Glob(filepath.FromSlash("../../sources/testdata/" + s.Name + "/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if !strings.HasPrefix(f.Name, "in.") {
				continue
			}
			records := [][]byte{f.Data}
			if f.Name == "in.ndjson" {
				records = bytes.Split(f.Data, []byte("\n"))
			}
			for _, r := range records {
				var batch sources.Batch
				s.DecodeRecord(sources.Input{Raw: r, Scope: "scope"}, &batch)
				for i := range batch.Events {
					e := batch.Events[i].Clone()
					e.Line = bytes.Clone(batch.Events[i].Line)
					events = append(events, e)
				}
			}
		}
	}
	return events
}

// keptText is what rules see under a name.
func keptText(e *correlate.Event, name string) string {
	return map[string]string{
		"executor.id": e.Actor.ID, "executor.name": e.Actor.Name, "executor.key.value": e.Key().Value, "action": e.Action, "error": e.Error,
		"context.ip": e.Context.IP, "context.agent": e.Context.Agent, "context.account": e.Context.Account,
		"context.region": e.Context.Region, "context.session": e.Context.Session, "context.app": e.Context.App,
	}[name]
}

// valuesAt are the first values at a path, whatever the case, by itself or below
// "properties".
func valuesAt(r gjson.Result, path string) (out []string) {
	if r.IsArray() {
		r = r.Get("0")
	}
	if path == "" {
		return []string{r.String()}
	}
	r.ForEach(func(name, member gjson.Result) bool {
		n := strings.ToLower(name.Str)
		if rest, ok := strings.CutPrefix(path, n); ok && (rest == "" || rest[0] == '.') {
			out = append(out, valuesAt(member, strings.TrimPrefix(rest, "."))...)
		} else if n == "properties" {
			out = append(out, valuesAt(member, path)...)
		}
		return true
	})
	return out
}
