package sinks

import (
	"bytes"

	"whence/correlate"
)

// authentication writes an Authentication: of whom a session was made for, where the
// line made one, and else of whoever acted.
func (d *ocsfWriter) authentication() {
	c := d.c
	minted := mintedBy(c)
	user := &c.Actor
	if minted != nil && !minted.Principal.IsZero() {
		user = &minted.Principal
	}
	a := authActivity(c, minted, user)
	d.common(ocsfAuth, a)
	if a.id == switched.id {
		d.number("account_switch_type_id", 2)
		d.word("account_switch_type", "Impersonate")
	}
	d.user("user", user)
	d.open("service")
	d.text("name", serviceOf(c))
	d.end()
	if minted == nil {
		return
	}
	d.open("session")
	d.text("uid", minted.Key.Value)
	d.text("credential_uid", minted.Key.Value)
	d.text("issuer", user.Issuer)
	if !minted.Start.IsZero() {
		d.number("created_time", minted.Start.UnixMilli())
	}
	if !minted.End.IsZero() {
		d.number("expiration_time", minted.End.UnixMilli())
	}
	d.end()
}

// mintedBy is the session that the line made, if it made one.
func mintedBy(c *correlate.Chain) *correlate.Fact {
	for i := range c.Mints {
		if f := &c.Mints[i]; f.Kind == correlate.Account && !f.Key.IsZero() {
			return f
		}
	}
	return nil
}

var (
	logon    = ocsfActivity{1, "Logon"}
	logoff   = ocsfActivity{2, "Logoff"}
	switched = ocsfActivity{7, "Account Switch"}
)

// authActivity says what became of the session. A session that stands for another than
// whoever asked is an account that was switched; a new one of one's own, or an attempt
// at one, is a logon.
func authActivity(c *correlate.Chain, minted *correlate.Fact, user *correlate.Principal) ocsfActivity {
	if minted != nil {
		if c.Actor.ID != "" && c.Actor.Type != correlate.Unknown && !user.Same(c.Actor) {
			return switched
		}
		return logon
	}
	words := wordScan{s: c.Action}
	for w := words.next(); len(w) > 0; w = words.next() {
		if a, ok := authWord(w); ok {
			return a
		}
	}
	return ocsfActivity{ocsfOther, c.Action}
}

func authWord(w []byte) (ocsfActivity, bool) {
	switch string(w) {
	case "logout", "logoff", "signout", "end", "ended", "destroy":
		return logoff, true
	case "login", "logon", "signin", "sign", "logged", "log", "auth", "authenticate", "authentication", "sso", "start", "authorize", "password":
		return logon, true
	case "assume", "impersonate", "exchange":
		return switched, true
	}
	if bytes.HasSuffix(w, []byte("login")) || bytes.HasPrefix(w, []byte("loggedin")) {
		return logon, true
	}
	return ocsfActivity{}, false
}
