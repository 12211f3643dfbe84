package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// workspaceEvent is one event of an activity.
type workspaceEvent struct {
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Parameters []workspaceParameter `json:"parameters"`
}

type workspaceParameter struct {
	Name   string   `json:"name"`
	Value  scan.Raw `json:"value"`
	Values scan.Raw `json:"multiValue"`
}

// workspaceOdd is what exports make of an activity: parameters as an object.
type workspaceOdd struct {
	Parameters workspaceObject `json:"parameters"`
}

var workspaceOdds = scan.Of[workspaceOdd]()

// workspaceObject is parameters as an object.
type workspaceObject struct{ raw scan.Raw }

// ReadJSON implements scan.Reader.
func (o *workspaceObject) ReadJSON(raw scan.Raw, _ *arena.Text) { o.raw = raw }

// into puts what is odd where it belongs.
func (o *workspaceOdd) into(s *workspaceActivity, mem *arena.Text) {
	for name, v := range o.Parameters.raw.Members(mem) {
		s.Parameters = append(s.Parameters, workspaceParameter{Name: name, Value: v})
	}
}

// workspaceParameters are the wanted parameters of an event.
type workspaceParameters struct {
	document, user, group, role, setting, domain string
	unit, device, rule, alert, printer, message  string
	app, client, ip, agent, failure              string
}

func (p *workspaceParameters) read(list []workspaceParameter, mem *arena.Text) {
	for i := range list {
		one := &list[i]
		value := one.Value
		if one.Values.IsList() {
			for first := range one.Values.Elements() {
				value = first
				break
			}
		}
		p.set(one.Name, value, mem)
	}
}

// touch says what they name.
func (p *workspaceParameters) touch(e *correlate.Event, out *Batch) {
	out.touched(e, "google.drive_item", out.short(p.document))
	out.touched(e, "google.user", out.short(p.user))
	out.touched(e, "google.group", out.short(p.group))
	out.touched(e, "google.role", out.short(p.role))
	out.touched(e, "google.setting", out.short(p.setting))
	out.touched(e, "google.domain", out.short(p.domain))
	out.touched(e, "google.org_unit", out.short(p.unit))
	out.touched(e, "google.device", out.short(p.device))
	out.touched(e, "google.rule", out.short(p.rule))
	out.touched(e, "google.alert", out.short(p.alert))
	out.touched(e, "google.printer", out.short(p.printer))
	out.touched(e, "google.message", out.short(p.message))
}

func (p *workspaceParameters) set(name string, v scan.Raw, mem *arena.Text) {
	var into *string
	switch name {
	case "doc_id", "shared_drive_id":
		into = &p.document
	case "USER_EMAIL", "target_user", "affected_email_address", "owner", "OWNER_EMAIL", "target", "user_email":
		into = &p.user
	case "GROUP_EMAIL", "group_email", "group_id":
		into = &p.group
	case "ROLE_NAME", "ROLE_ID":
		into = &p.role
	case "SETTING_NAME":
		into = &p.setting
	case "DOMAIN_NAME":
		into = &p.domain
	case "ORG_UNIT_NAME", "FULL_ORG_UNIT_PATH":
		into = &p.unit
	case "DEVICE_SERIAL_NUMBER", "DEVICE_ID", "device_id":
		into = &p.device
	case "RULE_NAME", "rule_name":
		into = &p.rule
	case "ALERT_NAME":
		into = &p.alert
	case "PRINTER_NAME", "PRINT_SERVER_NAME":
		into = &p.printer
	case "EMAIL_LOG_SEARCH_MSG_ID":
		into = &p.message
	case "app_name", "APPLICATION_NAME", "application_name", "OAUTH2_APP_NAME":
		into = &p.app
	case "client_id", "OAUTH2_APP_ID":
		into = &p.client
	case "actor_ip_address":
		into = &p.ip
	case "user_agent":
		into = &p.agent
	case "login_failure_type", "failure_type":
		into = &p.failure
	case "login_challenge_status":
		if text, ok := v.Text(mem); ok && strings.HasPrefix(text, "Challenge Passed") {
			return
		}
		into = &p.failure
	default:
		return
	}
	if s := v.Loose(mem); *into == "" {
		*into = s
	}
}

// workspaceIsService reports whether an address is a service account's.
func workspaceIsService(email string) bool { return strings.HasSuffix(email, "gserviceaccount.com") }

// workspaceOutcome goes by the event's name: activities have no result.
func (s *workspaceActivity) outcome(name, failure string) (correlate.Outcome, string) {
	outcome := s.outcomes.of(name, workspaceOutcome)
	if name == "login_challenge" && failure != "" {
		outcome = correlate.Failure
	}
	if outcome == correlate.Success {
		return outcome, ""
	}
	return outcome, cmp.Or(failure, name)
}

func workspaceOutcome(name string) correlate.Outcome {
	has := func(part string) bool { return workspaceHas(name, part) }
	switch {
	case has("blocked"), has("denied"), has("ACCESS_DENY"):
		return correlate.Denied
	case has("failure"), has("failed"):
		return correlate.Failure
	}
	return correlate.Success
}

// workspaceHas reports whether a name has a part in it, in lower or in upper case.
func workspaceHas(name, part string) bool {
	for i := 0; i+len(part) <= len(name); i++ {
		if strings.EqualFold(name[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// workspaceReads are words in the names of events that change nothing.
var workspaceReads = []string{"view", "download", "preview", "print", "source_copy", "search", "access_item", "prefetch", "export", "rule_match", "report"}

// workspaceWrites are types of the admin console's events that change users and
// groups alone, in place of what others may do.
var workspaceWrites = []string{"user_settings", "group_settings", "org_settings", "licenses_settings", "calendar_settings", "contacts_settings", "sites_settings"}

// workspaceClass goes by application, type and name, joined by slashes.
func workspaceClass(s string) correlate.Class {
	application, rest, _ := strings.Cut(strings.ToLower(s), "/")
	kind, name, _ := strings.Cut(rest, "/")
	has := func(list []string, in string) bool {
		for _, w := range list {
			if strings.Contains(in, w) {
				return true
			}
		}
		return false
	}
	switch application {
	case "login", "saml", "user_accounts", "context_aware_access":
		if strings.HasSuffix(kind, "_change") {
			return correlate.Write
		}
		return correlate.Auth
	case "token":
		if name == "activity" {
			return correlate.Read
		}
		return correlate.Auth
	case "rules", "access_transparency", "data_studio":
		return correlate.Read
	case "admin":
		switch {
		case strings.Contains(name, "privilege"), strings.Contains(name, "super_admin"):
			return correlate.Admin
		case strings.HasPrefix(name, "view"), strings.HasPrefix(name, "download"), strings.HasSuffix(name, "_search"):
			return correlate.Read
		case has(workspaceWrites, kind):
			return correlate.Write
		}
		return correlate.Admin
	case "gcp":
		return correlate.Admin
	}
	if has(workspaceReads, name) {
		return correlate.Read
	}
	return correlate.Write
}
