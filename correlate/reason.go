package correlate

import (
	"fmt"
	"time"
)

// A reason is one sentence a person can act on.

func (w *walk) reasonUnknown(k Key) string {
	info, ok := w.r.Kinds[k.Kind]
	switch {
	case !ok:
		return fmt.Sprintf("no log of %s being issued: no enabled source tells of %s", k, k.Kind)
	case info.Alias:
		return fmt.Sprintf("nothing seen under the name %s at that time%s", k, hint(info))
	}
	return fmt.Sprintf("no log of %s being issued%s", k, hint(info))
}

func hint(info KindInfo) string {
	if info.Hint == "" {
		return ""
	}
	return "; " + info.Hint
}

func reasonAmbiguous(n int) string {
	return fmt.Sprintf("%d candidates remain and the logs do not tell them apart", n)
}

func reasonNotListed(p Principal) string {
	switch {
	case p.Type == CIRun && len(p.Names) > 0:
		return fmt.Sprintf("%s ran by itself, and %s is not in the directory: list that as a schedule with an owner", p.Key(), p.Names[0])
	case p.Type == Schedule:
		return fmt.Sprintf("%s is not in the directory: list it as a schedule with an owner", p.Key())
	case p.Type == CIRun:
		return fmt.Sprintf("no log says who asked for the run %s: is the CI system's own log of its runs collected, all of it?", p.Key())
	}
	return fmt.Sprintf("%s is not in the directory: list it as a person, or as a service with an owner", p.Key())
}

func reasonNoOwner(e Entry) string {
	return fmt.Sprintf("%s is in the directory without an owner: name the person who answers for it", e.ID)
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
