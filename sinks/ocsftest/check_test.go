package ocsftest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is wrong is found: each case changes one thing of a document that is right.
func TestCheckFinds(t *testing.T) {
	right, err := os.ReadFile(filepath.Join("..", "testdata", "ocsf", "api_activity.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := V18().Check(right); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, say string }{
		"not in the schema":         {`"severity_id": 1`, `"severity_id": 1, "colour": "red"`, "colour: API Activity has no such attribute"},
		"not in an object":          {`"issuer": "aws"`, `"issuer": "aws", "colour": "red"`, "actor.session.colour: Session has no such attribute"},
		"required":                  {`"severity_id": 1,`, ``, "severity_id: it is required"},
		"no value of its enum":      {`"severity_id": 1`, `"severity_id": 7`, "severity_id: 7 is none"},
		"type":                      {`"severity_id": 1`, `"severity_id": "1"`, "severity_id: want an integer"},
		"more than 32 bits":         {`"sequence": `, `"sequence": 99999`, "metadata.sequence: want an integer of"},
		"caption":                   {`"severity": "Informational"`, `"severity": "Info"`, "does not fit severity_id 1"},
		"other without its name":    {`"activity_id": 4,`, `"activity_id": 99,`, "type_uid: 600304, want 600399"},
		"type_uid":                  {`"type_uid": 600304`, `"type_uid": 600301`, "want 600304"},
		"category":                  {`"category_uid": 6`, `"category_uid": 3`, "want 6"},
		"version":                   {`"version": "1.8.0"`, `"version": "1.7.0"`, "want 1.8.0"},
		"attribute of a profile":    {`"cloud",`, ``, "cloud: it comes with the profile cloud"},
		"no such profile":           {`"cloud",`, `"cloud", "weather",`, `"weather" is no profile`},
		"no address":                {`"ip": "192.0.2.7"`, `"ip": "192.0.2.700"`, "is no ip_t"},
		"none of at least one":      {`"ip": "192.0.2.7"`, `"port": 7`, "src_endpoint: want at least one of"},
		"empty text":                {`"ip": "192.0.2.7"`, `"ip": "192.0.2.7", "name": ""`, "src_endpoint.name: the text is empty"},
		"empty list":                {`"profiles": [`, `"labels": [], "profiles": [`, "the list is empty"},
		"deprecated":                {`"issuer": "aws"`, `"issuer": "aws"}, "invoked_by": "x", "process": {"a": 1`, "actor.invoked_by: it is deprecated"},
		"observable of nothing":     {`"name": "src_endpoint.ip"`, `"name": "dst_endpoint.ip"`, "is not there"},
		"observable below unmapped": {`"name": "src_endpoint.ip"`, `"name": "unmapped.root.id"`, "is no attribute of the class"},
		"twice":                     {`"severity_id": 1`, `"severity_id": 1, "severity_id": 1`, "twice in one object"},
		"no class":                  {`"class_uid": 6003`, `"class_uid": 6004`, "no such class"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(right), c.old, c.new, 1)
			if text == string(right) {
				t.Fatalf("%s is not there", c.old)
			}
			if err := V18().Check([]byte(text)); err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("got %v, want it to say %q", err, c.say)
			}
		})
	}
	group := strings.NewReplacer(`"privileges": [`, `"group": {"name": "g"}, "privileges": [`)
	session, err := os.ReadFile(filepath.Join("..", "testdata", "ocsf", "authorize_session.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := V18().Check([]byte(group.Replace(string(session)))); err == nil || !strings.Contains(err.Error(), "just one of") {
		t.Errorf("got %v", err)
	}
}
