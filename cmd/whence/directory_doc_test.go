package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"whence/correlate"
	"whence/sources"
	"whence/sources/prices"
)

// What docs/directory.md shows is a directory, in each of the forms, and they say the
// same.
func TestDirectoryDoc(t *testing.T) {
	doc := page(t, "directory.md")
	read := func(language string, f func(r *roster, block string)) *correlate.Directory {
		t.Helper()
		var r roster
		r.file = language
		f(&r, block(t, doc, language))
		d, err := r.directory()
		if err != nil {
			t.Fatalf("the example in %s: %v", language, err)
		}
		return d
	}
	yaml := read("yaml", func(r *roster, b string) { r.readYAML([]byte(b)) })
	csv := read("csv", func(r *roster, b string) { r.readCSV([]byte(b)) })
	topic := read("json", func(r *roster, b string) {
		for lines := bufio.NewScanner(strings.NewReader(b)); lines.Scan(); {
			key := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(lines.Text())
			r.readRecord("topic", append(key, "", "version")[1], lines.Bytes())
		}
	})
	for _, p := range []correlate.Principal{
		{Issuer: "okta", ID: "00u1alice0000000d7"},
		{Issuer: "aws", ID: "arn:aws:iam::123456789012:role/billing-eu"},
	} {
		want, ok := yaml.Find(p)
		for name, d := range map[string]*correlate.Directory{"csv": csv, "topic": topic} {
			if got, found := d.Find(p); !ok || !found || got.ID != want.ID || got.Owner != want.Owner {
				t.Errorf("%s: %s:%s is %q, in YAML it is %q", name, p.Issuer, p.ID, got.ID, want.ID)
			}
		}
	}
	if topic.Version != 2 {
		t.Errorf("the topic's version is %d", topic.Version)
	}
}

// Every alias that docs/directory.md tells of for a log is a name that the log's
// fixtures have, and every issuer that a schedule has is told of.
func TestDirectoryDocAliases(t *testing.T) {
	doc := page(t, "directory.md")
	row := regexp.MustCompile("(?m)^\\| (`[^|]+) \\| (.+) \\|$")
	quoted := regexp.MustCompile("`([^`]+)`")
	told := 0
	for _, m := range row.FindAllStringSubmatch(doc, -1) {
		var names []string
		for _, s := range quoted.FindAllStringSubmatch(m[1], -1) {
			if _, ok := sources.Find(s[1]); ok {
				names = append(names, namesIn(t, s[1])...)
			}
		}
		if len(names) == 0 {
			continue // another table
		}
		for _, alias := range quoted.FindAllStringSubmatch(m[2], -1) {
			told++
			if !slices.Contains(names, alias[1]) {
				t.Errorf("%s: no fixture has a %s", m[1], alias[1])
			}
		}
	}
	if told < 20 {
		t.Errorf("only %d aliases", told)
	}
	for _, s := range sources.All() {
		for _, n := range namesIn(t, s.Name) {
			if issuer, _, _ := strings.Cut(n, ":"); strings.HasSuffix(issuer, ".schedule") && !strings.Contains(doc, "`"+issuer+":") {
				t.Errorf("%s: %s is not told of", s.Name, issuer)
			}
		}
	}
}

// The prices that docs/sources.md shows can be read.
func TestPricesDoc(t *testing.T) {
	for _, b := range blocks(page(t, "sources.md"), "yaml") {
		if strings.Contains(b, "models:") {
			l, err := prices.Read([]byte(b))
			if err != nil || l.Len() == 0 {
				t.Errorf("%d models, %v", l.Len(), err)
			}
			return
		}
	}
	t.Error("docs/sources.md shows no list of prices")
}

// namesIn are the names that a source's fixtures give to anybody.
func namesIn(t *testing.T, source string) (names []string) {
	t.Helper()
	s, _ := sources.Find(source)
	see := func(p *correlate.Principal) {
		if p.ID != "" {
			names = append(append(names, p.Issuer+":"+p.ID), p.Names...)
		}
	}
	links := func(ls []correlate.Link) {
		for i := range ls {
			see(&ls[i].Principal)
		}
	}
	for _, f := range fixturesOf(t, source) {
		for _, in := range f.records {
			var out sources.Batch
			s.DecodeRecord(in, &out)
			for i := range out.Events {
				see(&out.Events[i].Actor)
				links(out.Events[i].Uses)
				for j := range out.Events[i].Mints {
					see(&out.Events[i].Mints[j].Principal)
					links(out.Events[i].Mints[j].Parents)
				}
			}
		}
	}
	for i := range names {
		names[i] = strings.Clone(names[i])
	}
	return names
}

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block is the first block of that language.
func block(t *testing.T, doc, language string) string {
	t.Helper()
	all := blocks(doc, language)
	if len(all) == 0 {
		t.Fatalf("no block of %s", language)
	}
	return all[0]
}

func blocks(doc, language string) (all []string) {
	for _, b := range strings.Split(doc, "\n```"+language+"\n")[1:] {
		text, _, _ := strings.Cut(b, "\n```")
		all = append(all, text+"\n")
	}
	return all
}
