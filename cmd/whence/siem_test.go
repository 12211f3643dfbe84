package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
	"whence/sinks/ocsftest"
	"whence/sources"
	"whence/sources/simulate"
)

func TestSIEMSettings(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whence.yaml")
	write(t, filepath.Join(dir, "pw"), []byte("SECRET\n"))
	write(t, path, []byte(minimal+`
siem:
  - {name: soc, topic: soc.chains, what: chains, filter: 'class in ["write", "admin"]', key: account, compression: zstd}
  - {name: soc-alerts, topic: soc.alerts, what: alerts, encoding: ecs}
  - name: other
    topic: raw
    what: chains
    encoding: native
    max_bytes: 1000000
    brokers: [a.example.com:9093]
    tls: {enabled: true, ca_file: ca.pem}
    sasl: {mechanism: plain, username: whence, password_file: pw}
`))
	s, err := readSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	other := s.SIEM[2]
	got := []any{
		s.SIEM[0].encoding(), s.SIEM[1].encoding(), other.SASL.Password, other.TLS.CAFile, other.kafka(s).Brokers[0], s.SIEM[0].kafka(s).Brokers[0],
		s.SIEM[1].config(s).Alerts, other.config(s).Chains, other.config(s).MaxBytes, s.SIEM[0].config(s).MaxBytes, outputTopics(s),
	}
	want := []any{
		sinks.OCSF, sinks.ECS, "SECRET", filepath.Join(dir, "ca.pem"), "a.example.com:9093", "127.0.0.1:9092",
		"soc.alerts", "raw", 1000000, 64 << 20, []string{"soc.alerts", "soc.chains", "whence.alerts", "whence.chains", "whence.rejects"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSIEMSettingsTellAllProblems(t *testing.T) {
	path := filepath.Join(t.TempDir(), "whence.yaml")
	write(t, path, []byte(minimal+`
siem:
  - {name: Bad Name, topic: raw, what: everything, encoding: xml, key: colour, compression: lzma, filter: 'source == "x" and status == "partial"'}
  - {name: a, what: alerts, key: account, tls: {enabled: true}, max_bytes: -1}
  - {name: a, topic: t, what: chains, brokers: [nowhere], filter: 'clas == "read"'}
`))
	_, err := readSettings(path)
	if err == nil {
		t.Fatal("no error")
	}
	for _, say := range []string{
		`name "Bad Name"`, `what "everything"`, `encoding "xml"`, `key "colour"`, `compression "lzma"`, "status may change between versions of a chain", "(1:19)",
		"topic raw is named under topics too", "siem a: topic: name one", `siem a: key "account": want id, chain`, "tls and sasl are for brokers of its own", "max_bytes -1",
		"two have that name", `"nowhere" is not host:port`, "unknown name clas (1:1)",
	} {
		if !strings.Contains(err.Error(), say) {
			t.Errorf("no word of %s in:\n%v", say, err)
		}
	}
	write(t, path, []byte(minimal+"siem: [{name: a, topic: t, what: chains, colour: red}]\n"))
	if _, err := readSettings(path); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Errorf("an unknown key: got %v", err)
	}
}

// checkOCSF checks what try writes of paths, and the alerts that the library raises.
func checkOCSF(t *testing.T, classes map[string]int, args ...string) {
	t.Helper()
	var native, ocsf, errOut bytes.Buffer
	if code := execute(t.Context(), slices.Concat([]string{"try", "--encoding", "ocsf"}, args), nil, &ocsf, &errOut); code == exitWrong {
		t.Fatalf("exit code %d\n%s", code, &errOut)
	}
	_ = execute(t.Context(), slices.Concat([]string{"try"}, args), nil, &native, &errOut) // as above
	schema, wrong := ocsftest.V18(), 0
	check := func(doc []byte) {
		classes[schema.Class(doc)]++
		if err := schema.Check(doc); err != nil && wrong < 5 {
			wrong++
			t.Errorf("%v\nin %s", err, doc)
		}
	}
	for line := range bytes.Lines(ocsf.Bytes()) {
		check(line)
	}
	judge := rules.Library().NewJudge()
	for line := range bytes.Lines(native.Bytes()) {
		var c correlate.Chain
		if err := c.UnmarshalJSON(line); err != nil {
			t.Fatal(err)
		}
		for _, a := range judge.Judge(nil, &c, nil) {
			doc, err := sinks.OCSF.AppendAlert(nil, &a)
			if err != nil {
				t.Fatal(err)
			}
			check(doc)
		}
	}
}

// Whatever the real samples say, their documents are as the schema wants them.
func TestOCSFSamples(t *testing.T) {
	root := samples(t)
	classes := map[string]int{}
	for _, folder := range []string{"iam", "vault", "cicd", "k8s", "model-api"} {
		checkOCSF(t, classes, filepath.Join(root, folder))
	}
	for _, class := range []string{"api_activity", "authentication", "detection_finding"} {
		if classes[class] == 0 {
			t.Errorf("no document of class %s: %v", class, classes)
		}
	}
}

// So are those of the estate that the demo makes up.
func TestOCSFEstate(t *testing.T) {
	cfg := simulate.Default()
	cfg.Events = 4000
	dir := t.TempDir()
	var out bytes.Buffer
	if err := writeEstate(t.Context(), simulate.New(cfg), dir, &out); err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	checkOCSF(t, classes, dir, "--directory", filepath.Join(dir, "directory.yaml"), "--scope", "prod/file0")
	for _, class := range []string{"api_activity", "authentication", "authorize_session", "detection_finding"} {
		if classes[class] == 0 {
			t.Errorf("no document of class %s: %v", class, classes)
		}
	}
}

// And those of the fixtures of every source, in which all classes come up.
func TestOCSFFixtures(t *testing.T) {
	classes := map[string]int{}
	for _, s := range sources.All() {
		for i, f := range fixturesOf(t, s.Name) {
			var lines bytes.Buffer
			for _, r := range f.records {
				var line bytes.Buffer
				if err := json.Compact(&line, r.Raw); err != nil {
					continue // a fixture of what cannot be decoded
				}
				lines.Write(append(line.Bytes(), '\n'))
			}
			if lines.Len() == 0 {
				continue
			}
			path := filepath.Join(t.TempDir(), fmt.Sprint(i))
			write(t, path, lines.Bytes())
			checkOCSF(t, classes, path, "--source", s.Name, "--scope", "prod/file0")
		}
	}
	for class := range ocsftest.V18().Classes {
		if classes[class] == 0 {
			t.Errorf("no document of class %s: %v", class, classes)
		}
	}
}
