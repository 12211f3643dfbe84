package rules

import (
	"strings"

	"whence/correlate"
)

// boundaries are what crosses can be asked for.
var boundaries = []string{"account", "trust"}

// crosses reports whether a boundary lies between two neighbours of the walk: the
// executor, then the hops a rule sees.
//
//   - account: two principals of one cloud belong to different accounts (or projects).
//     Those that name none are passed over.
//   - trust: two principals are vouched for by different issuers, such as aws and okta.
func crosses(c *correlate.Chain, boundary string) bool {
	switch boundary {
	case "account":
		return crossesAccount(c)
	case "trust":
		return crossesTrust(c)
	default:
		return false // the compiler lets none pass
	}
}

func crossesAccount(c *correlate.Chain) bool {
	var aws, google string
	for i := range 1 + min(len(c.Hops), maxList) {
		p := walked(c, i)
		account := accountOf(p)
		last := &aws
		if !strings.HasPrefix(p.ID, "arn:") && p.Issuer != "aws" {
			last = &google
		}
		if account == "" {
			continue
		}
		if *last != "" && *last != account {
			return true
		}
		*last = account
	}
	return false
}

func crossesTrust(c *correlate.Chain) bool {
	last := ""
	for i := range 1 + min(len(c.Hops), maxList) {
		issuer, _, _ := strings.Cut(walked(c, i).Issuer, ".")
		if issuer == "" {
			continue
		}
		if last != "" && last != issuer {
			return true
		}
		last = issuer
	}
	return false
}

// walked are the principals of the walk: the executor, then the hops'.
func walked(c *correlate.Chain, at int) *correlate.Principal {
	if at == 0 {
		return &c.Actor
	}
	return &c.Hops[at-1].Principal
}

// AccountOf is the account that a principal's own id names, as rules see it.
func AccountOf(p *correlate.Principal) string { return accountOf(p) }

// accountOf is the account a principal's own id names: that of an ARN, or the
// project of a Google service account. It is "" where the id names none.
func accountOf(p *correlate.Principal) string {
	if rest, ok := strings.CutPrefix(p.ID, "arn:"); ok {
		for range 3 { // partition, service, region
			_, rest, _ = strings.Cut(rest, ":")
		}
		account, _, _ := strings.Cut(rest, ":")
		return account
	}
	if _, host, ok := strings.Cut(p.ID, "@"); ok {
		project, _ := strings.CutSuffix(host, ".iam.gserviceaccount.com")
		if project != host {
			return project
		}
		return ""
	}
	if p.Issuer == "aws" && len(p.ID) == 12 && strings.Trim(p.ID, "0123456789") == "" {
		return p.ID
	}
	return ""
}
