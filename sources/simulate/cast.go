package simulate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// cast is who and what there is in the estate: it never changes while stories
// are told, but for what is reserved.
type cast struct {
	people    []*person
	engineers []*person // those who push, sign in to AWS and read secrets
	managers  []*person
	leaver    *person // left before the first story
	services  []*service
	schedules []*schedule
	repos     []*repo
	roles     map[string]*role // by account name and role name: prod/deploy
	accounts  []account
	org       json.RawMessage
	salt      []byte // of the Vault audit device
	engine    *session
	reserved  map[string][]interval // names that must not be shared meanwhile
}

type person struct {
	login, email, name, unit string
	manager                  *person
	oktaID, idcID            string
	githubID                 int
	iamUser                  *iamUser // a few still have one
	gatewayKey               string   // hash of a virtual key
	ip, agent                string
	until                    time.Time
	user                     json.RawMessage // as GitHub shows them
}

func (p *person) party() party { return party{p.email, "human"} }

// service is a directory entry that is accountable through its owner.
type service struct {
	id, name, kind, unit string
	owner                *person
	aliases              []string
	iamUser              *iamUser
	approle, gatewayKey  string
	roleOf               *role
}

func (s *service) party() party { return party{s.id, s.kind} }

type schedule struct {
	id, name string
	repo     *repo
	path     string
	owner    *person
}

func (s *schedule) party() party { return party{s.id, "schedule"} }

type account struct{ name, id string }

type role struct {
	account account
	name    string
	id      string // AROA...
}

func (r *role) arn() string { return "arn:aws:iam::" + r.account.id + ":role/" + r.name }

func (r *role) sessionARN(session string) string {
	return "arn:aws:sts::" + r.account.id + ":assumed-role/" + r.name + "/" + session
}

type iamUser struct {
	account account
	name    string
	id      string // AIDA...
	keyID   string // AKIA...
}

func (u *iamUser) arn() string { return "arn:aws:iam::" + u.account.id + ":user/" + u.name }

const org = "example-org"

var (
	givenNames  = strings.Fields("Amelie Bruno Chiara Dmitri Elena Farid Greta Hugo Ines Jonas Keiko Luca Mira Nadia Oskar Paula Quentin Rosa Samir Tova Ugo Vera Wanda Xenia Yusuf Zora Anton Beate Cyril Dalia Emil Flora Goran Hana Ivan Jana Karim Lena Milan Nora")
	familyNames = strings.Fields("Moreau Keller Rossi Petrov Novak Haddad Lindt Martin Duarte Weber Sato Bianchi Kovac Salem Berg Stein Dubois Costa Nasser Lund Ferri Braun Olsen Popov Demir Horvat Vogel Maurer Blanc Cohen Frank Simon Babic Yamada Orlov Kral Aziz Huber Juric Falk")
	unitNames   = []string{"payments", "platform", "data", "web", "security"}
)

func newCast(cfg Config) *cast {
	d := newDice(cfg.Seed, 0)
	c := &cast{
		accounts: []account{{"prod", "123456789012"}, {"staging", "210987654321"}, {"shared", "111122223333"}, {"data", "444455556666"}},
		salt:     d.bytes(32), roles: map[string]*role{}, reserved: map[string][]interval{},
	}
	for _, a := range c.accounts {
		for _, name := range []string{"Developer", "Administrator", "ReadOnly", "deploy", "data-reader", "agent-tools", "etl-nightly", "AWSReservedSSO_PowerUser_1a2b3c4d5e6f7081"} {
			c.roles[a.name+"/"+name] = &role{a, name, d.principalID("AROA")}
		}
	}
	c.addPeople(cfg, d)
	c.addServices(d)
	c.addRepos(cfg, d)
	u := &iamUser{c.account("shared"), "vault-engine", d.principalID("AIDA"), d.accessKey("AKIA")}
	c.engine = longLived(u, []way{{who: unlisted, proof: attested}}, d.ip(runnerNet), "aws-sdk-go/1.55.5 (go1.23.4; linux; amd64) Vault/1.18.3")
	return c
}

func (c *cast) account(name string) account {
	for _, a := range c.accounts {
		if a.name == name {
			return a
		}
	}
	panic("simulate: no account is named " + name)
}

func (c *cast) addPeople(cfg Config, d dice) {
	for i, given := range givenNames {
		family := familyNames[i]
		login := strings.ToLower(given[:1] + family)
		p := &person{
			login: login, email: login + "@example.com", name: given + " " + family, unit: unitNames[i%len(unitNames)],
			oktaID: "00u" + d.word(17), idcID: d.uuid(), githubID: 1_000_000 + d.between(0, 9_000_000),
			gatewayKey: d.hex(64), ip: d.ip(pick(d, []string{officeNet, officeNet, homeNet})), agent: pick(d, browsers),
		}
		p.user = mustJSON(githubUser(p.login, p.githubID, "User"))
		c.people = append(c.people, p)
		switch {
		case i < len(unitNames):
			c.managers = append(c.managers, p)
		case i == len(givenNames)-1:
			c.leaver = p
			p.until = cfg.Start.AddDate(0, 0, -9)
		default:
			c.engineers = append(c.engineers, p)
		}
		if i >= len(unitNames) {
			p.manager = c.managers[i%len(unitNames)]
		}
		if i%13 == 7 {
			p.iamUser = &iamUser{c.account("data"), p.login, d.principalID("AIDA"), d.accessKey("AKIA")}
		}
	}
}

func (c *cast) addServices(d dice) {
	add := func(s *service) {
		s.owner, s.unit = pick(d, c.managers), pick(d, unitNames)
		c.services = append(c.services, s)
	}
	for _, name := range []string{"backup-runner", "metrics-export", "report-mailer"} {
		u := &iamUser{c.account("prod"), name, d.principalID("AIDA"), d.accessKey("AKIA")}
		add(&service{id: "svc-" + name, name: name, kind: "service_account", iamUser: u, aliases: []string{"aws:" + u.arn()}})
	}
	for _, name := range []string{"billing-batch", "order-sync", "cert-renewer"} {
		add(&service{id: "svc-" + name, name: name, kind: "service_account", approle: name, aliases: []string{"vault.approle:" + name}})
	}
	for _, name := range []string{"support-bot", "triage-bot"} {
		u := &iamUser{c.account("prod"), name, d.principalID("AIDA"), d.accessKey("AKIA")}
		hash := d.hex(64)
		add(&service{id: "agent-" + name, name: name, kind: "agent", gatewayKey: hash, iamUser: u, aliases: []string{"litellm.key:" + hash, "aws:" + u.arn()}})
	}
	etl := c.roles["data/etl-nightly"]
	add(&service{id: "svc-etl-nightly", name: "etl-nightly", kind: "service_account", roleOf: etl, aliases: []string{"aws:" + etl.sessionARN("*"), "aws:" + etl.arn()}})
}

// serviceWith picks a service that has what the story needs.
func (s *story) serviceWith(has func(*service) bool) *service {
	var fit []*service
	for _, v := range s.services {
		if has(v) {
			fit = append(fit, v)
		}
	}
	return pick(s.dice, fit)
}

// interval is from when until when a name is taken.
type interval struct{ from, until time.Time }

// reserve takes a name that must not be shared for a while, such as a branch
// that lends its runs their OIDC subject. It reports whether the name was free.
func (c *cast) reserve(name string, from, until time.Time) bool {
	for _, i := range c.reserved[name] {
		if from.Before(i.until) && i.from.Before(until) {
			return false
		}
	}
	c.reserved[name] = append(c.reserved[name], interval{from, until})
	return true
}

// forget drops reservations that are over, so that a long run stays small.
func (c *cast) forget(now time.Time) {
	for name, taken := range c.reserved {
		c.reserved[name] = slices.DeleteFunc(taken, func(i interval) bool { return i.until.Before(now) })
		if len(c.reserved[name]) == 0 {
			delete(c.reserved, name)
		}
	}
}

func mustJSON(v any) json.RawMessage {
	b, err := marshal(v)
	if err != nil {
		panic(fmt.Sprintf("simulate: a made-up value must always encode: %v", err))
	}
	return b
}
