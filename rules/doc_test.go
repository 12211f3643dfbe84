package rules

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// docFile compares a file in docs with what it should be; make docs writes it.
func docFile(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "docs", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("docs/%s is not what the rules say now: run make docs", name)
	}
}

// docs/writing-rules.md is written by hand but for the names, which are those of Env.
func TestWritingRulesDoc(t *testing.T) {
	text, err := os.ReadFile("../docs/writing-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	between := regexp.MustCompile(`(?s)<!-- env -->\n.*<!-- /env -->`)
	if !between.Match(text) {
		t.Fatal("docs/writing-rules.md has no place for the names")
	}
	got := between.ReplaceAllLiteral(text, []byte("<!-- env -->\n"+envTables(t)+"<!-- /env -->"))
	got = regexp.MustCompile(`These are version \S+ of`).ReplaceAllLiteral(got, fmt.Appendf(nil, "These are version %d of", EnvVersion))
	docFile(t, "writing-rules.md", got)

	for _, name := range []string{"cidr", "glob", "within", "knows", "holds", "crosses", "signal"} {
		if !bytes.Contains(text, []byte("| `"+name+"(")) {
			t.Errorf("the table of functions has no %s", name)
		}
	}
	for key := range keysOf(ruleFile{}) {
		if !bytes.Contains(text, []byte("`"+key+"`")) {
			t.Errorf("the table of keys has no %s", key)
		}
	}
	for key := range keysOf(referencesFile{}) {
		if !bytes.Contains(text, []byte("`"+key+"`")) {
			t.Errorf("the references have no %s", key)
		}
	}
}

// The example in docs/writing-rules.md is a rule, and passes its tests.
func TestWritingRulesExample(t *testing.T) {
	text, err := os.ReadFile("../docs/writing-rules.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)<!-- example -->\n```yaml\n(.*?)```\n<!-- /example -->").FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/writing-rules.md has no example")
	}
	s := mustLoad(t, string(m[1]))
	for _, r := range s.Check() {
		if r.Err != nil {
			t.Errorf("line %d of the example, %s: %v", r.Line, r.Test, r.Err)
		}
	}
	if !s.rules[0].whole {
		t.Error("the example needs the engine")
	}
}

// envTables are tables of the names, of the comments in env.go.
func envTables(t *testing.T) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "env.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			spec, ok := s.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if body, ok := spec.Type.(*ast.StructType); ok {
				if spec.Name.Name != "Env" {
					fmt.Fprintf(&b, "\n**%s**\n\n", strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(g.Doc.Text()), "A "), "."))
				}
				envTable(t, &b, body)
			}
		}
	}
	return b.String()
}

func envTable(t *testing.T, b *strings.Builder, body *ast.StructType) {
	b.WriteString("| name | is | says |\n|---|---|---|\n")
	for _, field := range body.Fields.List {
		says := strings.Join(strings.Fields(field.Doc.Text()+field.Comment.Text()), " ")
		if field.Tag == nil {
			fmt.Fprintf(b, "| | | what a principal has |\n")
			continue
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", reflect.StructTag(tag).Get("expr"), kindOf(field.Type), says)
	}
}

// kindOf says what a name is, for people.
func kindOf(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.Ident:
		if said := map[string]string{"string": "text", "int": "whole number", "float64": "number", "bool": "true or false"}[of.Name]; said != "" {
			return said
		}
		return strings.ToLower(of.Name)
	case *ast.ArrayType:
		return "list of " + kindOf(of.Elt)
	case *ast.FuncType:
		return "function"
	}
	return "?"
}

// docs/rules.md is made of the library, by framework. make docs writes it.
func TestRulesDoc(t *testing.T) {
	all := Library().Rules()
	var b bytes.Buffer
	fmt.Fprintf(&b, `# The rules that come with whence

<!-- Made of rules/library by make docs. -->

%d rules, by framework and then one by one. How to write your own, switch one off or give it another severity:
[writing-rules.md](writing-rules.md). "Waits" means that a rule asks for what is not there, and answers when the chain is settled.
A rule that names a list is silent until you keep that list.

`, len(all))
	for _, f := range frameworks {
		fmt.Fprintf(&b, "## %s\n\n| | rules |\n|---|---|\n", f.title)
		by := map[string][]string{}
		for _, r := range all {
			for _, v := range f.of(&r.References) {
				by[v] = append(by[v], fmt.Sprintf("[%s](#%s)", r.ID, r.ID))
			}
		}
		for _, v := range f.order(by) {
			fmt.Fprintf(&b, "| %s | %s |\n", f.name(v), strings.Join(by[v], ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("## One by one\n")
	for _, r := range all {
		describe(&b, &r)
	}
	docFile(t, "rules.md", b.Bytes())
}

func describe(b *bytes.Buffer, r *Rule) {
	about := []string{string(r.Severity)}
	if r.Settled {
		about = append(about, "waits")
	}
	if len(r.Lists) > 0 {
		about = append(about, "lists: "+strings.Join(r.Lists, ", "))
	}
	if len(r.Group) > 0 {
		about = append(about, "grouped by "+strings.Join(r.Group, ", "))
	}
	if r.Suppress > 0 {
		about = append(about, "others of a group quiet for "+strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(r.Suppress.String()))
	}
	refs := slices.Concat(r.References.Attack, r.References.OWASPNHI, r.References.NISTCSF, r.References.SP800207)
	fmt.Fprintf(b, "\n### %s\n\n**%s** (%s; %s)\n\n%s\n\n", r.ID, r.Title, strings.Join(about, "; "), strings.Join(refs, ", "), flat(r.Why))
	for _, p := range r.FalsePositives {
		fmt.Fprintf(b, "*Looks like it:* %s\n\n", flat(p))
	}
	fmt.Fprintf(b, "*What to do:* %s\n\n```\n%s\n```\n", flat(r.Response), r.When)
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// A framework is a chapter of docs/rules.md.
type framework struct {
	title string
	of    func(*References) []string
	name  func(string) string
	order func(map[string][]string) []string
}

func inOrder(by map[string][]string) []string {
	var out []string
	for v := range by {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b string) int { // NHI2 comes before NHI10
		if d := len(strings.TrimRight(a, "0123456789.")) - len(strings.TrimRight(b, "0123456789.")); d == 0 && strings.HasPrefix(a, "NHI") && len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return out
}

var frameworks = []framework{
	{"MITRE ATT&CK", func(r *References) []string { return r.Attack }, func(v string) string {
		return strings.TrimSpace(fmt.Sprintf("[%s](https://attack.mitre.org/techniques/%s/) %s", v, strings.ReplaceAll(v, ".", "/"), techniques[v]))
	}, inOrder},
	{"OWASP Non-Human Identities Top 10 (2025)", func(r *References) []string { return r.OWASPNHI }, func(v string) string {
		n, _ := strconv.Atoi(v[3:])
		return v + " " + owaspNHI[n-1]
	}, inOrder},
	{"NIST Cybersecurity Framework 2.0", func(r *References) []string { return r.NISTCSF }, func(v string) string {
		category, _, _ := strings.Cut(v, "-")
		return v + " " + nistCSF[category].title
	}, inOrder},
	{"NIST SP 800-207, zero trust", func(r *References) []string { return r.SP800207 }, func(v string) string { return v + ": " + sp800207[v] }, inOrder},
}

// techniques are the names of those that rules are likely to serve; others are shown
// by their number.
var techniques = map[string]string{
	"T1020": "Automated Exfiltration", "T1021.007": "Remote Services: Cloud Services", "T1036": "Masquerading", "T1048": "Exfiltration Over Alternative Protocol",
	"T1059.009": "Cloud API", "T1068": "Exploitation for Privilege Escalation", "T1069.003": "Permission Groups Discovery: Cloud Groups", "T1072": "Software Deployment Tools",
	"T1078": "Valid Accounts", "T1078.001": "Default Accounts", "T1078.002": "Domain Accounts", "T1078.003": "Local Accounts", "T1078.004": "Cloud Accounts",
	"T1087.004": "Account Discovery: Cloud Account", "T1098": "Account Manipulation", "T1098.001": "Additional Cloud Credentials", "T1098.003": "Additional Cloud Roles",
	"T1098.004": "SSH Authorized Keys", "T1098.005": "Device Registration", "T1098.006": "Additional Container Cluster Roles", "T1110": "Brute Force", "T1110.003": "Password Spraying",
	"T1110.004": "Credential Stuffing", "T1111": "Multi-Factor Authentication Interception", "T1114": "Email Collection", "T1119": "Automated Collection", "T1133": "External Remote Services",
	"T1134": "Access Token Manipulation", "T1136": "Create Account", "T1136.003": "Create Cloud Account", "T1190": "Exploit Public-Facing Application", "T1195": "Supply Chain Compromise",
	"T1195.001": "Compromise Software Dependencies and Development Tools", "T1195.002": "Compromise Software Supply Chain", "T1199": "Trusted Relationship", "T1204": "User Execution",
	"T1212": "Exploitation for Credential Access", "T1213": "Data from Information Repositories", "T1213.003": "Code Repositories", "T1484": "Domain or Tenant Policy Modification",
	"T1484.002": "Trust Modification", "T1485": "Data Destruction", "T1486": "Data Encrypted for Impact", "T1489": "Service Stop", "T1490": "Inhibit System Recovery",
	"T1496": "Resource Hijacking", "T1496.004": "Cloud Service Hijacking", "T1526": "Cloud Service Discovery", "T1528": "Steal Application Access Token", "T1530": "Data from Cloud Storage",
	"T1531": "Account Access Removal", "T1534": "Internal Spearphishing", "T1535": "Unused/Unsupported Cloud Regions", "T1537": "Transfer Data to Cloud Account", "T1538": "Cloud Service Dashboard",
	"T1539": "Steal Web Session Cookie", "T1548": "Abuse Elevation Control Mechanism", "T1548.005": "Temporary Elevated Cloud Access", "T1550": "Use Alternate Authentication Material",
	"T1550.001": "Application Access Token", "T1550.004": "Web Session Cookie", "T1552": "Unsecured Credentials", "T1552.001": "Credentials In Files", "T1552.004": "Private Keys",
	"T1552.005": "Cloud Instance Metadata API", "T1552.007": "Container API", "T1553": "Subvert Trust Controls", "T1555": "Credentials from Password Stores",
	"T1555.006": "Cloud Secrets Management Stores", "T1556": "Modify Authentication Process", "T1556.006": "Multi-Factor Authentication", "T1556.007": "Hybrid Identity",
	"T1556.009": "Conditional Access Policies", "T1562": "Impair Defenses", "T1562.001": "Disable or Modify Tools", "T1562.007": "Disable or Modify Cloud Firewall",
	"T1562.008": "Disable or Modify Cloud Logs", "T1565": "Data Manipulation", "T1566": "Phishing", "T1567": "Exfiltration Over Web Service", "T1578": "Modify Cloud Compute Infrastructure",
	"T1580": "Cloud Infrastructure Discovery", "T1606": "Forge Web Credentials", "T1606.002": "SAML Tokens", "T1609": "Container Administration Command", "T1610": "Deploy Container",
	"T1611": "Escape to Host", "T1613": "Container and Resource Discovery", "T1619": "Cloud Storage Object Discovery", "T1621": "Multi-Factor Authentication Request Generation",
	"T1648": "Serverless Execution", "T1651": "Cloud Administration Command", "T1657": "Financial Theft", "T1666": "Modify Cloud Resource Hierarchy", "T1671": "Cloud Application Integration",
}
