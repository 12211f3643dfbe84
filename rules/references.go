package rules

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// References say which parts of the frameworks a rule serves.
type References struct {
	Attack   []string // techniques of MITRE ATT&CK: T1078.004
	OWASPNHI []string // risks of the OWASP Non-Human Identities Top 10 (2025): NHI2
	NISTCSF  []string // categories or outcomes of NIST CSF 2.0: DE.CM, DE.CM-03
	SP800207 []string // tenets ("tenet-6") and threats ("5.3") of NIST SP 800-207
	URLs     []string
}

// referencesFile is the layout of references in a rule file.
type referencesFile struct {
	Attack   []string `yaml:"attack"`
	OWASPNHI []string `yaml:"owasp_nhi"`
	NISTCSF  []string `yaml:"nist_csf"`
	SP800207 []string `yaml:"sp800_207"`
	URLs     []string `yaml:"urls"`
}

// owaspNHI are the risks, in their order.
var owaspNHI = []string{
	"Improper Offboarding", "Secret Leakage", "Vulnerable Third-Party NHI", "Insecure Authentication", "Overprivileged NHI",
	"Insecure Cloud Deployment Configurations", "Long-Lived Secrets", "Environment Isolation", "NHI Reuse", "Human Use of NHI",
}

// A csfCategory is a category of CSF 2.0 with the numbers of its outcomes.
type csfCategory struct {
	title    string
	outcomes []int
}

func upTo(n int) []int {
	var out []int
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

var nistCSF = map[string]csfCategory{
	"GV.OC": {"Organizational Context", upTo(5)},
	"GV.RM": {"Risk Management Strategy", upTo(7)},
	"GV.RR": {"Roles, Responsibilities, and Authorities", upTo(4)},
	"GV.PO": {"Policy", upTo(2)},
	"GV.OV": {"Oversight", upTo(3)},
	"GV.SC": {"Cybersecurity Supply Chain Risk Management", upTo(10)},
	"ID.AM": {"Asset Management", []int{1, 2, 3, 4, 5, 7, 8}},
	"ID.RA": {"Risk Assessment", upTo(10)},
	"ID.IM": {"Improvement", upTo(4)},
	"PR.AA": {"Identity Management, Authentication, and Access Control", upTo(6)},
	"PR.AT": {"Awareness and Training", upTo(2)},
	"PR.DS": {"Data Security", []int{1, 2, 10, 11}},
	"PR.PS": {"Platform Security", upTo(6)},
	"PR.IR": {"Technology Infrastructure Resilience", upTo(4)},
	"DE.CM": {"Continuous Monitoring", []int{1, 2, 3, 6, 9}},
	"DE.AE": {"Adverse Event Analysis", []int{2, 3, 4, 6, 7, 8}},
	"RS.MA": {"Incident Management", upTo(5)},
	"RS.AN": {"Incident Analysis", []int{3, 6, 7, 8}},
	"RS.CO": {"Incident Response Reporting and Communication", []int{2, 3}},
	"RS.MI": {"Incident Mitigation", upTo(2)},
	"RC.RP": {"Incident Recovery Plan Execution", upTo(6)},
	"RC.CO": {"Incident Recovery Communication", []int{3, 4}},
}

// sp800207 are the tenets of section 2.1 and the threats of section 5.
var sp800207 = map[string]string{
	"tenet-1": "All data sources and computing services are resources",
	"tenet-2": "All communication is secured regardless of network location",
	"tenet-3": "Access to individual resources is granted on a per-session basis",
	"tenet-4": "Access to resources is determined by dynamic policy",
	"tenet-5": "The integrity and security posture of all assets is monitored and measured",
	"tenet-6": "Authentication and authorization are dynamic and strictly enforced before access is allowed",
	"tenet-7": "As much information as possible is collected about assets, infrastructure and communications",
	"5.1":     "Subversion of the decision process",
	"5.2":     "Denial of service or network disruption",
	"5.3":     "Stolen credentials and insider threat",
	"5.4":     "Visibility on the network",
	"5.5":     "Storage of system and network information",
	"5.6":     "Reliance on proprietary data formats or solutions",
	"5.7":     "Use of non-person entities in administration",
}

var wantTechnique = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)

// problems lists what is no part of its framework.
func (r *References) problems() []problem {
	var out []problem
	check := func(key string, values []string, want string, known func(string) bool) {
		for i, v := range values {
			switch {
			case !known(v):
				out = append(out, problem{"references." + key, fmt.Sprintf("%s: %q: want %s", key, v, want)})
			case slices.Contains(values[:i], v):
				out = append(out, problem{"references." + key, fmt.Sprintf("%s: %q is there twice", key, v)})
			}
		}
	}
	check("attack", r.Attack, "a technique, such as T1078.004", wantTechnique.MatchString)
	check("owasp_nhi", r.OWASPNHI, "NHI1 to NHI10", func(v string) bool {
		n, err := strconv.Atoi(strings.TrimPrefix(v, "NHI"))
		return err == nil && n >= 1 && n <= len(owaspNHI) && v == fmt.Sprintf("NHI%d", n)
	})
	check("nist_csf", r.NISTCSF, "a category or outcome of CSF 2.0, such as DE.CM-03", func(v string) bool {
		category, number, outcome := strings.Cut(v, "-")
		c, ok := nistCSF[category]
		n, err := strconv.Atoi(number)
		return ok && (!outcome || err == nil && len(number) == 2 && slices.Contains(c.outcomes, n))
	})
	check("sp800_207", r.SP800207, `"tenet-1" to "tenet-7", or "5.1" to "5.7"`, func(v string) bool { return sp800207[v] != "" })
	check("urls", r.URLs, "an address that begins with https://", func(v string) bool {
		u, err := url.Parse(v)
		return err == nil && u.Scheme == "https" && u.Host != ""
	})
	return out
}
