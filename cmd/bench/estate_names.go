package main

import "strconv"

// What roles, sessions and users are called: by number, and always the same.

func roleName(role int) string { return "app-" + strconv.Itoa(role) + "-service-role" }
func roleARN(role int) string  { return "arn:aws:iam::" + account + ":role/" + roleName(role) }

func roleID(b []byte, role int) []byte {
	d := diceFor(78, uint64(role))
	return d.letters(append(b, "AROA"...), 17, base32)
}

func principalID(b []byte, s *session) []byte {
	b = append(roleID(b, s.role), ':')
	return append(b, s.name...)
}

func sessionARN(b []byte, s *session) []byte {
	b = append(b, "arn:aws:sts::"+account+":assumed-role/"...)
	b = append(b, roleName(s.role)...)
	b = append(b, '/')
	return append(b, s.name...)
}

func (e *estate) userKey(b []byte, person int) []byte {
	d := diceFor(e.seed^79<<8, uint64(person))
	return d.letters(append(b, "AKIA"...), 16, base32)
}
