package sources

import (
	"strconv"
	"strings"
	"time"

	"whence/correlate"
)

// What Vault and GitHub workflows write into the names of sessions and users.

// cloudtrailVaultName takes apart the name that Vault's AWS engine gives to the
// users it creates and to role sessions: vault-<display>-<role>-<unix>-<random>.
// The name of a federation token tells only the time, and is none.
func cloudtrailVaultName(s string) (name string, at time.Time, ok bool) {
	if !strings.HasPrefix(s, "vault-") {
		return "", time.Time{}, false
	}
	i := strings.LastIndexByte(s, '-')
	rest, random := s[:i], s[i+1:]
	j := strings.LastIndexByte(rest, '-')
	if random == "" || j < len("vault-x") || len(rest)-j-1 != 10 || !cloudtrailDigits(rest[j+1:]) {
		return "", time.Time{}, false
	}
	sec, err := strconv.ParseInt(rest[j+1:], 10, 64)
	if err != nil {
		return "", time.Time{}, false
	}
	return rest[:j], time.Unix(sec, 0).UTC(), true
}

// vaultLink adds a link from a name to whoever asked Vault for it: the same name
// in Vault's log, at the time that is written in it. Vault signs for the
// credential and hands it over, so they hold it, whoever signed.
func (e *cloudtrailEvent) vaultLink(s string) {
	if name, at, ok := cloudtrailVaultName(s); ok {
		l := e.link(correlate.Holder, correlate.Inferred, "vault.aws_name")
		l.Key, l.At = correlate.Key{Kind: VaultAWSName, Value: name}, at
	}
}

// cloudtrailRepo is the organization and the repository of a GitHub OIDC subject,
// or empty. Newer subjects carry ids: repo:org@1/repo@2:ref:...
func cloudtrailRepo(sub string) (org, repo string) {
	i := strings.Index(sub, "repo:")
	if i < 0 || i > 0 && sub[i-1] != ':' {
		return "", ""
	}
	path, _, _ := strings.Cut(sub[i+len("repo:"):], ":")
	org, repo, _ = strings.Cut(path, "/")
	org, _, _ = strings.Cut(org, "@")
	repo, _, _ = strings.Cut(repo, "@")
	if org == "" || repo == "" {
		return "", ""
	}
	return org, repo
}

// cloudtrailIsGitHub reports whether an OIDC provider is GitHub Actions: the
// public one, one with an enterprise's slug, or that of a GHE.com tenant.
func cloudtrailIsGitHub(provider string) bool {
	host, _, _ := strings.Cut(provider, "/")
	return host == "token.actions.githubusercontent.com" ||
		strings.HasPrefix(host, "token.actions.") && strings.HasSuffix(host, ".ghe.com")
}

// cloudtrailProvider is an OIDC provider without scheme and ARN.
func cloudtrailProvider(s string) string {
	if p := cloudtrailARN(s); p[0] != "" {
		s = strings.TrimPrefix(p[5], "oidc-provider/")
	}
	return strings.TrimPrefix(s, "https://")
}

// cloudtrailMaxRunIDs is how many numbers of one session name are looked for.
const cloudtrailMaxRunIDs = 3

// cloudtrailRunIDs appends to ids the numbers in a session name that can be a
// GitHub run id: no date or time around t, as SDKs and scripts write, not the
// account, and no part of a commit hash.
func cloudtrailRunIDs(ids []string, session, account string, t time.Time) []string {
	for len(ids) < cloudtrailMaxRunIDs && session != "" {
		end := 0
		for end < len(session) && cloudtrailAlnum(session[end]) {
			end++
		}
		if id := cloudtrailRunID(session[:end]); id != "" && id != account && !cloudtrailIsTime(id, t) {
			ids = append(ids, id)
		}
		session = session[min(end+1, len(session)):]
	}
	return ids
}

// cloudtrailRunID is the number at the end of a word, if it can be a run id.
func cloudtrailRunID(word string) string {
	start, hex := len(word), true
	for start > 0 && word[start-1]-'0' < 10 {
		start--
	}
	for i := range start {
		hex = hex && cloudtrailHex(word[i])
	}
	id := word[start:]
	if len(id) < 6 || len(id) > 19 || id[0] == '0' || start > 0 && hex {
		return ""
	}
	return id
}

// cloudtrailIsTime reports whether digits write a moment within a day of t: Unix
// time in seconds or smaller units, or a date with or without a time of day.
func cloudtrailIsTime(digits string, t time.Time) bool {
	const day = 24 * time.Hour
	switch len(digits) {
	case 10, 13, 16, 19:
		sec, err := strconv.ParseInt(digits[:10], 10, 64)
		return err == nil && time.Unix(sec, 0).Sub(t).Abs() <= day
	case len("20060102"), len("200601021504"), len("20060102150405"):
		at, ok := cloudtrailDate(digits)
		return ok && at.Sub(t).Abs() <= 2*day
	}
	return false
}
