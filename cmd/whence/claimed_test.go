package main

import (
	"regexp"
	"strings"
	"testing"

	"whence/correlate"
	"whence/sources"
)

// Strings that whoever acts can choose, wherever a log has them: by member, and by
// what they look like inside of other text. The session names that IAM Identity Center
// and providers of SAML give are no part of them.
var (
	chosenMembers = regexp.MustCompile(`(\\?"(?:roleSessionName|sourceIdentity|end_user|user_api_key_end_user_id|enduser\.id|userAgent|user_agent|callerSuppliedUserAgent|requestMetadata_user|client_id_hint|safety_identifier)\\?"\s*:\s*\\?")([^"\\]*)(\\?")`)
	chosenAuthors = regexp.MustCompile(`"(author|committer)"\s*:\s*\{[^{}\[\]]*"email"[^{}\[\]]*\}`)
	chosenMeta    = regexp.MustCompile(`"requestMetadata"\s*:\s*\{[^{}]*\}`)
	chosenArn     = regexp.MustCompile(`(assumed-role/[^/"\\]*/)([^"\\/]+)`)
	chosenID      = regexp.MustCompile(`((?:AROA)[A-Z0-9]+:)([^"\\/]+)`)
)

const mallory = "mallory.chosen@example.com"

// chosenByMallory is a record in which every such string names mallory.
func chosenByMallory(raw string) string {
	if strings.Contains(raw, "AssumeRoleWithSAML") || strings.Contains(raw, "AWSReservedSSO") {
		return raw
	}
	raw = chosenMembers.ReplaceAllString(raw, "${1}"+mallory+"${3}")
	raw = chosenAuthors.ReplaceAllString(raw, `"$1":{"name":"Mallory","email":"`+mallory+`","username":"mallory-chosen"}`)
	raw = chosenMeta.ReplaceAllString(raw, `"requestMetadata":{"user":"`+mallory+`","user_id":"`+mallory+`"}`)
	raw = chosenArn.ReplaceAllString(raw, "${1}"+mallory)
	return chosenID.ReplaceAllString(raw, "${1}"+mallory)
}

// Whatever a caller writes, nobody becomes the requestor by it on more than a claim:
// every fixture of every source, with mallory's name wherever one can be chosen, and a
// directory that knows mallory under all of them.
func TestChosenNamesAreClaims(t *testing.T) {
	var r roster
	r.readYAML([]byte(`people: [{id: ` + mallory + `, aliases: [github:mallory-chosen, gitlab:mallory-chosen, okta:` + mallory + `]}]`))
	d, err := r.directory()
	if err != nil {
		t.Fatal(err)
	}
	changed, claims := 0, map[string]int{}
	for _, s := range sources.All() {
		for _, f := range fixturesOf(t, s.Name) {
			var events []*correlate.Event
			for _, in := range f.records {
				text := chosenByMallory(string(in.Raw))
				if text == string(in.Raw) {
					continue // an honest line, by which mallory may truly act elsewhere
				}
				changed++
				var out sources.Batch
				in.Raw = []byte(text)
				s.DecodeRecord(in, &out)
				for i := range out.Events {
					e := out.Events[i].Clone()
					events = append(events, &e)
				}
			}
			chains, err := settle(t.Context(), events, d, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range chains {
				if c.Requestor.ID != mallory {
					continue
				}
				if claims[s.Name]++; c.Proof > correlate.Claimed {
					t.Errorf("%s: %s is asked for by mallory, %s, by %s", f.name, c.EventID, c.Proof, c.Hops[len(c.Hops)-1].Method)
				}
			}
		}
	}
	// Otherwise the test would show nothing.
	if changed < 100 || claims["aws.cloudtrail"] == 0 || claims["litellm.spend"] == 0 {
		t.Errorf("%d lines changed, and claims %v", changed, claims)
	}
	t.Logf("%d lines changed; chains that rest on what mallory wrote: %v", changed, claims)
}
