package correlate

import (
	"fmt"
	"strings"
	"time"
)

// A reason is one sentence a person can act on.

func (w *Walker) reasonUnknown(k Key) string {
	info, ok := w.Kinds[k.Kind]
	kind, text := string(k.Kind), &w.mem.Text
	switch {
	case !ok:
		return text.Join("no log of ", kind, ":", k.Value, " being issued: no enabled source tells of ", kind)
	case info.Alias:
		return text.Join("nothing seen under the name ", kind, ":", k.Value, " at that time", hintSeparator(info), info.Hint)
	}
	return text.Join("no log of ", kind, ":", k.Value, " being issued", hintSeparator(info), info.Hint)
}

func hintSeparator(info KindInfo) string {
	if info.Hint == "" {
		return ""
	}
	return "; "
}

func reasonAmbiguous(n int) string {
	return fmt.Sprintf("%d candidates remain and the logs do not tell them apart", n)
}

func (w *Walker) reasonNotListed(p *Principal) string {
	colon, text := ":", &w.mem.Text
	if p.Issuer == "" && p.ID == "" {
		colon = ""
	}
	switch {
	case p.Type == CIRun && len(p.Names) > 0:
		return text.Join(p.Issuer, colon, p.ID, " ran by itself, and ", p.Names[0], " is not in the directory: list that as a schedule with an owner")
	case p.Type == Schedule:
		return text.Join(p.Issuer, colon, p.ID, " is not in the directory: list it as a schedule with an owner")
	case (p.Type == Workload || p.Type == RoleType) && len(p.Names) > 0 && !p.calls(p.Names[0]):
		// One of many, such as an instance: they may have a name in common, which stays.
		return text.Join(p.Issuer, colon, p.ID, " is not in the directory: list it, or ", p.Names[0], ", as a service with an owner")
	case p.Type == CIRun:
		return text.Join("no log says who asked for the run ", p.Issuer, colon, p.ID, ": is the CI system's own log of its runs collected, all of it?")
	}
	return text.Join(p.Issuer, colon, p.ID, " is not in the directory: list it as a person, or as a service with an owner")
}

// calls reports whether name is p's issuer and id.
func (p *Principal) calls(name string) bool {
	issuer, id, _ := strings.Cut(name, ":")
	return issuer == p.Issuer && id == p.ID
}

func (w *Walker) reasonNoOwner(e *Entry) string {
	return w.mem.Text.Join(e.ID, " is in the directory without an owner: name the person who answers for it")
}

func reasonDead(k Key, state string, at time.Time) string {
	t := at.UTC().Format(time.RFC3339)
	switch state {
	case "early":
		return fmt.Sprintf("%s was used at %s, before it was issued", k, t)
	case "expired":
		return fmt.Sprintf("%s was used at %s, after it had expired", k, t)
	}
	return fmt.Sprintf("%s was used at %s, after it had ended (%s)", k, t, state)
}
