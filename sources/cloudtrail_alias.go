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

// cloudtrailVaultLink leads from a name to whoever asked Vault for it: the same
// name in Vault's log, at the time that is written in it. Vault signs for the
// credential and hands it over, so they hold it, whoever signed.
func cloudtrailVaultLink(s string) []correlate.Link {
	name, at, ok := cloudtrailVaultName(s)
	if !ok {
		return nil
	}
	return []correlate.Link{{
		Role: correlate.Holder, Key: correlate.Key{Kind: VaultAWSName, Value: name},
		Proof: correlate.Inferred, Method: "vault.aws_name", At: at,
	}}
}

// cloudtrailRepo is org/repo of a GitHub OIDC subject. Newer subjects carry ids:
// repo:org@1/repo@2:ref:...
func cloudtrailRepo(sub string) string {
	i := strings.Index(sub, "repo:")
	if i < 0 || i > 0 && sub[i-1] != ':' {
		return ""
	}
	repo, _, _ := strings.Cut(sub[i+len("repo:"):], ":")
	org, name, ok := strings.Cut(repo, "/")
	org, _, _ = strings.Cut(org, "@")
	name, _, _ = strings.Cut(name, "@")
	if !ok || org == "" || name == "" {
		return ""
	}
	return org + "/" + name
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

// cloudtrailRunIDs are the numbers in a session name that can be a GitHub run id:
// no date or time around t, as SDKs and scripts write, not the account, and no
// part of a commit hash. At most three.
func cloudtrailRunIDs(session, account string, t time.Time) []string {
	var ids []string
	for _, word := range strings.FieldsFunc(session, func(r rune) bool { return !cloudtrailAlnum(r) }) {
		letters := strings.TrimRight(word, "0123456789")
		id := word[len(letters):]
		hash := letters != "" && strings.Trim(word, "0123456789abcdefABCDEF") == ""
		if len(id) < 6 || len(id) > 19 || id[0] == '0' || hash || id == account || cloudtrailIsTime(id, t) {
			continue
		}
		if ids = append(ids, id); len(ids) == 3 {
			break
		}
	}
	return ids
}

func cloudtrailAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// cloudtrailIsTime reports whether digits write a moment within a day of t: Unix
// time in seconds or smaller units, or a date with or without a time of day.
func cloudtrailIsTime(digits string, t time.Time) bool {
	const day = 24 * time.Hour
	if len(digits) >= 10 {
		sec, err := strconv.ParseInt(digits[:10], 10, 64)
		whole := len(digits) == 10 || len(digits) == 13 || len(digits) == 16 || len(digits) == 19
		if err == nil && whole && time.Unix(sec, 0).Sub(t).Abs() <= day {
			return true
		}
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if at, err := time.Parse(layout, digits); err == nil && at.Sub(t).Abs() <= 2*day {
			return true
		}
	}
	return false
}
