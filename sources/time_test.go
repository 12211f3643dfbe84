package sources

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestUTCTime: what is read by hand is what package time reads.
func TestUTCTime(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	forms := [...]string{"2026-11-22T10:05:08Z", "2026-02-28T23:59:59.1Z", "1999-12-31T00:00:00.000Z", "2024-02-29T01:02:03.123456789Z", "2024-02-29T01:02:03.0000000001Z", "2026-11-22T10:05:08.Z",
		"2026-11-22T10:05:08+01:00", "2026-01-01T00:05:08.125-05:30", "2200-12-31T23:59:59-01:00", "1900-01-01T00:00:00+01:00"}
	read := 0
	for range 50_000 {
		in := []byte(forms[dice.IntN(len(forms))])
		for range dice.IntN(3) {
			in[dice.IntN(len(in))] = "0123456789-:.TZ,/+ "[dice.IntN(19)]
		}
		want, err := time.Parse(time.RFC3339, string(in))
		got, ok := utcTime(string(in))
		if ok && (err != nil || got != want) {
			t.Fatalf("%s: got %s, want %s, %v", in, got, want, err)
		}
		if got, ok := rfc3339(string(in)); ok != (err == nil && placeable(want)) || ok && !got.Equal(want) {
			t.Fatalf("%s: got %s, %v, want %s, %v", in, got, ok, want, err)
		}
		if ok {
			read++
		}
	}
	if read < 5_000 {
		t.Errorf("only %d were read by hand", read)
	}
}

// TestLooseTimeByHand: and so with a space, other zones, and none.
func TestLooseTimeByHand(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	zones := map[string]string{
		"": "", " UTC": " UTC", "Z": "Z07:00", "+02:00": "Z07:00", "-11:45": "Z07:00", "+0530": "Z0700", " -0700": " -0700", " +0000 UTC": " -0700 UTC", "+24:00": "Z07:00", "*01:00": "Z07:00",
	}
	for range 5_000 {
		for zone, layout := range zones {
			between := string("T "[dice.IntN(2)])
			in := time.Unix(dice.Int64N(1<<32), 0).UTC().Format("2006-01-02" + between + "15:04:05")
			if digits := dice.IntN(10); digits > 0 {
				in += "." + "123456789"[:digits]
			}
			in += zone
			want, err := time.Parse("2006-01-02"+between+"15:04:05"+layout, in)
			got, ok := looseTime(in)
			if ok != (err == nil) || ok && (!got.Equal(want) || got.Location() != time.UTC) {
				t.Fatalf("%s: got %s, %v, want %s, %v", in, got, ok, want, err)
			}
		}
	}
}

// TestImpossibleTimes: a year that no time can be written with must cost at most
// the line it is in. Chains are hashed as JSON, where such a time is an error.
func TestImpossibleTimes(t *testing.T) {
	lines := map[string][]string{
		cloudtrailName: {
			`{"eventVersion":"1.09","eventTime":"AT","eventID":"e1","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","recipientAccountId":"123456789012","userIdentity":{"type":"Root","accountId":"123456789012"}}`,
			`{"eventVersion":"1.09","eventTime":"2026-03-04T12:00:00Z","eventID":"e1","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","recipientAccountId":"123456789012",` +
				`"userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:a","accountId":"123456789012","accessKeyId":"ASIAEXAMPLE1","sessionContext":{"attributes":{"creationDate":"AT"}}},` +
				`"requestParameters":{"roleArn":"arn:aws:iam::123456789012:role/r","roleSessionName":"b"},` +
				`"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE2","expiration":"AT"},"assumedRoleUser":{"assumedRoleId":"AROAEXAMPLE:b"}}}`,
		},
		"okta.system_log": {
			`{"uuid":"u1","published":"AT","eventType":"user.session.start","actor":{"id":"00u1","type":"User","alternateId":"alice@example.com"},"outcome":{"result":"SUCCESS"},"authenticationContext":{"externalSessionId":"102x"}}`,
		},
		"vault.audit": {
			`{"time":"AT","type":"response","auth":{"accessor":"a1","display_name":"oidc-alice@example.com","token_ttl":9000000000000},"request":{"id":"r1","operation":"update","path":"auth/oidc/oidc/callback"},"response":{}}`,
			`{"time":"2026-03-04T12:00:00Z","type":"response","auth":{"accessor":"a1","display_name":"oidc-alice@example.com","token_issue_time":"AT","token_ttl":9000000000000},"request":{"id":"r1","operation":"update","path":"auth/oidc/oidc/callback"},"response":{}}`,
		},
		litellmSpend: {
			`{"request_id":"q1","call_type":"acompletion","startTime":"AT","api_key":"88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b","model":"m"}`,
		},
		githubAudit: {
			`{"_document_id":"d1","action":"repo.create","@timestamp":"AT","actor":"alice","org":"example"}`,
		},
		githubWebhook: {
			`{"action":"completed","workflow_run":{"id":1,"run_attempt":1,"event":"push","head_branch":"main","run_started_at":"AT","created_at":"AT","updated_at":"AT","actor":{"login":"alice","type":"User"}},"repository":{"full_name":"example/shop"},"sender":{"login":"alice","type":"User"}}`,
		},
	}
	times := []string{"9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00+12:00", "0002-01-01T00:00:00Z", "2263-01-01T00:00:00Z", "1677-01-01T00:00:00Z"}
	for _, s := range All() {
		if len(lines[s.Name]) == 0 {
			lines[s.Name] = timedFixtures(t, s.Name)
		}
		for _, line := range lines[s.Name] {
			for _, at := range times {
				for _, header := range []string{"", at} {
					in := Input{Raw: []byte(strings.ReplaceAll(line, "AT", at)), Header: func(string) string { return header }}
					var out Batch
					s.DecodeRecord(in, &out)
					for _, e := range out.Events {
						if _, err := json.Marshal(e); err != nil {
							t.Errorf("%s at %s: %v", s.Name, at, err)
						}
						if !placeable(e.Time) {
							t.Errorf("%s: an event at %s", s.Name, e.Time)
						}
						for _, f := range e.Mints {
							if !placeable(f.Start) {
								t.Errorf("%s: a fact that holds from %s", s.Name, f.Start)
							}
						}
					}
				}
			}
		}
	}
}

var (
	writtenTime = regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5,6})?`)
	epochTime   = regexp.MustCompile(`([":, ])1[67][0-9]{8}([0-9]{3}([0-9]{6})?)?([",}. ])`)
)

// timedFixtures are the fixtures of a source with AT in place of one way or the other
// to write a time.
func timedFixtures(t *testing.T, source string) (lines []string) {
	t.Helper()
	for _, f := range fixtures(t, source) {
		for _, in := range f.inputs {
			if line := string(in.Raw); writtenTime.MatchString(line) {
				lines = append(lines, writtenTime.ReplaceAllString(line, "AT"))
			} else if epochTime.MatchString(line) {
				for _, n := range []string{"99999999999", "253402300799999", "9223372036854775807", "1e300", "-5"} {
					lines = append(lines, epochTime.ReplaceAllString(line, "${1}"+n+"${4}"))
				}
			}
		}
	}
	if len(lines) == 0 {
		t.Errorf("no line of %s, and no time in its fixtures", source)
	}
	return lines
}
