package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
)

// action names what the line tells of: an audit event by its name, a request by the
// code that served it, which GitLab calls the caller id.
func (d *gitlabDeed) action() string {
	l, text := &d.line, &d.out.text
	switch l.kind() {
	case "audit":
		switch {
		case l.EventName != "":
			return text.Join("gitlab.audit.", l.EventName)
		case l.FailedLogin != "":
			return "gitlab.audit.failed_login"
		case l.With != "":
			return text.Join("gitlab.audit.login_with_", l.With)
		case l.Change != "":
			return text.Join("gitlab.audit.change_", d.word(l.Change))
		case l.Add != "":
			return text.Join("gitlab.audit.add_", d.word(l.Add))
		case l.Remove != "":
			return text.Join("gitlab.audit.remove_", d.word(l.Remove))
		}
		return text.Join("gitlab.audit.", cmp.Or(l.EventType, "event"))
	case "auth":
		return text.Join("gitlab.rack_attack.", cmp.Or(l.Env, "unknown"))
	case "application":
		return text.Join("gitlab.log.", cmp.Or(l.Event, l.CallerID, "message"))
	}
	if l.CallerID != "" {
		return text.Join("gitlab.", l.CallerID)
	}
	if l.Controller != "" {
		return text.Join("gitlab.", l.Controller, "#", l.Action)
	}
	return text.Join("gitlab.", l.Method, " ", l.Route)
}

// word is the start of a free text, as one word of an action's name.
func (d *gitlabDeed) word(s string) string {
	s = d.out.fold(s[:min(len(s), 40)])
	if strings.IndexByte(s, ' ') < 0 {
		return s
	}
	w := d.out.text.Bytes(len(s))
	for i := range len(s) {
		if w[i] = s[i]; s[i] == ' ' {
			w[i] = '_'
		}
	}
	return arena.View(w)
}

func (l *gitlabLine) outcome() (correlate.Outcome, string) {
	switch l.kind() {
	case "auth":
		return correlate.Denied, l.Env
	case "audit":
		if l.FailedLogin != "" || strings.Contains(l.EventName, "fail") {
			return correlate.Failure, "failed"
		}
		return correlate.Success, ""
	case "application":
		if l.Severity == "ERROR" || l.Severity == "FATAL" {
			return correlate.Failure, l.Severity
		}
		return correlate.Success, ""
	}
	return statusOutcome(l.Status)
}

func (d *gitlabDeed) class() correlate.Class {
	l := &d.line
	reads := l.Method == "GET" || l.Method == "HEAD" || l.Method == "OPTIONS"
	switch l.kind() {
	case "audit":
		if l.With != "" || l.FailedLogin != "" {
			return correlate.Auth
		}
		return d.classes.of(l.EventName, gitlabAuditClass)
	case "auth":
		return correlate.Auth
	case "application":
		switch m := l.Message; {
		case strings.HasPrefix(m, "User Logout"), strings.HasPrefix(m, "User Login"):
			return correlate.Auth
		case strings.Contains(m, " was created"), strings.Contains(m, " was deleted"), strings.Contains(m, " was removed"), strings.Contains(m, " created a new "):
			return correlate.Write
		}
		return correlate.Read
	}
	c := d.classes.of(cmp.Or(l.Route, l.Controller), gitlabClass)
	switch {
	case reads && c != correlate.Auth && c != correlate.Secret:
		return correlate.Read
	case !reads && c == correlate.Secret:
		return correlate.Admin // to write a variable discloses none
	case l.Controller == "GraphqlController":
		return correlate.Read // what is asked is not in the line
	}
	return c
}

// gitlabClass is what a change by a route or controller could do; to read it is to
// read, but for what is secret.
func gitlabClass(where string) correlate.Class {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(where, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("/variables", "VariablesController"):
		return correlate.Secret
	case has("SessionsController", "OmniauthCallbacks", "RegistrationsController", "PasswordsController", "/oauth/", "Oauth::"):
		return correlate.Auth
	case has("/members", "access_tokens", "/protected_", "/hooks", "deploy_keys", "deploy_tokens", "/runners", "/application/",
		"/users", "/keys", "Admin::", "AccessTokens", "/invitations", "/approval_rules", "/job_token_scope", "/push_rule"):
		return correlate.Admin
	case has("/pipeline", "/jobs", "/trigger", "/deployments", "/environments", "PipelinesController", "JobsController", "/releases"):
		return correlate.Deploy
	}
	return correlate.Write
}

func gitlabAuditClass(name string) correlate.Class {
	switch {
	case strings.Contains(name, "authenticated"), strings.Contains(name, "login"), strings.Contains(name, "logged"):
		return correlate.Auth
	case strings.HasPrefix(name, "repository_git_operation"), strings.Contains(name, "download"):
		return correlate.Read
	case strings.HasPrefix(name, "ci_variable") && strings.Contains(name, "read"):
		return correlate.Secret
	case strings.HasPrefix(name, "merge_request"), strings.HasPrefix(name, "push"), strings.HasPrefix(name, "release"):
		return correlate.Write
	case strings.HasPrefix(name, "deployment"):
		return correlate.Deploy
	}
	return correlate.Admin
}

func (d *gitlabDeed) resources() {
	l, e, out := &d.line, d.e, d.out
	if l.kind() == "audit" {
		if t := d.snake(l.EntityType); l.EntityPath != "" {
			out.touched(e, t, l.EntityPath)
		} else {
			out.touched(e, t, l.EntityID.Loose(&out.text))
		}
		if id := l.TargetID.Loose(&out.text); l.TargetType != l.EntityType || id != l.EntityID.Loose(&out.text) {
			out.touched(e, d.snake(l.TargetType), cmp.Or(id, oktaShort(l.Target)))
		}
		return
	}
	out.touched(e, "gitlab.project", l.Project)
	path, _, _ := strings.Cut(l.Path, "?") // queries carry tokens
	out.touched(e, "gitlab.path", path)
}

// snake is the type of what GitLab calls by the name of a class.
func (d *gitlabDeed) snake(class string) string {
	if class == "" {
		return "gitlab.unknown"
	}
	return d.out.text.Join("gitlab.", d.out.fold(class))
}

// who says who acted: the account that GitLab authenticated, by login and number as
// far as the line has them, and its token or the job whose token it was.
func (d *gitlabDeed) who() {
	l, e, out := &d.line, d.e, d.out
	user, id := cmp.Or(l.Username, l.MetaUser), ""
	if l.kind() == "audit" {
		id = l.AuthorID.Loose(&out.text)
		if l.MetaUser == "" || l.MetaUserID.Loose(&out.text) != id {
			user = "" // the name beside is for people to read
		}
	} else if given(l.UserID) {
		id = l.UserID.Loose(&out.text)
	} else {
		id = l.MetaUserID.Loose(&out.text)
	}
	e.Actor = gitlabUser(out, user, id, l.AuthorName, l.AuthorMail)
	switch {
	case e.Actor.IsZero() && l.kind() == "application":
		// The instance itself, at work.
		e.Actor = out.named(correlate.Principal{Type: correlate.ServiceAccount, ID: "system", Name: l.CallerID, Issuer: gitlabIssuer})
		out.asked(e, &e.Actor, correlate.Attested, "gitlab.system")
		return
	case e.Actor.IsZero(), l.FailedLogin != "":
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(e.Actor.ID, "anonymous"), Name: e.Actor.Name, Issuer: gitlabIssuer}
		return
	}
	if job := l.JobID.Loose(&out.text); l.Route != "" && isDigits(job) && l.Project != "" {
		// A job's token acts for the job; the account beside is whose rights it has.
		out.acted(e, correlate.Key{Kind: GitLabJob, Value: out.text.Join(l.Project, "/", job)}, "gitlab.job_token")
		e.Actor = correlate.Principal{Type: correlate.CIRun, ID: e.Uses[0].Key.Value, Issuer: gitlabIssuer}
		return
	}
	if token := l.TokenID.Loose(&out.text); l.TokenType != "" && token != "" {
		out.acted(e, d.token(l.TokenType, token), "gitlab.token_id")
	}
	out.asked(e, &e.Actor, correlate.Attested, "gitlab.user")
}

func (d *gitlabDeed) token(kind, id string) correlate.Key {
	return correlate.Key{Kind: GitLabToken, Value: d.out.text.Join(cmp.Or(d.in.Scope, "default"), "/", kind, "/", id)}
}

// gitlabUser is an account. GitLab's own bots have names that people cannot take.
func gitlabUser(out *Batch, login, id, name, mail string) correlate.Principal {
	if login == "" && (id == "" || id[0] == '-') { // -1 stands for nobody who signed in
		return correlate.Principal{}
	}
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(login, id), Name: name, Issuer: gitlabIssuer}
	if gitlabIsBot(login) {
		p.Type = correlate.ServiceAccount
	}
	if login != "" {
		p = out.named(p, out.text.Join("gitlab:", login))
	}
	if id != "" && id[0] != '-' {
		p = out.named(p, out.text.Join("gitlab:", id))
	}
	if address, ok := out.email(mail); ok {
		p = out.named(p, address)
	}
	return p
}

// gitlabIsBot knows the users of project and group access tokens, service accounts
// and GitLab's own bots by their logins.
func gitlabIsBot(login string) bool {
	switch login {
	case "ghost", "support-bot", "alert-bot", "security-bot", "migration-bot", "automation-bot", "GitLab-Security-Bot", "duo-code-review-bot", "GitLabDuo":
		return true
	}
	for _, prefix := range [...]string{"project_", "group_", "service_account_"} {
		if rest, ok := strings.CutPrefix(login, prefix); ok && (strings.Contains(rest, "_bot") || prefix == "service_account_") {
			return true
		}
	}
	return false
}

// mint tells of a personal access token that was made or revoked: the message has
// its number, and the entity is whose it is.
func (d *gitlabDeed) mint() {
	l, out, e := &d.line, d.out, d.e
	if l.kind() != "audit" || l.EntityType != "User" {
		return
	}
	made, isMade := strings.CutPrefix(l.Custom, "Created personal access token with id ")
	gone, isGone := strings.CutPrefix(l.Custom, "Revoked personal access token with id ")
	switch {
	case isMade && isDigits(made):
		const method = "gitlab.personal_access_token"
		owner := gitlabUser(out, l.EntityPath, l.EntityID.Loose(&out.text), l.Target, "")
		out.tell(e, &correlate.Fact{
			Kind: correlate.Account, Key: d.token("PersonalAccessToken", made), Proof: correlate.Issued, Method: method,
			Principal: owner, Standing: true,
			Parents: out.links.Append(nil, correlate.Link{Role: correlate.Creator, Principal: e.Actor, Proof: correlate.Attested, Method: method}),
		})
	case isGone && isDigits(gone):
		out.tell(e, &correlate.Fact{
			Kind: correlate.Ending, Key: d.token("PersonalAccessToken", gone), Proof: correlate.Issued, Method: "gitlab.personal_access_token",
			Reason: "revoked", Standing: true,
		})
	}
}
