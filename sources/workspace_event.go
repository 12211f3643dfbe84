package sources

import (
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
	"whence/sources/scan"
)

// workspaceParameters are the wanted parameters of an event, whether they come as a
// list of names and values or, in exports, as an object.
type workspaceParameters struct {
	document, user, group, role, setting, domain string
	app, client, ip, agent, failure              string
}

// ReadJSON implements scan.Reader.
func (p *workspaceParameters) ReadJSON(raw scan.Raw, mem *arena.Text) {
	for name, v := range raw.Members(mem) {
		p.set(name, v, mem)
	}
	for one := range raw.Elements() {
		var name string
		var value scan.Raw
		for k, v := range one.Members(mem) {
			switch k {
			case "name":
				name, _ = v.Text(mem)
			case "value", "intValue", "boolValue":
				value = v
			case "multiValue":
				for first := range v.Elements() {
					value = first
					break
				}
			}
		}
		p.set(name, value, mem)
	}
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
func workspaceOutcome(name, failure string) (correlate.Outcome, string) {
	why := failure
	if why == "" {
		why = name
	}
	low := func(part string) bool { return workspaceHas(name, part) }
	switch {
	case low("blocked"), low("denied"), low("ACCESS_DENY"):
		return correlate.Denied, why
	case low("failure"), low("failed"), name == "login_challenge" && failure != "":
		return correlate.Failure, why
	}
	return correlate.Success, ""
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
