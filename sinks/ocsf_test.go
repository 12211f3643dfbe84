package sinks

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"whence/correlate"
	"whence/sinks/ocsftest"
)

// goldenJSON compares a document with the one in testdata.
func goldenJSON(t *testing.T, name string, doc []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, doc, "", "  "); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	golden(t, name, pretty.String()+"\n")
}

// There is a document of every class, as the schema wants it.
func TestOCSFGolden(t *testing.T) {
	classes := map[string]bool{}
	for name, c := range siemChains() {
		t.Run(name, func(t *testing.T) {
			doc, err := OCSF.AppendChain(nil, &c)
			if err != nil {
				t.Fatal(err)
			}
			if err := ocsftest.V18().Check(doc); err != nil {
				t.Errorf("%v\nin %s", err, doc)
			}
			classes[ocsftest.V18().Class(doc)] = true
			goldenJSON(t, "ocsf/"+name+".json", doc)
		})
	}
	for name, a := range siemAlerts() {
		t.Run(name, func(t *testing.T) {
			doc, err := OCSF.AppendAlert(nil, &a)
			if err != nil {
				t.Fatal(err)
			}
			if err := ocsftest.V18().Check(doc); err != nil {
				t.Errorf("%v\nin %s", err, doc)
			}
			classes[ocsftest.V18().Class(doc)] = true
			goldenJSON(t, "ocsf/"+name+".json", doc)
		})
	}
	for name := range ocsftest.V18().Classes {
		if !classes[name] {
			t.Errorf("no document of class %s", name)
		}
	}
}

// Whatever a log says, what is made of it is as the schema wants it.
func FuzzOCSF(f *testing.F) {
	for seed := range uint64(400) {
		f.Add("a\"<&\u2028\xff", "b@example.com", seed)
		f.Add("sts:AssumeRole", "192.0.2.1", seed)
		f.Add("DELETE", "2001:db8::1", seed)
	}
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 4))
		c := random[correlate.Chain](r, a, b)
		c.Class = []correlate.Class{correlate.Auth, correlate.Read, correlate.Write, correlate.Admin, correlate.Secret, correlate.Model, correlate.Tool}[seed%7]
		c.Source = []string{c.Source, "aws.cloudtrail", "kubernetes.audit"}[seed%3]
		doc, err := OCSF.AppendChain([]byte("x"), &c)
		if err == nil {
			err = ocsftest.V18().Check(doc[1:])
		}
		if err != nil {
			t.Errorf("%v\nin %s", err, doc)
		}
		if doc, err = ECS.AppendChain(nil, &c); err != nil || !json.Valid(doc) {
			t.Errorf("%v in %s", err, doc)
		}
		alert := random[correlate.Alert](r, a, b)
		if doc, err = OCSF.AppendAlert(nil, &alert); err == nil {
			err = ocsftest.V18().Check(doc)
		}
		if err != nil {
			t.Errorf("%v\nin %s", err, doc)
		}
		if doc, err = ECS.AppendAlert(nil, &alert); err != nil || !json.Valid(doc) {
			t.Errorf("%v in %s", err, doc)
		}
	})
}

// A reader of 32-bit sequences keeps what a reader of versions keeps.
func TestOCSFSequence(t *testing.T) {
	older := siemChains()["api_activity"]
	newer := older
	older.Settled = false
	older.Seal(1)
	newer.Rank++
	newer.Seal(1)
	most := newer
	most.Rank, most.Settled = 1<<20-1, true
	most.Seal(correlate.MaxEpoch)
	last := int64(-1)
	for _, c := range []*correlate.Chain{&older, &newer, &most} {
		if o := correlate.Order(c.Version); o <= last || o > 1<<31-1 {
			t.Errorf("version %d has order %d after %d", c.Version, o, last)
		} else {
			last = o
		}
	}
}

func TestECSGolden(t *testing.T) {
	for name, c := range siemChains() {
		doc, err := ECS.AppendChain(nil, &c)
		if err != nil {
			t.Fatal(err)
		}
		goldenJSON(t, "ecs/"+name+".json", doc)
	}
	for name, a := range siemAlerts() {
		doc, err := ECS.AppendAlert(nil, &a)
		if err != nil {
			t.Fatal(err)
		}
		goldenJSON(t, "ecs/"+name+".json", doc)
	}
}
