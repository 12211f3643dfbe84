package simulate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// samples is the folder of real log lines, which is no part of the repository.
func samples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("WHENCE_SAMPLES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "samples")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real samples: set WHENCE_SAMPLES to their folder (%v)", err)
	}
	return dir
}

// free are members whose content is anybody's.
var free = []string{
	"requestParameters", "responseElements", "additionalEventData", "request.data", "response.data", "response.secret", "auth.metadata", "response.auth.metadata",
	"debugContext.debugData", "webIdFederationData", "metadata", "userIdentity.sessionContext.attributes", "transaction.detail", "target.detailEntry",
}

// documented are members that we write and that no sample at hand shows, with
// where they are documented.
var documented = map[string]string{
	"userIdentity.onBehalfOf":               "CloudTrail user guide, userIdentity element",
	"authenticationContext.rootSessionId":   "Okta System Log API",
	"auth.policy_results":                   "Vault 1.12, audit package",
	"request.client_id":                     "Vault 1.9, audit package",
	"request.mount_accessor":                "Vault 1.9, audit package",
	"request.mount_class":                   "Vault 1.14, audit package",
	"request.mount_point":                   "Vault 1.12, audit package",
	"request.mount_running_version":         "Vault 1.13, audit package",
	"request.remote_port":                   "Vault 1.12, audit package",
	"response.auth":                         "Vault, audit package",
	"response.mount_accessor":               "Vault 1.9, audit package",
	"response.mount_class":                  "Vault 1.14, audit package",
	"response.mount_point":                  "Vault 1.12, audit package",
	"response.mount_running_plugin_version": "Vault 1.13, audit package",
	"actor_ip":                              "GitHub Enterprise Cloud, displaying IP addresses in the audit log",
	"external_identity_nameid":              "GitHub audit log events, common fields",
	"hashed_token":                          "GitHub audit log, identifying events by an access token",
	"token_id":                              "GitHub audit log, identifying events by an access token",
	"token_scopes":                          "GitHub audit log, identifying events by an access token",
	"commits.committer.username":            "GitHub webhook events, push",
	"head_commit.committer.username":        "GitHub webhook events, push",
	"reviewers.reviewer":                    "GitHub webhook events, deployment_review",
	"response.secret":                       "Vault, audit package",
	"approver":                              "GitHub webhook events, deployment_review approved",
	"comment":                               "GitHub webhook events, deployment_review approved",
	"workflow_job_runs":                     "GitHub webhook events, deployment_review approved",
	"request_id":                            "GitHub audit log events, common fields",
	"external_identity_username":            "GitHub audit log events, common fields",
}

// TestFormats: our lines have no member that real ones do not have.
func TestFormats(t *testing.T) {
	dir := samples(t)
	known := map[string]map[string]bool{}
	for source, globs := range map[string][]string{
		cloudTrail:    {"iam/aws_cloudtrail/*", "vault/aws_secrets_manager/*", "model-api/aws_bedrock_cloudtrail/*"},
		oktaLog:       {"iam/okta/*"},
		vaultAudit:    {"vault/hashicorp_vault/*"},
		githubWebhook: {"cicd/github_webhooks/*"},
		githubAudit:   {"cicd/github_audit/*"},
		litellmSpend:  {"model-api/litellm/*"},
	} {
		known[source] = map[string]bool{}
		for _, g := range globs {
			paths, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(g)))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range paths {
				readSample(t, p, known[source])
			}
		}
		if len(known[source]) == 0 {
			t.Errorf("no sample of %s was read", source)
		}
	}
	strange := map[string]bool{}
	for r := range New(small()).Records {
		var v any
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatalf("%s: %v", r.Source, err)
		}
		members(v, "", func(path string) {
			if !known[r.Source][path] && !isDocumented(path) {
				strange[r.Source+" "+path] = true
			}
		})
	}
	for s := range strange {
		t.Errorf("no sample has %s", s)
	}
}

func isDocumented(path string) bool {
	if strings.HasSuffix(path, ".user_view_type") {
		return true // of every GitHub user since 2024
	}
	for d := range documented {
		if path == d || strings.HasPrefix(path, d+".") {
			return true
		}
	}
	return false
}

// readSample notes the members of every JSON value in a file.
func readSample(t *testing.T, path string, into map[string]bool) {
	t.Helper()
	if strings.HasSuffix(path, "-expected.json") || strings.HasSuffix(path, ".txt") {
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bufio.NewReader(bytes.NewReader(b)))
	for {
		var v any
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Logf("%s: %v", filepath.Base(path), err)
			return
		}
		members(v, "", func(path string) { into[path] = true })
	}
}

// members calls note for the path of every member outside what is free.
func members(v any, at string, note func(string)) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			members(x, at, note)
		}
	case map[string]any:
		for name, x := range v {
			path := strings.TrimPrefix(at+"."+name, ".")
			note(path)
			if !slices.Contains(free, path) && name != "webIdFederationData" {
				members(x, path, note)
			}
		}
	}
}
